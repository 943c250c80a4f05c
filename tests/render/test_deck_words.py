"""The words of a deck: its titles, also where a slide's blocks have none."""

from dataclasses import replace

from decks import make_deck

from talkgen.render.deck import LiveAnswer
from talkgen.render.words import deck_words


def test_a_slide_whose_only_block_says_nothing_has_a_title(tmp_path):
    """An empty prompt is one, too: the room is to type."""
    deck = make_deck([{"body": [{"live": "next_token"}]}], tmp_path)
    silent = LiveAnswer("talkgen-live", {"prompt": "", "models": []})
    (slide,) = deck_words(replace(deck, computed=dict.fromkeys(deck.computed, silent))).slides
    assert (slide.title, slide.text) == ("Slide 1", "")
