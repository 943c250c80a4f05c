"""Versions of packages: which are installed, without importing any."""

import importlib.metadata
import subprocess
import sys

import pytest

from talkgen.store import packages
from talkgen.store.closure import trace


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder at the head of the path, in which nothing was looked for yet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    packages._installed.cache_clear()
    yield tmp_path
    packages._installed.cache_clear()


def test_versions_are_read_without_importing():
    """The versions of installed packages, of one that is not there too, and no import of any."""
    program = (
        "import sys; from talkgen.store.packages import versions; print(versions('torch', 'matplotlib'));"
        "print({'torch', 'matplotlib', 'numpy', 'importlib.metadata'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[1] == "set()"
    assert packages.versions("no-such-package") == {"no-such-package": "absent"}
    assert packages.versions("pytest") == {"pytest": pytest.__version__}
    assert packages.versions("Python")["Python"] in sys.version


def test_versions_are_those_that_the_standard_library_finds(place):
    """Every installed package, however its folder spells it; of two versions the first on the path."""
    (place / "torch-99.1+cpu.dist-info").mkdir()
    (place / "torch-99.1+cpu.dist-info" / "METADATA").write_text("Name: torch\nVersion: 99.1+cpu\n")

    names = sorted({each.metadata["Name"] for each in importlib.metadata.distributions()})
    assert len(names) > 50
    assert packages.versions(*names) == {name: importlib.metadata.version(name) for name in names}
    assert packages.versions("Torch") == {"Torch": "99.1+cpu"}


def test_every_package_that_results_pass_through_is_known():
    """What is imported under a name of its own is found as a package; none is "absent" for a wrong spelling."""
    roots = ["talkgen.lm.files.weights", "talkgen.lm.train.corpus", "talkgen.figures.compute_graph"]
    roots += ["talkgen.render.marp", "talkgen.render.slidev", "talkgen.figures.draw.save", "talkgen.outline.load"]
    found = packages.matter(trace(roots).packages)

    assert {"torch", "Python", "networkx", "Jinja2", "markdown-it-py", "matplotlib", "PyYAML"} <= set(found)
    assert "absent" not in found.values()
    assert not {"pydantic", "json", "pathlib"} & set(found)
