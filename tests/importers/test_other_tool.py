"""An imported deck in the other tool: the same slides, what can be shown of each, and a note of what cannot."""

from pathlib import Path

import pytest
from real_tools import parse_slidev, render_marp_core

from talkgen.importers.deck import import_deck
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style

DECKS = sorted((Path(__file__).parent / "decks").glob("*.md"))


def across(text: str, folder: Path):
    """The rendering of a deck for the tool that it was not written for."""
    (folder / "deck.md").write_text(text, encoding="utf-8")
    (folder / "outline.yaml").write_text(import_deck(folder / "deck.md", print).yaml, encoding="utf-8")
    outline = load_outline(folder / "outline.yaml").outline
    rendering = (render_slidev if outline.native == "marp" else render_marp)(
        Deck(outline, folder, {}, load_style("plain", folder))
    )
    return outline, rendering


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_the_same_slides_are_shown(deck, tmp_path):
    """As many as the outline shows, and no tag of the one tool is text in the other."""
    outline, rendering = across(deck.read_text(encoding="utf-8"), tmp_path)
    shown = sum(not slide.hide for slide in outline.slides)
    text = str(rendering.files.get("slides.md") or rendering.files["deck.md"])
    slides = parse_slidev([text])[0] if outline.native == "marp" else render_marp_core([text])[0]
    assert len(slides) == shown
    assert "&lt;v-click" not in text
    assert "&lt;!-- fit" not in text


def test_what_slidev_alone_has_is_told(tmp_path):
    """Components and directives go, what is in them stays, and each is named with its slide."""
    text = (
        "---\nmdc: true\n---\n\n# One\n\n<Counter :count='3' />\n\n"
        "---\nlayout: image-right\nimage: /x.png\n---\n\n<v-clicks>\n\nshown **at once**\n\n- x\n\n</v-clicks>\n\n"
        "<p v-if='x'>kept</p>\n\n`<Counter>`\n\n<style>\nh1 { color: red }\n</style>\n"
    )
    _, rendering = across(text, tmp_path)
    deck = str(rendering.files["deck.md"])
    assert "shown **at once**" in deck
    assert "kept" in deck
    assert "`<Counter>`" in deck
    assert "color: red" not in deck
    notes = {(each.where, each.message) for each in rendering.degraded}
    assert ("slide 1", "Slidev alone has <Counter>: shown without") in notes
    for lost in ("a layout's picture (image: /x.png)", "<v-clicks>", "what Vue does with <p>", "a style of its own"):
        assert ("slide 2", f"Slidev alone has {lost}: shown without") in notes


def test_what_marp_alone_has_is_told(tmp_path):
    """Colours and pictures behind a line of text are named; comments are not text; lines end where Marp ends them."""
    text = "<!-- _backgroundColor: red -->\n\n# <!-- fit --> Big\n\none\ntwo ![bg](x.png) x\n\n---\n\nx\n"
    text += "\n<!-- color: red -->\n\ny"
    _, rendering = across(text, tmp_path)
    slides = str(rendering.files["slides.md"])
    assert "fit" not in slides
    assert "one\\\ntwo" in slides or "one<br>" in slides
    assert {each.message for each in rendering.degraded} >= {
        "Marp alone has a background colour (_backgroundColor: red): shown without",
        "Marp alone has a picture behind the text: shown without",
        "Marp alone has a text colour (color: red): shown without",
    }
