"""What a talk's own Python prints: run in a process with limits, kept like a figure, only where the talk says so."""

import json
import os
import sys

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.load import load_outline
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.keys import imported_packages, output_key
from talkgen.pipeline.outputs import Limits, ProgramError, run_program

TALK = """\
title: Outputs
model: small
execute: true
slides:
  - title: Run
    body:
      - code: |
          total = sum(range(5))
          print("total", total)
        language: python
        output: true
      - code: {file: model.py, lines: "2,4-5"}
        output: true
"""
MODEL = "import math\ndef area(r):\n    # of a circle\n    return math.pi * r ** 2\n\nprint(round(area(2), 3))\n"


@pytest.fixture
def talk(tmp_path, own_cache):
    """The folder of a talk with a program in its outline and one in a file."""
    (tmp_path / "outline.yaml").write_text(TALK, encoding="utf-8")
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


def test_a_program_prints_into_an_empty_world():
    """Its folder is empty but for itself, its environment what is said, its hashes the same each time."""
    said = run_program(
        "import os, sys, json\nprint(json.dumps([os.listdir('.'), sorted(os.environ), hash('a'), sys.argv]))"
    )
    files, environment, hashed, arguments = json.loads(said)
    assert files == ["program.py", ".complaints"] or sorted(files) == [".complaints", "program.py"]
    assert arguments == ["program.py"]
    assert set(os.environ) - set(environment)
    assert not [name for name in environment if name not in ("HOME", "LANG", "LC_CTYPE", "MPLCONFIGDIR", "NO_COLOR",
                "OMP_NUM_THREADS", "PATH", "PYTHONHASHSEED", "SYSTEMROOT", "TMPDIR")]  # fmt: skip
    assert json.loads(run_program("print(hash('a'))")) == hashed


@pytest.mark.parametrize(
    ("program", "message", "line"),
    [
        ("x = 1\nraise ValueError('no')", "it failed: ValueError: no", 2),
        ("def f():\n    return 1 / 0\n\nf()", "it failed: ZeroDivisionError", 2),
        ("x = (", "it failed: SyntaxError", 1),
        ("import sys\nsys.exit(3)", "it failed: exit code 3", None),
        ("while True: print('again')", "it prints more than 100 characters", None),
        ("while True: pass", "it did not end within 1 s", None),
        (
            "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'while True: pass']).wait()",
            "within 1 s",
            None,
        ),
        ("import talkgen_is_no_such_module", "it failed: ModuleNotFoundError", 1),
    ],
)
def test_what_goes_wrong_is_said_with_its_line(program, message, line):
    """Errors, and each of the limits; nothing that it started goes on."""
    with pytest.raises(ProgramError, match=message) as caught:
        run_program(program, Limits(seconds=1 if "while True: pass" in program else 60, printed=100))
    assert caught.value.line == line


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted on Linux")
def test_memory_has_a_limit():
    """More than it may ask for is refused."""
    with pytest.raises(ProgramError, match="it asks for more than 200 MB") as caught:
        run_program("a = 1\nb = bytearray(400 << 20)", Limits(memory=200 << 20))
    assert caught.value.line == 2


def test_a_program_finds_no_files_of_the_talk(talk, monkeypatch):
    """Neither modules beside the outline nor those of the folder that the build was started in."""
    monkeypatch.chdir(talk)
    with pytest.raises(ProgramError, match="No module named 'model'"):
        run_program("import model")


def test_lines_of_a_file_are_shown_and_all_of_it_runs(talk):
    """In both decks: the lines asked for, and what the whole file prints; the outline's own text likewise."""
    done = build(Request(talk, "marp", "md"), print)
    assert [name for name in done.computed if name.startswith("output")] == ["output slide 1", "output slide 1 (2)"]
    text = (talk / "dist" / "marp" / "deck.md").read_text(encoding="utf-8")
    assert "```text\ntotal 10\n```" in text
    assert "```python\ndef area(r):\n    return math.pi * r ** 2\n```" in text
    assert "```text\n12.566\n```" in text
    build(Request(talk, "slidev", "md"), print)
    assert "```text\n12.566\n```" in (talk / "dist" / "slidev" / "slides.md").read_text(encoding="utf-8")


def test_only_what_changed_runs_again(talk):
    """A build with nothing to do runs nothing; another line runs its program alone."""
    build(Request(talk, "marp", "md"), print)
    assert build(Request(talk, "marp", "md"), print).computed == ()
    (talk / "model.py").write_text(MODEL.replace("area(2)", "area(3)"), encoding="utf-8")
    assert build(Request(talk, "marp", "md"), print).computed == ("output slide 1 (2)",)
    assert "28.274" in (talk / "dist" / "marp" / "deck.md").read_text(encoding="utf-8")


def test_a_failure_is_told_with_its_line_in_the_outline_or_the_file(talk):
    """Both at once; nothing is written."""
    broken = TALK.replace("total = sum(range(5))", "total = sum(5)")
    (talk / "outline.yaml").write_text(broken, encoding="utf-8")
    (talk / "model.py").write_text(MODEL.replace("math.pi", "math.po"), encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        build(Request(talk, "marp", "md"), print)
    first, second = caught.value.problems
    assert (first.place.path.name, first.place.line) == ("outline.yaml", 8)
    assert "TypeError: 'int' object is not iterable" in first.message
    assert (second.place.path.name, second.place.line) == ("model.py", 4)
    assert not (talk / "dist").exists()


def test_nothing_runs_unless_the_talk_says_so(talk):
    """Asked for without `execute: true`, an output is a problem with its line; the program does not run."""
    mark = talk / "ran"
    text = TALK.replace("execute: true\n", "").replace('print("total", total)', f"open({str(mark)!r}, 'w')")
    (talk / "outline.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match="the talk does not say that its code may run") as caught:
        build(Request(talk, "marp", "md"), print)
    assert [problem.place.line for problem in caught.value.problems] == [10, 12]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("{file: none.py}", "there is no file 'none.py'"),
        ("{file: model.py, lines: 9-12}", "there are no lines 9-12 in it"),
        ("{file: model.py, lines: a}", "'a' names no lines"),
        ("{file: ../out.py}", "is outside the project"),
        ("{lines: 2}", "code is text, or names a file"),
    ],
)
def test_lines_that_are_not_there_are_told(talk, code, message):
    """With the line of the block."""
    outline = f"title: T\nslides:\n  - title: A\n    body:\n      - code: {code}\n"
    (talk / "outline.yaml").write_text(outline, encoding="utf-8")
    with pytest.raises(OutlineError, match=message) as caught:
        load_outline(talk / "outline.yaml")
    assert caught.value.problems[0].place.line == 5


def test_packages_that_a_program_imports_are_in_its_key():
    """Wherever it imports them; what is not Python has none, and another text is another key."""
    program = "import numpy as np, os\ndef f():\n    from torch.nn import Linear\n"
    assert imported_packages(program) == {"numpy", "os", "torch"}
    assert {"numpy", "torch", "Python"} <= set(output_key(program).parts)
    assert "os" not in output_key(program).parts
    assert imported_packages("x = (") == set()
    assert output_key("a") != output_key("b")
