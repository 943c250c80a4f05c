"""The house style that a machine can check."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "talkgen").rglob("*.py"), *(ROOT / "demos").rglob("*.py")])
WEB = sorted((ROOT / "templates").rglob("*.js"))


@pytest.mark.parametrize("file", [*SOURCES, *WEB, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.stem)
def test_file_is_short(file):
    """A file holds one idea: at most 400 lines."""
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400


def functions(file: Path):
    """Each function of a file with its length in lines."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("file", SOURCES, ids=lambda path: path.stem)
def test_functions_can_be_seen_whole(file):
    """No function is longer than 60 lines."""
    assert {name: lines for name, lines in functions(file) if lines > 60} == {}


def test_functions_are_small_on_the_whole():
    """Half of all functions have at most 12 lines, nine of ten at most 32."""
    lengths = sorted(lines for file in SOURCES for _, lines in functions(file))
    assert statistics.median(lengths) <= 12
    assert lengths[int(len(lengths) * 0.9)] <= 32


@pytest.mark.parametrize("file", SOURCES, ids=lambda path: path.stem)
def test_module_says_what_it_makes(file):
    """Every module opens with a docstring whose first sentence fits a line or a paragraph of its own."""
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


def test_no_marks_of_unfinished_work():
    """Nothing is left to be done in a comment."""
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX")
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in [*SOURCES, *WEB]
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if any(mark in line for mark in marks)
    ]
    assert found == []


@pytest.mark.parametrize("file", SOURCES, ids=lambda path: path.stem)
def test_files_are_written_in_one_place(file):
    """What must appear whole goes through talkgen.files, what one process may do goes through talkgen.lock."""
    if file.name != "files.py":
        ways = ("fcntl", "fsync", "mkstemp", "mkdtemp", "os.replace", "os.rename", "msvcrt")
        assert [way for way in ways if way in file.read_text(encoding="utf-8")] == []


def test_no_drawers_for_leftovers():
    """No module is named for what it does not know where to put."""
    assert not [file for file in SOURCES if file.stem in {"utils", "helpers", "common", "misc"}]


def test_no_two_test_files_share_a_name():
    """A second file of a name is one that pytest refuses: it takes each for a module of that name."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
