"""A deck rendered for the tool that it was not written for."""

from pathlib import Path

from talkgen.importers.deck import import_deck
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style


def across(text: str, folder: Path):
    """The rendering of a deck for the tool that it was not written for."""
    (folder / "deck.md").write_text(text, encoding="utf-8")
    (folder / "outline.yaml").write_text(import_deck(folder / "deck.md", print).yaml, encoding="utf-8")
    outline = load_outline(folder / "outline.yaml").outline
    rendering = (render_slidev if outline.native == "marp" else render_marp)(
        Deck(outline, folder, {}, load_style("plain", folder))
    )
    return outline, rendering
