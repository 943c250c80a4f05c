"""Makes pairs of an English sentence and its French translation from a small grammar; knows no tokens and no models.

The two differ as the languages do: most adjectives follow their noun, in reverse order and agreeing with it (`the
european economic area`: `la zone économique européenne`), an owner follows what is owned (`my friend 's car`: `la
voiture de mon ami`), `ne … pas` surrounds the verb, pronouns go before it and adverbs behind, and small words merge
(`de le`: `du`) or lose their vowel (`la école`: `l' école`). An English sentence has exactly one translation here.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from numpy.random import Generator

from talkgen.lm.text import lexicon
from talkgen.lm.text.lexicon import ADJECTIVES, NOUNS, PERSON, PLACE, TEXT, THING, VERBS, Adjective, Noun, Verb

T = TypeVar("T")
Words = tuple[str, ...]

LONGEST = 16  # words on either side
_BEFORE = 1  # the order of adjectives that go before the French noun


@dataclass(frozen=True)
class Phrase:
    """Words in both languages, and the combinations of adjective and noun in them; feminine, plural: what follows."""

    english: Words
    french: Words
    feminine: bool = False
    plural: bool = False
    combinations: frozenset[tuple[str, str]] = frozenset()

    def __add__(self, other: Phrase) -> Phrase:
        """This and then `other`; gender and number stay this one's."""
        both = self.combinations | other.combinations
        return Phrase(self.english + other.english, self.french + other.french, self.feminine, self.plural, both)


def is_held_out(adjective: str, noun: str) -> bool:
    """Whether training never sees this combination: about an eighth of all, `european area` among them."""
    return zlib.crc32(f"{adjective} {noun}".encode()) % 8 == 5


def draw_pair(rng: Generator, unseen: bool) -> Phrase:
    """A sentence of at most `LONGEST` words a side: with a held-out combination if `unseen`, else with none."""
    while True:
        made = _pick(rng, _SENTENCES)(rng)
        english, french = choose_articles(made.english), merge(elide(made.french))
        fits = max(len(english), len(french)) <= LONGEST
        if fits and any(is_held_out(*each) for each in made.combinations) == unseen:
            return Phrase(english, french, combinations=made.combinations)


def choose_articles(words: Words) -> Words:
    """English: `a` becomes `an` before a vowel that is spoken."""
    spoken = [word[0] in "aeiou" and word != "european" for word in words[1:]] + [False]
    return tuple("an" if word == "a" and vowel else word for word, vowel in zip(words, spoken, strict=True))


def elide(words: Words) -> Words:
    """French: `le ami` becomes `l' ami`, `ma école` `mon école`."""
    following = [word[0] in lexicon.VOWELS for word in words[1:]] + [False]
    return tuple(lexicon.ELIDED.get(w, w) if vowel else w for w, vowel in zip(words, following, strict=True))


def merge(words: Words) -> Words:
    """French: `de le` becomes `du`, `à les` `aux`."""
    merged: list[str] = []
    for word in words:
        before = merged[-1] if merged else ""
        if (before, word) in lexicon.MERGED:
            merged[-1] = lexicon.MERGED[before, word]
        else:
            merged.append(word)
    return tuple(merged)


def _pick(rng: Generator, items: Sequence[T]) -> T:
    return items[int(rng.random() * len(items))]


def _noun_phrase(
    rng: Generator, kinds: str, *, single: bool = False, bare: bool = False, negated: bool = False
) -> Phrase:
    """A noun of one of `kinds` with all that belongs to it; `bare`: neither owner nor subject matter."""
    noun = _pick(rng, [noun for noun in NOUNS if noun.kind in kinds])
    plural = not single and rng.random() < 0.3
    adjectives = _adjectives(rng, noun)
    used = frozenset((each.english, noun.english[0]) for each in adjectives)
    english = Phrase((*(each.english for each in adjectives), noun.english[plural]), ())
    if not bare and rng.random() < 0.2:
        owner = _noun_phrase(rng, PERSON, single=True, bare=True)
        word = "the"
        made = Phrase((*owner.english, "'s"), (), combinations=owner.combinations) + english
        tail: Words = ("de", *owner.french)
    else:
        word, tail = _pick(rng, list(lexicon.DETERMINERS)), ()
        made = Phrase((lexicon.PLURAL.get(word, word) if plural else word,), ()) + english
    indefinite_de = word == "a" and (negated or (plural and any(each.order == _BEFORE for each in adjectives)))
    article = "de" if indefinite_de else lexicon.DETERMINERS[word][2 if plural else noun.feminine]
    french = (article, *_agree(noun, adjectives, plural), *tail)
    phrase = Phrase(made.english, french, noun.feminine, plural, used | made.combinations)
    if noun.kind == TEXT and not bare and rng.random() < 0.3:
        phrase += Phrase(("on",), ("sur",)) + _noun_phrase(rng, TEXT + PLACE + THING, bare=True)
    return phrase


def _adjectives(rng: Generator, noun: Noun) -> list[Adjective]:
    """At most two that suit the noun, in their English order; half of all nouns have none."""
    chosen: list[Adjective] = []
    for share in (0.5, 0.4):
        if rng.random() >= share:
            break
        taken = [each.order for each in chosen]
        chosen.append(_pick(rng, [a for a in ADJECTIVES if noun.kind in a.kinds and a.order not in taken]))
    return sorted(chosen, key=lambda each: each.order)


