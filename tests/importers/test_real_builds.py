"""Imported decks in their own real tools, and the original where one is not built."""

from pathlib import Path

import pytest
from real_builds import build_imported, build_original

DECKS = Path(__file__).parent / "decks"


@pytest.mark.slow
def test_an_imported_deck_and_its_original_are_built(tmp_path):
    """Marp makes a page of both; what it is not given it does not make, and that is said."""
    deck = DECKS / "odd-marp.md"
    assert build_imported(deck, DECKS, "marp", tmp_path / "talk") == ""
    assert build_original(deck, DECKS, "marp", tmp_path / "original") == ""
    assert "there is no file" in build_imported(tmp_path / "none.md", tmp_path, "marp", tmp_path / "other")


@pytest.mark.slow
def test_what_is_missing_keeps_no_slidev_deck_from_being_built(tmp_path):
    """Its pictures and listings are told; one that offers itself as a PDF is printed with the browser that is there.

    A slide whose layout has no element of Slidev's own is looked at, too.
    """
    deck = tmp_path / "deck.md"
    bare = "---\nlayout: none\n---\n\nBare\n"
    text = f"---\ndownload: true\n---\n\n# One\n\n![](/a.png)\n\n<img src='./b.svg'>\n\n<<< @/c.ts\n\n{bare}"
    deck.write_text(text, encoding="utf-8")
    assert build_imported(deck, tmp_path, "slidev", tmp_path / "talk") == ""
    assert (tmp_path / "talk" / "dist" / "slidev" / "site" / "slidev-exported.pdf").is_file()
