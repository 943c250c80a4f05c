"""The compiled library: made once, refused for a reason that can be read, and never used where it does not fit."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from talkgen.lm.fast import building, native, structures

SHELL = shutil.which("sh").rsplit("/", 1)[0]


def test_this_machine_has_the_library():
    """A compiler and AVX2 are there where the tests run, so nothing is left out silently."""
    assert native.why_not() is None


def test_without_a_compiler_it_says_so(tmp_path):
    """No compiler is a reason that can be read, and not a crash."""
    code = (
        "from talkgen.lm.fast.compiled_transformer import CompiledTransformer\n"
        "from talkgen.lm.models.config import ModelConfig\n"
        "from talkgen.lm.models.transformer import Transformer\n"
        "CompiledTransformer.from_transformer(Transformer(ModelConfig(vocab_size=9)), 'float32')\n"
    )
    environment = {"PATH": str(tmp_path), "TALKGEN_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert "ModelError: the fast decoder cannot be used: no C++ compiler was found" in done.stderr


def test_a_compiler_that_fails_is_quoted_once_and_remembered(tmp_path, monkeypatch, caplog):
    """What the compiler said is said once and known to all who ask later; a new compiler is asked anew."""
    compiler, asked = tmp_path / "c++", tmp_path / "asked"
    script = f"#!/bin/sh\necho once >> {asked}\necho 'avx2: what is that?' >&2\nexit 1\n"
    compiler.write_text(script, encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{SHELL}")
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "c"))
    load = native._load.__wrapped__  # as another process would

    library, reason = load()
    assert library is None
    assert reason.endswith("did not compile it: avx2: what is that?")
    assert [record.getMessage() for record in caplog.records] == [f"models answer by torch alone: {reason}"]
    assert load()[1].startswith(f"{reason} (remembered in ")
    assert len(caplog.records) == 1
    assert asked.read_text(encoding="utf-8") == "once\n"
    assert not list((tmp_path / "c").rglob("*.so"))

    compiler.write_text(script + "# another version\n", encoding="utf-8")
    load()
    assert asked.read_text(encoding="utf-8") == "once\nonce\n"


@pytest.mark.parametrize(("said", "told"), [("", "returned non-zero exit status 1"), (r"\351t\351", "\ufffdt\ufffd")])
def test_whatever_a_failing_compiler_prints_is_no_crash(said, told, tmp_path, monkeypatch):
    """A blank line, or letters of another encoding."""
    compiler = tmp_path / "c++"
    compiler.write_text(f"#!/bin/sh\nprintf '{said}\\n' >&2\nexit 1\n", encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{SHELL}")
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "c"))
    library, reason = native._load.__wrapped__()
    assert library is None
    assert told in reason


def test_a_compiler_that_was_killed_is_asked_again(tmp_path, monkeypatch):
    """What ends a compiler from outside, as Ctrl-C does, says nothing about what it can do."""
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\nkill -KILL $$\n", encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{SHELL}")
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "c"))
    library, reason = native._load.__wrapped__()
    assert library is None
    assert "died with" in reason
    assert list((tmp_path / "c").rglob("*.failed")) == []


def test_a_library_of_other_structures_is_refused(tmp_path, monkeypatch):
    """A field more on the other side, and nothing is handed over."""
    sources = shutil.copytree(Path(native.__file__).with_name("cpp"), tmp_path / "cpp")
    code = (sources / "recurrent.cpp").read_text(encoding="utf-8")
    changed = code.replace("int32_t n_layer", "int64_t seed, n_layer")
    (sources / "recurrent.cpp").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(building, "SOURCES", sources)
    monkeypatch.setattr(building, "FLAGS", tuple("-O0" if flag == "-O3" else flag for flag in building.FLAGS))
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "c"))
    library, reason = native._load.__wrapped__()
    assert library is None
    assert reason == "the compiled library lays out Recurrent in another way"


def test_every_structure_is_compared():
    """None is left out of what the library is asked."""
    library = native.load_library()
    assert structures.differing(library) == []
    named = {name for name, value in vars(structures).items() if isinstance(value, type(structures.Matrix))}
    assert all(hasattr(library, f"size_of_{name}") for name in named)