def _agree(noun: Noun, adjectives: list[Adjective], plural: bool) -> Words:
    """The French noun among its adjectives: those that follow it stand in reverse."""
    word = noun.french[plural]
    before: list[str] = []
    after: list[str] = []
    for each in adjectives:
        form = each.french[plural][noun.feminine]
        if each.order != _BEFORE:
            after.insert(0, form)
        else:
            vowel = word[0] in lexicon.VOWELS and not plural and not noun.feminine
            before.append(each.before_vowel if vowel else form)
    return (*before, word, *after)


def _subject(rng: Generator, kinds: str) -> Phrase:
    if rng.random() < 0.25:
        english, french = _pick(rng, list(lexicon.SUBJECTS.items()))
        return Phrase((english,), (french,), english == "she", english == "they")
    return _noun_phrase(rng, kinds)


@dataclass(frozen=True)
class Manner:
    """How something is done: an adverb (none: ""), which may negate, now or before now."""

    adverb: str
    perfect: bool

    @property
    def negates(self) -> bool:
        """Whether French puts `ne` before the verb."""
        return self.adverb in ("not", "never")


def _manner(rng: Generator, perfect: float = 0.3) -> Manner:
    return Manner(_pick(rng, ("", "", "", "not", "not", "never", "often", "always")), rng.random() < perfect)


def _conjugate(subject: Phrase, verb: Verb, manner: Manner, pronoun: str = "") -> Phrase:
    """The subject with its verb; `pronoun` is a French object, which goes before it."""
    base, third, participle = verb.english
    adverb = (manner.adverb,) if manner.adverb else ()
    if manner.perfect:
        english = ("have" if subject.plural else "has", *adverb, participle)
    elif manner.adverb == "not":
        english = ("do" if subject.plural else "does", "not", base)
    else:
        english = (*adverb, base if subject.plural else third)
    finite = ("a", "ont")[subject.plural] if manner.perfect else verb.french[subject.plural]
    tail = (verb.french[2],) if manner.perfect else ()
    return subject + Phrase(english, _surround(((pronoun,) if pronoun else ()) + (finite,), manner) + tail)


def _surround(verb: Words, manner: Manner) -> Words:
    """French: the verb between `ne` and `pas`, or before its adverb."""
    adverb = (lexicon.ADVERBS[manner.adverb],) if manner.adverb else ()
    return (*(("ne",) if manner.negates else ()), *verb, *adverb)


def _place(rng: Generator) -> Phrase:
    return Phrase(("in",), ("dans",)) + _noun_phrase(rng, PLACE, bare=True)


def _acts(rng: Generator) -> Phrase:
    verb = _pick(rng, [verb for verb in VERBS if not verb.objects])
    made = _conjugate(_subject(rng, verb.subjects), verb, _manner(rng))
    return made + _place(rng) if rng.random() < 0.6 else made


def _acts_on(rng: Generator) -> Phrase:
    verb, manner = _pick(rng, [verb for verb in VERBS if verb.objects]), _manner(rng)
    made = _conjugate(_subject(rng, verb.subjects), verb, manner)
    made += _noun_phrase(rng, verb.objects, negated=manner.negates)
    return made + _place(rng) if rng.random() < 0.2 and PLACE not in verb.objects else made


def _acts_on_whom(rng: Generator) -> Phrase:
    verb = _pick(rng, [verb for verb in VERBS if PERSON in verb.objects])
    english, french = _pick(rng, list(lexicon.OBJECTS.items()))
    made = _conjugate(_subject(rng, verb.subjects), verb, _manner(rng, perfect=0), french) + Phrase((english,), ())
    return made + _place(rng) if rng.random() < 0.5 else made


def _gives(rng: Generator) -> Phrase:
    manner = _manner(rng)
    made = _conjugate(_subject(rng, PERSON), lexicon.GIVE, manner)
    made += _noun_phrase(rng, THING + TEXT, bare=True, negated=manner.negates)
    return made + Phrase(("to",), ("à",)) + _noun_phrase(rng, PERSON, bare=True)


def _speaks(rng: Generator) -> Phrase:
    made = _conjugate(_subject(rng, PERSON), lexicon.SPEAK, _manner(rng)) + Phrase(("to",), ("à",))
    made += _noun_phrase(rng, PERSON)
    return made + _place(rng) if rng.random() < 0.5 else made


def _was_done(rng: Generator) -> Phrase:
    """The passive, whose French participle agrees: `la loi a été signée par le ministre en août 1992`."""
    verb = _pick(rng, [verb for verb in VERBS if verb.english[0] in lexicon.PASSIVE])
    made, manner = _noun_phrase(rng, verb.objects.replace(PERSON, "")), _manner(rng)
    english = ("were" if made.plural else "was", *((manner.adverb,) if manner.adverb else ()), verb.english[2])
    agreed = verb.french[2] + "e" * made.feminine + "s" * made.plural
    made += Phrase(english, (*_surround((("a", "ont")[made.plural],), manner), "été", agreed))
    if rng.random() < 0.5:
        made += Phrase(("by",), ("par",)) + _noun_phrase(rng, PERSON, bare=True)
    if rng.random() < 0.5:
        (month, mois), year = _pick(rng, list(lexicon.MONTHS.items())), _pick(rng, lexicon.YEARS)
        made += Phrase(("in", month, year), ("en", mois, year))
    return made


_SENTENCES = (_acts, _acts_on, _acts_on, _acts_on_whom, _gives, _speaks, _was_done, _was_done)
