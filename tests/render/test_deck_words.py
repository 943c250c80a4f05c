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


def test_a_title_of_two_lines_is_two_words(tmp_path):
    """In the speaker's pages, bookmarks, the table of contents: where a line ends, a word does."""
    deck = make_deck([{"title": "Introduction to<br>Language <b>Models</b>"}], tmp_path)
    assert deck_words(deck).slides[0].title == "Introduction to Language Models"
