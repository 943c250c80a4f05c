"""Slides that do not hold what is on them, in decks that the real tools built and a real browser laid out."""

import json

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.overflow import find_overflow
from talkgen.pipeline.request import open_store

pytestmark = pytest.mark.slow

TALK = """\
title: Too much
model: small
slides:
  - title: Fits
    body: [A line]
  - title: Hidden
    hide: true
    body: [A line]
  - title: Too tall
    body:
      - bullets: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r]
  - title: Cut
    body:
      - html: <div style="overflow:hidden;width:300px;white-space:nowrap">a line that is far longer than its box</div>
"""


@pytest.fixture
def crowded(tmp_path, own_cache):
    """The folder of a talk of which two slides hold too much."""
    (tmp_path / "outline.yaml").write_text(TALK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_does_not_fit_is_told_with_its_line(crowded, target):
    """By how many px, in which tool, and where the slide is in the outline; what fits is not mentioned."""
    done = build(Request(crowded, target), print)
    tall, cut = find_overflow(done.deck, done.plan, open_store(), print)
    assert "slide 3 is" in tall.message
    assert "px too tall" in tall.message
    assert f"({target.capitalize()}: " in tall.message
    assert tall.place.line == 9
    assert cut.where == "slides[3]"
    assert cut.place.line == 12


def test_a_deck_that_is_as_it_was_is_not_looked_at_again(crowded):
    """What was seen is kept with the export."""
    done = build(Request(crowded), print)
    first = find_overflow(done.deck, done.plan, open_store(), print)
    said: list[str] = []
    again = build(Request(crowded), print)
    assert find_overflow(again.deck, again.plan, open_store(), said.append) == first
    assert said == []


def test_strict_fails_on_it(crowded):
    """And says the same as JSON."""
    assert CliRunner().invoke(app, ["build", str(crowded), "--quiet"]).exit_code == 0
    assert CliRunner().invoke(app, ["build", str(crowded), "--quiet", "--strict"]).exit_code == 1
    printed = CliRunner().invoke(app, ["build", str(crowded), "--quiet", "--json"]).stdout
    assert len(json.loads(printed)["overflow"]) == 2


LONG = """\
title: Too long
model: small
execute: true
slides:
  - title: As it stands
    body:
      - code: x = "LINE"
  - title: Wrapped, and so is what it prints
    body:
      - code: print("word " * 60)
        language: python
        output: true
        long: wrap
"""


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_a_line_that_is_too_long_to_be_read_is_told(target, tmp_path, own_cache):
    """Whether the tool cuts it off or makes it smaller than can be read; one that wraps is whole, and its output is."""
    (tmp_path / "outline.yaml").write_text(LONG.replace("LINE", "a" * 300), encoding="utf-8")
    done = build(Request(tmp_path, target), print)
    (cut,) = find_overflow(done.deck, done.plan, open_store(), print)
    assert cut.message.startswith(f"slide 1 is cut off in {target.capitalize()}, ")


FORMULAS = """\
title: Formulas
model: small
slides:
  - title: Side by side
    body:
      - columns:
          - [{math: 'FORMULA'}]
          - [What stands beside it]
  - title: One that fits
    body: [{math: a < b}]
"""


def test_a_formula_that_is_wider_than_its_column_is_told(tmp_path, own_cache):
    """KaTeX's neither breaks nor shrinks: it would stand on what is in the next column, inside of the slide."""
    wide = " + ".join(f"x_{{{number}}}" for number in range(12))
    (tmp_path / "outline.yaml").write_text(FORMULAS.replace("FORMULA", wide), encoding="utf-8")
    done = build(Request(tmp_path, "slidev"), print)
    (told,) = find_overflow(done.deck, done.plan, open_store(), print)
    assert told.message.startswith("slide 1 is overrun in Slidev by a formula that leaves its column, ")
    assert f"px too wide: {wide[:40]}" in told.message
    assert told.place.line == 4
