"""Key terms that are spelled in more than one way; knows nothing of decks, and no language's dictionary."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from talkgen.check.findings import Finding
from talkgen.check.prose import find_prose, inline_tokens
from talkgen.errors import Problem
from talkgen.outline.source import Source
from talkgen.outline.walk import Text
from talkgen.yamlfile import where_path

_EXPRESSION = re.compile(r"\{\{.{0,2000}?\}\}", re.DOTALL)
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_NEAR = 0.85  # of difflib: one letter missing, doubled or swapped in a word of five or more
_SHORTEST = 5  # letters of a term that may be mistyped: shorter words are near to too many others
_ENDING = 3  # letters of a word's end that may differ: transformers, transformed


@dataclass(frozen=True)
class Term:
    """A key term as the talk spells it."""

    text: str

    @property
    def words(self) -> int:
        """How many words it has; one with a hyphen is one."""
        return len(self.text.split())

    def is_missed_by(self, written: str) -> bool:
        """Whether something is meant as the term and is not: other capitals or hyphens, or a slip of the keys.

        A capital at its beginning is right anywhere, since a sentence may begin there.
        """
        if written in (self.text, self.text[:1].upper() + self.text[1:]):
            return False
        term, other = _squash(self.text), _squash(written)
        if term == other:
            return True
        is_near = len(term) >= _SHORTEST and len(written.split()) == self.words
        return is_near and not _is_form(term, other) and _nearness(term, other) >= _NEAR


def _squash(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _is_form(term: str, other: str) -> bool:
    """Whether the two differ in their endings alone."""
    same = next((at for at, (a, b) in enumerate(zip(term, other, strict=False)) if a != b), min(len(term), len(other)))
    return max(len(term), len(other)) - same <= _ENDING


def _nearness(a: str, b: str) -> float:
    matcher = difflib.SequenceMatcher(None, a, b)
    return matcher.ratio() if matcher.real_quick_ratio() >= _NEAR else 0.0


def find_misspelled(source: Source) -> Iterator[Finding]:
    """A finding for each text of the talk in which a term of its `terms` is spelled in another way."""
    terms = [Term(text) for text in source.outline.terms]
    for text in find_prose(source.outline) if terms else ():
        yield from _findings(text, terms, source)


def _findings(text: Text, terms: Sequence[Term], source: Source) -> Iterator[Finding]:
    known = {term.text for term in terms}
    seen: set[str] = set()
    for written, term in _pairs(words_of(text.text), terms):
        if written not in known | seen and term.is_missed_by(written):
            seen.add(written)
            problem = Problem(
                f"'{written}' is spelled '{term.text}' in this talk's terms",
                place=source.place(text.path),
                where=where_path(text.path),
            )
            yield Finding("term", problem)


def _pairs(runs: Sequence[Sequence[str]], terms: Sequence[Term]) -> Iterator[tuple[str, Term]]:
    """What may be meant as each term: as many words as it has, one more or one less (self attention)."""
    for term in terms:
        for length in {max(term.words - 1, 1), term.words, term.words + 1}:
            for words in runs:
                for at in range(len(words) - length + 1):
                    yield " ".join(words[at : at + length]), term


def words_of(text: str) -> list[list[str]]:
    """The words of a Markdown text, a list a line; those of code, formulas, addresses and expressions are left out."""
    inner = inline_tokens(_EXPRESSION.sub(" ", text))
    lines = (_WORD.findall(token.content) for token in inner if token.type == "text")
    return [words for words in lines if words]
