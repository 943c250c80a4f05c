"""A figure's parameters, checked once: a later process knows them without the figure's module, wrong ones it checks."""

import json
import subprocess
import sys

import pytest

from talkgen.errors import OutlineError, TalkgenError
from talkgen.figures.registry import FIGURES
from talkgen.pipeline.build import Request, build, check
from talkgen.pipeline.checking import check_figure

PROGRAM = """
import json, sys
from dataclasses import asdict
from talkgen.pipeline.checking import check_figure
found = check_figure("memory_bottleneck", "talkgen.figures.memory_bottleneck", json.loads(sys.argv[1]))
print(json.dumps([asdict(found), sorted({"numpy", "talkgen.figures.memory_bottleneck"} & sys.modules.keys())]))
"""


def checked_elsewhere(given):
    """What another process finds, and which of the modules that it could do without it loaded."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(given)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_what_was_checked_needs_no_module_again(tmp_path, monkeypatch):
    """The second process says what the first said, and loads neither the figure nor what it computes with."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    first, loaded = checked_elsewhere({})
    assert loaded == ["numpy", "talkgen.figures.memory_bottleneck"]
    assert checked_elsewhere({}) == [first, []]
    assert first["uses"]


def test_other_parameters_are_checked_anew(tmp_path, monkeypatch):
    """Of one figure and one text, each value by itself; what is wrong is told every time."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    name, origin = "softmax_temperature", FIGURES["softmax_temperature"]
    assert [check_figure(name, origin, {"step": step}).params["step"] for step in (2, 3, 2)] == [2, 3, 2]
    assert check_figure(name, origin, {}).first_step == 1
    for _ in range(2):
        with pytest.raises(TalkgenError, match="has no parameter 'stepp'"):
            check_figure(name, origin, {"stepp": 2})


def test_a_wrong_value_is_told_in_words():
    """What it must be and what it is, not what a library calls them."""
    name = "next_token"
    with pytest.raises(TalkgenError, match="parameter bars of 'next_token' must be a whole number, not 'many'"):
        check_figure(name, FIGURES[name], {"bars": "many"})


def test_an_app_that_is_not_there_is_told(tmp_path):
    """Before a talk is built, not by an empty frame on stage; an element's app is there without a file of its own."""
    outline = tmp_path / "outline.yaml"
    text = "title: T\nslides:\n  - body:\n      - gradio: attention\n      - gradio: translatoin\n"
    outline.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        build(Request(outline, "marp", "md"), print)
    (problem,) = caught.value.problems
    assert "there is no app 'translatoin'" in str(problem)
    assert "did you mean 'translation'" in str(problem)
    assert problem.place.line == 5


def test_a_check_knows_all_values_but_figures(tmp_path):
    """A name that is wrong is told without a build; what a figure will say is not known yet."""
    text = (
        "title: T\nmodel: small\nvars: {course: x}\nslides:\n  - title: '{{ vars.cours }}'\n    notes: '{{ name }}'\n"
    )
    outline = tmp_path / "outline.yaml"
    outline.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        check(Request(outline))
    assert [problem.place.line for problem in caught.value.problems] == [5, 6]
    outline.write_text(text.replace("vars.cours ", "vars.course ").replace("name", "figures.one.x"), encoding="utf-8")
    assert check(Request(outline)) == (1, [])
