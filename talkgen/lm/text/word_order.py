"""Says where the words of an English sentence stand in an order that the grammar of `phrases` never makes.

A model that learned from it has words for such a sentence, and nothing to go by: what it writes then is chance. Words
count by their kind (a noun is a noun, a colour a colour), three in a row, with the sentence's ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product

import numpy as np

from talkgen.lm.text import lexicon
from talkgen.lm.text.lexicon import ADJECTIVES, NOUNS, VERBS, Verb
from talkgen.lm.text.phrases import draw_pair

_DRAWN = 3000  # sentences; of a thousand others one or two then have an order that was not among theirs
_ROW = 3  # words whose order is looked at together
_END = frozenset({"end"})

Kinds = frozenset[str]


def strange_order(words: Sequence[str]) -> tuple[str, ...]:
    """The first words in a row of an English sentence whose kinds never stand so; none where all is as it was learned.

    The words are those of the grammar, in lower case.
    """
    kinds, spoken = _row(words), ["", *words, ""]
    for start in range(len(kinds) - _ROW + 1):
        row = slice(start, start + _ROW)
        if not any(each in _seen() for each in product(*kinds[row])):
            return tuple(word for word in spoken[row] if word)
    return ()


def _row(words: Sequence[str]) -> list[Kinds]:
    return [_END, *(kinds_of(word) for word in words), _END]


@cache
def _seen() -> frozenset[tuple[str, ...]]:
    """Every three kinds of words that stand in a row in many sentences of the grammar."""
    rng = np.random.default_rng(0)
    found: set[tuple[str, ...]] = set()
    for number in range(_DRAWN):
        kinds = _row(draw_pair(rng, unseen=number % 8 == 0).english)
        for start in range(len(kinds) - _ROW + 1):
            found.update(product(*kinds[start : start + _ROW]))
    return frozenset(found)


def kinds_of(word: str) -> Kinds:
    """The kinds of word that an English word of the grammar can be; its own kind where it is like no other."""
    return _kinds().get(word, frozenset({word}))


@cache
def _kinds() -> dict[str, Kinds]:
    groups: dict[str, Iterable[str]] = {
        "noun": [word for noun in NOUNS for word in noun.english],
        "determiner": [*lexicon.DETERMINERS, *lexicon.PLURAL.values(), "an"],
        "he": ("he", "she", "they"),
        "him": lexicon.OBJECTS,
        "does": ("do", "does"),
        "has": ("has", "have"),
        "was": ("was", "were"),
        "often": ("never", "often", "always"),
        "month": lexicon.MONTHS,
        "year": lexicon.YEARS,
    }
    for order in range(5):
        groups[f"adjective {order}"] = [each.english for each in ADJECTIVES if each.order == order]
    for name, verbs in _verbs().items():
        groups[f"verb {name}"] = [word for verb in verbs for word in verb.english[:2]]
        groups[f"participle {name}"] = [verb.english[2] for verb in verbs]
    kinds: dict[str, set[str]] = {}
    for name, words in groups.items():
        for word in words:
            kinds.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in kinds.items()}


def _verbs() -> dict[str, tuple[Verb, ...]]:
    """Verbs by what may follow them."""
    return {
        "alone": tuple(verb for verb in VERBS if not verb.objects),
        "with an object": (*(verb for verb in VERBS if verb.objects), lexicon.GIVE),
        "to somebody": (lexicon.SPEAK,),
    }
