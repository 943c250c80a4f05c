"""Footnotes and citations in the source of both decks: signs where they stand, what they say where it belongs."""

import re

import pytest
from decks import make_deck

from talkgen.outline.bibliography import Work
from talkgen.outline.schema import Slide
from talkgen.render.footnotes import lone_footnotes
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

TARGETS = {"marp": (render_marp, "deck.md"), "slidev": (render_slidev, "slides.md")}
WORKS = {
    "elman": Work("elman", "Elman, 1990", "J. Elman. *Finding {{structure}} in time*.", "https://a.b/c"),
    "other": Work("other", "Other, 1999", "O. Other.", ""),
}


@pytest.fixture(params=sorted(TARGETS))
def source(request, tmp_path):
    """A function that gives the source of a deck in one of the targets, after the head of its first slide."""
    render, name = TARGETS[request.param]

    def write(slides, works=WORKS):
        deck = make_deck(slides, tmp_path)
        files = render(type(deck)(deck.outline, deck.folder, deck.computed, deck.style, works=works)).files
        return files[name].split("\n---\n", 1)[1]

    return write


def test_footnotes_are_counted_on_their_slide(source):
    """In the order of their signs, in a list too; said once, at the foot, and not where they were written."""
    body = [
        "A[^b] text[^a], again[^b].\n\n[^a]: First *words*\n  and more\n[^b]: Second",
        {"bullets": ["item[^c]"]},
        "[^c]: Third",
    ]
    text = source([{"body": body}, {"body": ["Next[^a]\n\n[^a]: Its own"]}])
    first, second = text.split("Next")
    assert re.findall(r'(\w+)<sup class="tg-sign">(\d)', first) == [
        ("A", "1"),
        ("text", "2"),
        ("again", "1"),
        ("item", "3"),
    ]
    notes = re.findall(r'tg-footnote">\s+<sup>(\d)</sup> ([^\n]*)', first)
    assert notes == [("1", "Second"), ("2", "First *words* and more"), ("3", "Third")]
    assert "[^" not in text
    assert re.findall(r'tg-footnote">\s+<sup>(\d)</sup> ([^\n]*)', second) == [("1", "Its own")]


def test_half_a_footnote_is_known():
    """A sign whose words are on another slide, and words without a sign; not what stands in code or in a listing."""
    body = ["A[^1] `b[^2]`\n\n[^3]: nobody asks", {"code": "[^4]: x[^5]"}, {"bullets": ["fine[^6]"]}, "[^6]: said"]
    slide = Slide.model_validate({"body": body})
    assert list(lone_footnotes(slide)) == [
        ("'[^1]'", ("body", 0, "markdown")),
        ("'[^3]: …'", ("body", 0)),
    ]


def test_what_is_no_footnote_is_text(source):
    """A sign of nothing, a note without a sign, and both in code."""
    text = source([{"body": ["A[^1] `b[^2]`\n\n```\n[^2]: in code\n```\n\n[^3]: nobody asks"]}])
    assert "tg-sign" not in text
    assert "[^2]: in code" in text
    assert "nobody asks" in text


def test_citations_lead_to_the_references(source):
    """Names and years, places, and a link to the slide with the list; those cited, by author, as safe Markdown."""
    slides = [
        {
            "title": "See [@elman]",
            "body": ["As in [@elman, p. 3; @other], not in `[@elman]` or [@elman](https://a.b)."],
        },
        {"title": "References", "body": [{"references": "all"}]},
    ]
    text = source(slides)
    assert re.sub("<.*?>", "", text).count("(Elman, 1990)") == 1
    assert "(Elman, 1990, p. 3; Other, 1999)" in re.sub("<.*?>", "", text).replace("&#58;", ":")
    assert len(re.findall(r'<a href="#2">|<Link to="2">', text)) == 3
    assert "`[@elman]`" in text
    assert "J. Elman. *Finding" in text
    assert text.count('class="tg-reference"') == 2


def test_without_a_list_they_lead_to_the_work(source):
    """And nowhere where a work has no address; of nothing known they are text."""
    text = source([{"body": ["[@elman] [@other] [@gone]"]}])
    assert '(<a href="https://a.b/c">Elman, 1990</a>)' in text
    assert "(Other, 1999)" in text
    assert "[@gone]" in text.replace("\\", "")
    assert "tg-cite" not in source([{"body": ["[@elman]"]}], {})
