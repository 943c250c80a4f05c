"""Formulas that MathJax or KaTeX cannot read, in the real ones: told before a deck shows them as they are written."""

import pytest

from talkgen.errors import OutlineError
from talkgen.pipeline.build import Request, build

pytestmark = pytest.mark.slow

TALK = """\
title: Formulas
model: small
vars: {name: alpha}
slides:
  - title: "Wrong: $\\\\frac{1$"
    body:
      - math: |
          a = b \\\\
          \\notacommand{x}
      - |
        A line, and then $\\sqrt[3$ in a text.
      - bullets: [right $x^2$, {"wrong $x_{1$": ["$\\\\undefinedhere$"]}]
      - columns: [["$\\\\bad$"], [right]]
      - math: "\\\\{{ vars.name }} + 1"
"""
PLACES = {"slides[0].title": 5, "slides[0].body[0].math": 7, "slides[0].body[1]": 11}


@pytest.fixture
def talk(tmp_path, own_cache):
    """The folder of a talk, and a function that writes its outline."""

    def write(text: str):
        (tmp_path / "outline.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_a_tool_cannot_read_is_told_with_its_line(talk, target):
    """Each formula once, in titles, blocks, lists and columns; what is right is not mentioned, nothing is written."""
    folder = talk(TALK)
    with pytest.raises(OutlineError) as caught:
        build(Request(folder, target), print)
    problems = caught.value.problems

    assert len(problems) == 6
    assert all(problem.message.startswith(("MathJax, in", "KaTeX, in")) for problem in problems)
    found = {problem.where: problem.place.line for problem in problems}
    assert {where: found[where] for where in PLACES} == PLACES
    assert "notacommand" in next(problem.message for problem in problems if problem.where.endswith("math"))
    assert not (folder / "dist").exists()


def test_braces_that_an_expression_makes_are_the_formulas_own(talk):
    """Also two of a kind, which stand for no expression once the talk is built."""
    text = "title: T\nmodel: small\nslides: [{title: A, body: [{math: \"x_{{ '{{' }}1}} \\\\notacommand\"}]}]\n"
    with pytest.raises(OutlineError, match="notacommand"):
        build(Request(talk(text), "marp"), print)


def test_a_tool_is_asked_for_what_it_shows(talk):
    """One command is MathJax's alone: Marp's deck is built, Slidev's is not."""
    folder = talk("title: T\nmodel: small\nslides: [{title: A, body: [{math: '\\cancelto{0}{x}'}]}]\n")
    assert build(Request(folder, "marp"), print).exported
    with pytest.raises(OutlineError, match="KaTeX, in Slidev, cannot read this formula: Undefined control sequence"):
        build(Request(folder, "slidev"), print)


def test_what_was_said_is_kept(talk, monkeypatch):
    """A changed word asks no tool for formulas that are as they were."""
    text = "title: T\nmodel: small\nslides: [{title: A, body: [{math: 'x'}]}]\n"
    build(Request(talk(text), "marp"), print)
    monkeypatch.setattr("talkgen.export.formulas.DRIVER", "gone.mjs")
    assert build(Request(talk(text.replace("title: A", "title: B")), "marp"), print).exported


def test_a_native_talk_is_shown_as_its_tool_shows_it(talk):
    """What Marp cannot read of an author's own deck is told with its slide, and the deck is built as Marp builds it."""
    folder = talk("native: marp\nslides: [{title: A}, {title: B, body: [{math: '\\notacommand'}]}]\n")
    done = build(Request(folder, "marp"), print)
    assert done.exported
    [told] = [each for each in done.deck.degraded if "MathJax" in each["message"]]
    assert told["where"] == "slide 2"
    assert "notacommand" in told["message"]
