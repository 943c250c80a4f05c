"""Orders of words that the grammar never makes are found, and those that it makes are not."""

import numpy as np
import pytest

from talkgen.lm.text.phrases import draw_pair
from talkgen.lm.text.word_order import strange_order


def test_nothing_that_the_grammar_makes_is_strange():
    """Of sentences that nobody drew before, of both halves, not one in two hundred has an order that was not seen."""
    rng = np.random.default_rng(2**35)
    found = [strange_order(draw_pair(rng, unseen=number % 2 == 0).english) for number in range(400)]
    assert sum(map(bool, found)) <= 2


@pytest.mark.parametrize(
    ("sentence", "strange"),
    [
        ("the agreement on the european economic area was signed in august 1992", ""),
        ("the black cat loves the black cat", ""),
        ("the cat black sleeps", "the cat black"),
        ("the economic european area was signed", "the economic european"),
        ("black the cat sleeps", "black the"),
        ("sleeps the cat", "sleeps the"),
        ("the dog the cat loves", "the dog the"),
        ("the cat loves", "cat loves"),
    ],
)
def test_the_first_words_in_a_strange_order_are_named(sentence, strange):
    """An adjective behind its noun, two in the wrong order, no object, the verb first."""
    assert " ".join(strange_order(sentence.split())) == strange
