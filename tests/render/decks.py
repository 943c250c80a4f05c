"""Decks for the tests of rendering: outlines from Python values, with small fixed results."""

from pathlib import Path
from typing import Any

from talkgen.outline.schema import Outline
from talkgen.outline.walk import find_blocks
from talkgen.render.deck import Chips, Computed, Deck, LiveAnswer, Picture
from talkgen.style import load_style


def make_deck(slides: list[dict[str, Any]], folder: Path, **outline: Any) -> Deck:
    """A deck of `slides`; its figures, recordings and token splits are small and fixed."""
    picture = folder / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>', encoding="utf-8")
    parsed = Outline.model_validate({"title": "A deck", **outline, "slides": slides})
    results: dict[str, Computed] = {
        "figure": Picture(picture, picture, "graph-0123abcd", "A graph of 3 nodes", 400, 200),
        "live": LiveAnswer("talkgen-live", {"prompt": "</talkgen-live><script>", "models": []}),
        "tokens": Chips(("to", " {{kens}}"), (1, 2), "small"),
    }
    computed = {path: results[block.key] for path, block in find_blocks(parsed) if block.key in results}
    return Deck(parsed, folder, computed, load_style(parsed.drawn_in, folder))
