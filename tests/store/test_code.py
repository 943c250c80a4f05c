"""Digests of code: what changes them and what does not, tried on a small package that is edited again and again."""

import importlib
import subprocess
import sys

import pytest

from talkgen.store import code

FIGURE = '''\
"""A figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import parcel.tables
from parcel import shapes as forms
from parcel.helpers import scale, unused
from .model import Model as Network, load

if TYPE_CHECKING:
    from parcel.heavy import Heavy

SIZE = 12
PALETTE = {"ink": "#000"}
PALETTE["paper"] = "#fff"
UNUSED = 1


def compute(params: dict, given: Heavy | None = None, *, digits: int = 3) -> dict:
    """The numbers."""
    # reads the table
    from parcel.late import finish

    rows = parcel.tables.read(SIZE)
    points = [forms.Square(row).area() for row in rows]
    return finish({"points": scale(points), "ink": PALETTE["ink"], "net": load(Network())})


def draw(data):
    return data


def alone():
    return "alone"
'''
PACKAGE = {
    "__init__": '"""The package."""\n',
    "figure": FIGURE,
    "heavy": "class Heavy:\n    weight = 1\n",
    "helpers": '''\
import math

FACTOR = 2.5
OTHER = 1


def scale(points):
    """Scales."""
    return [_one(point) for point in points]


def _one(point):
    return round(point * FACTOR * math.pi, 3)


def unused(point):
    return point + OTHER
''',
    "late": """\
def finish(value):
    return even(value)


def even(value):
    return odd(value)


def odd(value):
    return value or even(value)
""",
    "model": '''\
from .base import Base


class Model(Base):
    """A model."""

    width: int = 8

    def forward(self, x):
        return x * self.width

    @property
    def size(self) -> int:
        return helper(self.width)


def helper(width):
    return width + 1


try:
    import fast
except ImportError:
    LIMIT = 100
else:
    LIMIT = 200


def load(model: Settings):
    return model.forward(LIMIT)


class Settings:
    rate = 0.1


class Stranger:
    rate = 0.2
''',
    "base": "class Base:\n    def step(self):\n        return 1\n",
    "shapes": """\
from dataclasses import dataclass


@dataclass
class Square:
    side: float

    def area(self):
        return self.side**POWER


POWER = 2


class Circle:
    radius = 1
""",
    "tables": "def read(size):\n    return list(range(size))\n\n\ndef write(rows):\n    return rows\n",
}

MEANT = [  # file, text, its replacement: each changes what `compute` does
    ("figure", "SIZE = 12", "SIZE = 13"),
    ("figure", '"ink": "#000"', '"ink": "#111"'),
    ("figure", 'PALETTE["paper"] = "#fff"', 'PALETTE["paper"] = "#eee"'),
    ("figure", "digits: int = 3", "digits: int = 4"),
    ("figure", "*, digits: int", "digits: int"),
    ("figure", "scale(points),", "points,"),
    ("figure", "row in rows", "row in rows[1:]"),
    ("figure", "as forms", "as forms\nfrom parcel import tables as forms"),
    ("figure", 'return finish({"points"', 'return finish({"dots"'),
    ("figure", "def compute(params", "@staticmethod\ndef compute(params"),
    (
        "figure",
        "from .model import Model as Network, load",
        "from .model import Model as Network\nfrom .base import Base as load",
    ),
    ("helpers", "FACTOR = 2.5", "FACTOR = 2.50001"),
    ("helpers", "* FACTOR", "/ FACTOR"),
    ("helpers", "math.pi, 3)", "math.pi, 4)"),
    ("helpers", "for point in points", "for point in points if point"),
    ("helpers", "import math\n", "import math\nprint('side effect')\n"),
    ("helpers", "FACTOR = 2.5", "FACTOR = 2\nFACTOR += 0.5"),
    ("helpers", "FACTOR = 2.5", "if True:\n    FACTOR = 2.5\nelse:\n    FACTOR = 3.5"),
    ("late", "return odd(value)", "return odd(value + 1)"),
    ("late", "value or even(value)", "value and even(value)"),
    ("late", "return even(value)\n\n\ndef even", "return odd(value)\n\n\ndef even"),
    ("model", "width: int = 8", "width: int = 9"),
    ("model", "width: int = 8", "width: float = 8"),
    ("model", "x * self.width", "x + self.width"),
    ("model", "width + 1", "width + 2"),
    ("model", "@property\n", "@classmethod\n"),
    ("model", "class Model(Base)", "class Model"),
    ("model", "LIMIT = 200", "LIMIT = 300"),
    ("model", "except ImportError", "except OSError"),
    ("model", "forward(LIMIT)", "forward(LIMIT - 1)"),
    ("model", "rate = 0.1", "rate = 0.3"),
    ("base", "return 1", "return 2"),
    ("base", "def step(self)", "def jump(self)"),
    ("shapes", "POWER = 2", "POWER = 3"),
    ("shapes", "@dataclass\n", "@dataclass(frozen=True)\n"),
    ("shapes", "side: float", "side: int"),
    ("shapes", "self.side**POWER", "self.side"),
    ("tables", "range(size)", "range(size + 1)"),
    ("tables", "def read(size)", "def read(size=5)"),
    ("tables", "return list", "yield from list"),
]
UNMEANT = [  # each leaves what `compute` does as it was
    ("figure", '"""A figure."""', '"""Another text."""'),
    ("figure", '"""The numbers."""', '"""Other words,\n\n    and more of them."""'),
    ("figure", '    """The numbers."""\n', ""),
    ("figure", "# reads the table", "# something else"),
    ("figure", "    rows = parcel", "\n\n    rows = parcel"),
    ("figure", "compute(params: dict,", "compute(params: list[int],"),
    ("figure", "compute(params: dict,", "compute(params,"),
    ("figure", "digits: int = 3) -> dict:", "digits=3):"),
    ("figure", "parcel.tables.read(SIZE)", "(\n        parcel.tables.read(SIZE)  # read\n    )"),
    ("figure", '"ink": "#000"', "'ink': '#000'"),
    ("figure", "UNUSED = 1", "UNUSED = 2"),
    ("figure", "return data", "return [data]"),
    ("figure", 'return "alone"', 'return "together"'),
    ("figure", "def alone():", "def company():"),
    ("figure", "scale, unused", "scale"),
    ("figure", "SIZE = 12", "SIZE = 0b1100"),
    ("figure", "    from parcel.late import finish\n\n", "    from parcel.late import finish\n    pass\n"),
    ("helpers", "point + OTHER", "point - OTHER"),
    ("helpers", "OTHER = 1", "OTHER = 10"),
    ("helpers", "def unused(point)", "def unused(dot)"),
    ("helpers", '    """Scales."""\n', ""),
    ("helpers", "import math\n", "import math\n\n# a comment\n"),
    ("heavy", "weight = 1", "weight = 2"),
    ("model", '"""A model."""', '"""The model."""'),
    ("model", "rate = 0.2", "rate = 0.4"),
    ("shapes", "radius = 1", "radius = 2"),
    ("tables", "return rows", "return None"),
    ("__init__", '"""The package."""', '"""A package."""'),
]


