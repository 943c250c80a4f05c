"""Digests of code: what changes them and what does not, tried on a small package that is edited again and again."""

import importlib
import subprocess
import sys

import pytest
from code_edits import MEANT, PACKAGE, UNMEANT

from talkgen.store import code, modules, pieces
from talkgen.store.closure import trace


@pytest.fixture(scope="module")
def parcel(tmp_path_factory):
    """Writes the package, with edits, and gives the digest of the figure's `compute`."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "parcel").mkdir()

    def digest(*edits, root="parcel.figure:compute"):
        texts = dict(PACKAGE)
        for name, old, new in edits:
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new, 1)
        for name, text in texts.items():
            (folder / "parcel" / f"{name}.py").write_text(text)
        forget()
        return code.read_code(root).digest

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("TALKGEN_CACHE", str(folder / "cache"))
        yield digest
    forget()


@pytest.fixture(scope="module")
def unedited(parcel):
    """The digest of the package as it is."""
    return parcel()


def forget():
    """Digests are remembered for the life of a process, and the tests are many in one."""
    importlib.invalidate_caches()
    for cached in (
        code.read_code, code._memo, modules.read_module, modules.find_module, pieces.read_piece, pieces._called_by_bases
    ):  # fmt: skip
        cached.cache_clear()


def test_edits_are_enough_to_judge_by():
    """Recall and precision are measured on at least forty edits, none twice."""
    assert len(set(MEANT)) >= 40
    assert len(set(UNMEANT)) >= 25


@pytest.mark.parametrize("edit", MEANT, ids=lambda edit: f"{edit[0]}: {edit[2][:40]!r}")
def test_digest_changes_with_what_code_does(parcel, unedited, edit):
    """Recall 1.00: any change of what runs, however far away, changes the digest."""
    assert parcel(edit) != unedited


@pytest.mark.parametrize("edit", UNMEANT, ids=lambda edit: f"{edit[0]}: {edit[2][:40]!r}")
def test_digest_stays_with_looks_and_strangers(parcel, unedited, edit):
    """Precision 1.00: words, layout, annotations and code that is not called change nothing."""
    assert parcel(edit) == unedited


def test_closure_lists_what_is_reached(parcel):
    """The closure can be read: every symbol by its module and name, methods too; and the packages it imports."""
    parcel()

    late = trace(["parcel.late:finish"])
    assert set(late.code) == {"parcel.late:finish", "parcel.late:even", "parcel.late:odd"}
    assert late.packages == set()
    figure = trace(["parcel.figure:compute"])
    assert {"parcel.heavy:Heavy.raised", "parcel.model:Model._check", "parcel.model:Model.size"} <= set(figure.code)
    assert not {"parcel.heavy:Heavier", "parcel.model:Model.unfold", "parcel.shapes:Circle.area"} & set(figure.code)
    assert figure.packages == {"dataclasses", "fast", "functools", "math", "statistics"}


def test_method_counts_when_any_root_asks_for_it(parcel):
    """Roots are taken together: one names the class, another the attribute; a method can be a root itself."""
    parcel()

    both = set(trace(["parcel.heavy:Heavy", "parcel.helpers:scale"]).code)
    assert "parcel.heavy:Heavy.lowered" not in both
    assert "parcel.heavy:floor" in trace(["parcel.heavy:Heavy.lowered"]).code


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
            code.read_code(root)


def test_nothing_is_imported(tmp_path):
    """Digesting code runs none of it: a module that raises at import can be digested."""
    (tmp_path / "bomb").mkdir()
    (tmp_path / "bomb" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "bomb" / "charge.py").write_text("raise SystemExit('imported')\n\n\ndef f():\n    return 1\n")
    program = "from talkgen.store.code import read_code; print(len(read_code('bomb.charge:f').digest))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )

    assert (done.stdout.strip(), done.stderr) == ("64", "")


def test_real_code_is_reached_through_what_it_is_handed():
    """In the package itself: recordings ask an engine, and a helper of it counts; training does not."""
    inputs = "talkgen.pipeline.inputs:ProjectInputs"
    code = trace(["talkgen.pipeline.recordings:record", f"{inputs}.engine", f"{inputs}.open_model"]).code

    assert {"talkgen.lm.answer.engine:entropy_bits", "talkgen.lm.models.attention:attend"} <= set(code)
    assert not [name for name in code if name.startswith(("talkgen.lm.train", "talkgen.lm.answer.beam"))]
