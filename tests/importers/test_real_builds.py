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