@pytest.fixture
def parcel(tmp_path, monkeypatch):
    """Writes the package, with edits, and gives the digest of the figure's `compute`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def digest(*edits, root="parcel.figure:compute"):
        (tmp_path / "parcel").mkdir(exist_ok=True)
        texts = dict(PACKAGE)
        for name, old, new in edits:
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new, 1)
        for name, text in texts.items():
            (tmp_path / "parcel" / f"{name}.py").write_text(text)
        forget()
        return code.code_digest(root)

    yield digest
    forget()


def forget():
    """Digests are remembered for the life of a process, and the tests are many in one."""
    importlib.invalidate_caches()
    for cached in (code.code_digest, code._module, code._find):
        cached.cache_clear()


def test_edits_are_enough_to_judge_by():
    """Recall and precision are measured on at least forty edits, none twice."""
    assert len(set(MEANT)) >= 40
    assert len(set(UNMEANT)) >= 25


@pytest.mark.parametrize("edit", MEANT, ids=lambda edit: f"{edit[0]}: {edit[2][:40]!r}")
def test_digest_changes_with_what_code_does(parcel, edit):
    """Recall 1.00: any change of what runs, however far away, changes the digest."""
    assert parcel(edit) != parcel()


@pytest.mark.parametrize("edit", UNMEANT, ids=lambda edit: f"{edit[0]}: {edit[2][:40]!r}")
def test_digest_stays_with_looks_and_strangers(parcel, edit):
    """Precision 1.00: words, layout, annotations and code that is not called change nothing."""
    assert parcel(edit) == parcel()


def test_names_are_those_that_are_reached(parcel):
    """The closure can be read: every symbol by its module and name."""
    parcel()

    assert code.code_names("parcel.late:finish") == {"parcel.late:finish", "parcel.late:even", "parcel.late:odd"}
    assert "parcel.heavy:Heavy" not in code.code_names("parcel.figure:compute")


def test_module_as_root_counts_wholly(parcel):
    """A root without a name stands for all of its module."""
    whole = parcel(root="parcel.figure")

    assert parcel(("figure", 'return "alone"', 'return "together"'), root="parcel.figure") != whole
    assert parcel(("figure", "# reads the table", "# x"), root="parcel.figure") == whole


def test_unknown_roots_are_refused(parcel):
    """A name that is not there is a mistake, not an empty digest."""
    parcel()
    for root in ("parcel.figure:comptue", "parcel.nowhere:x", "nopackage"):
        with pytest.raises(LookupError):
            code.code_digest(root)


def test_nothing_is_imported(tmp_path):
    """Digesting code runs none of it: a module that raises at import can be digested."""
    (tmp_path / "bomb").mkdir()
    (tmp_path / "bomb" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "bomb" / "charge.py").write_text("raise SystemExit('imported')\n\n\ndef f():\n    return 1\n")
    program = "from talkgen.store.code import code_digest; print(len(code_digest('bomb.charge:f')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )

    assert (done.stdout.strip(), done.stderr) == ("64", "")


def test_real_figures_name_their_helpers():
    """In the package itself, code reaches through modules: problems in YAML are said with words of another module."""
    names = code.code_names("talkgen.yamlfile:validate")

    assert {"talkgen.yamlfile.words:explain", "talkgen.errors:did_you_mean"} <= names
    assert not any(name.startswith("talkgen.outline") for name in names)
