"""Ids and links: every block can be named, and a link to a name leads to the slide that has it, in both targets."""

import pytest
from decks import make_deck
from real_tools import render_marp_core

from talkgen.outline.blocks import BLOCKS
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

EXAMPLES = {  # of blocks that are no text
    "bullets": ["one"],
    "live": "next_token",
    "image": "picture.svg",
    "table": {"head": ["a"], "rows": []},
    "columns": [["a"], ["b"]],
    "toc": True,
    "references": "cited",
    "html": "<b>x</b>",
    "raw": {"marp": "x", "slidev": "x"},
}


def sources(slides, folder):
    """The source of a deck in each target."""
    deck = make_deck(slides, folder)
    return {"marp": render_marp(deck).files["deck.md"], "slidev": render_slidev(deck).files["slides.md"]}


@pytest.mark.parametrize("key", sorted(BLOCKS.keys() - {"include"}))
def test_every_block_has_its_id_once(key, tmp_path):
    """What a block is named, one element in the page is named."""
    for source in sources([{"body": [{key: EXAMPLES.get(key, "words"), "id": "it"}]}], tmp_path).values():
        assert source.count('id="it"') == 1


def test_links_lead_to_slides(tmp_path):
    """By a block's id, a slide's, a title's words, a number; hidden slides are not counted, and code is left alone."""
    slides = [
        {"title": "First", "body": ['[a](#two) [b](#the-third) [c](#far) [d](#2) `[e](#far)` <a href="#far">f</a>']},
        {"title": "Hidden", "hide": True},
        {"title": "Second", "id": "two"},
        {"title": "The third", "body": [{"columns": [["x"], [{"quote": "y", "id": "far"}]]}]},
    ]
    found = sources(slides, tmp_path)

    assert '[a](#2) [b](#3) [c](#3) [d](#2) `[e](#far)` <a href="#3">f</a>' in found["marp"]
    assert '[a](/2) [b](/3) [c](/3) [d](/2) `[e](#far)` <a href="#/3">f</a>' in found["slidev"]


def test_marp_numbers_slides_as_links_do(tmp_path):
    """The number that a link leads to is the id that Marp gives the slide."""
    slides = [
        {"title": "First", "body": ["[a](#two)"]},
        {"title": "Hidden", "hide": True},
        {"title": "Two", "id": "two"},
    ]
    first, second = render_marp_core([sources(slides, tmp_path)["marp"]])[0]

    assert 'href="#2"' in first["html"]
    assert '<section id="2"' in second["html"]
