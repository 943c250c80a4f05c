"""A figure's parameters, checked once: a later process knows them without the figure's module, wrong ones it checks."""

import json
import subprocess
import sys

import pytest

from talkgen.errors import OutlineError, TalkgenError
from talkgen.figures.registry import FIGURES
from talkgen.pipeline.build import Request, build, check
from talkgen.pipeline.checking import check_figure
from talkgen.pipeline.figures import new_figure

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


def test_a_talks_own_figure_is_loaded_again_when_it_changed(tmp_path, monkeypatch):
    """Not for a word of the talk: what it imports may take long. What stands beside it counts."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "cache"))
    file, beside, loads = new_figure("mine", tmp_path), tmp_path / "figures" / "more.py", tmp_path / "loads"
    text = file.read_text(encoding="utf-8")
    count = f"with open({str(loads)!r}, 'a') as file:\n    file.write('x')\n"
    file.write_text(f"{text}\n\nfrom .more import X\n\n{count}", encoding="utf-8")

    def check():
        return check_figure("mine", str(file), {"sentence": "abc"}).params

    beside.write_text("X = 1\n", encoding="utf-8")
    assert check() == check() == {"sentence": "abc"}
    assert loads.read_text() == "x"
    beside.write_text("X = 2\n", encoding="utf-8")
    assert check() == {"sentence": "abc"}
    assert loads.read_text() == "xx"


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


def test_a_check_knows_all_values_but_those_of_figures_never_drawn(tmp_path, own_cache):
    """A name that is wrong is told without a build, also a figure's; what one says is known once it was computed."""
    text = (
        "title: T\nmodel: small\nvars: {course: x}\nslides:\n  - title: '{{ vars.cours }}'\n    notes: '{{ name }}'\n"
    )
    text += "    body: [{figure: model_sizes, id: one}, 'With {{ figures.two.x }} or {{ figures.one.x }}']\n"
    outline = tmp_path / "outline.yaml"

    def wrong(text: str) -> list[tuple[int, str]]:
        outline.write_text(text, encoding="utf-8")
        with pytest.raises(OutlineError) as caught:
            check(Request(outline), print)
        return [(problem.place.line, problem.message) for problem in caught.value.problems]

    assert [line for line, _ in wrong(text)] == [5, 6]
    text = text.replace("vars.cours ", "vars.course ").replace("name }}", "vars.course }}")
    text = text.replace(" or {{ figures.one.x }}", "")
    assert wrong(text) == [(7, "figures has no 'two'")]
    outline.write_text(text.replace("two", "one"), encoding="utf-8")
    assert check(Request(outline), print) == (1, [])
    with pytest.raises(OutlineError, match=r"figures\.one has no 'x'"):  # the figure itself is made
        build(Request(outline, "marp", "md"), print)
    assert wrong(text.replace("two", "one")) == [(7, "figures.one has no 'x'")]


@pytest.mark.slow
@pytest.mark.parametrize(("target", "reader"), [("marp", "MathJax, in Marp"), ("slidev", "KaTeX, in Slidev")])
def test_a_check_reads_formulas(tmp_path, own_cache, target, reader):
    """Where the tool that will show them is installed; but those that a figure has yet to complete."""
    outline = tmp_path / "outline.yaml"
    later = "{figure: model_sizes, id: one}, '$\\frac{ {{ figures.one.x }}$'"
    text = f"title: T\nmodel: small\nslides:\n  - body: [{later}]\n  - body: ['So: $\\frac{{1$']\n"
    outline.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        check(Request(outline, target), print)
    (problem,) = caught.value.problems
    assert problem.place.line == 5
    assert problem.message.startswith(f"{reader}, cannot read this formula")
