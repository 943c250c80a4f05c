"""The letters of a deck that its theme's fonts lack, as fonts of just these letters that come along."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from talkgen.fonts import faces_of, share_out
from talkgen.render.deck import Chips, Deck, Degraded, LiveAnswer


@dataclass(frozen=True)
class Letters:
    """Fonts that come along: their families, their style sheet, their files by path, and what none of them has."""

    families: Sequence[str]
    faces: str
    files: Mapping[str, Path]
    missing: str

    def behind(self, family: str) -> str:
        """A list of families for CSS: `family`, and these after it."""
        return ", ".join(f"'{each}'" for each in (family, *self.families))

    def style(self, slide: str, theirs: Sequence[str] | None) -> str:
        """CSS for slides under another tool's theme, whose own fonts are `theirs`; None where nobody knows them."""
        if not self.families:
            return ""
        families = ", ".join(f'"{each}"' for each in (*(theirs or ()), *self.families))
        return f"{self.faces}\n" + (f"{slide} {{ font-family: {families}, sans-serif; }}\n" if theirs else "")

    @property
    def degraded(self) -> list[Degraded]:
        """A line for what is not there."""
        words = (
            f"no bundled font has {self.missing}: whoever looks at the deck sees them if the machine has one that does"
        )
        return [Degraded("deck", words)] if self.missing else []


_UNUSUAL = re.compile(r"[^\x00-~]+")
NONE = Letters((), "", {}, "")  # of a deck that is its author's own


def find_letters(deck: Deck, pages: Iterable[str], script: str, folder: str, address: str) -> Letters:
    """The fonts for the source of a deck's `pages`, for what was computed for it and for its elements' `script`.

    They go below `folder`, at `address` in the page.
    """
    shown = " ".join([*map(_unusual_in_source, pages), *map(_unusual, _computed(deck))])
    shared, _ = share_out(f"{shown} {_unusual(script)}", deck.outline.lang)
    _, missing = share_out(shown, deck.outline.lang)
    files: dict[str, Path] = {}
    faces = []
    for face in faces_of(shared):
        files[f"{folder}{face.file.name}"] = face.file
        faces.append(face.css(f"{address}{face.file.name}"))
    names = [font.name for font in sorted(shared, key=lambda font: font.name)]
    return Letters(names, "\n".join(faces), files, " ".join(sorted(missing)))


_KEPT = 1024  # texts, of which all but one are as they were in a deck that is kept up to date


@lru_cache(maxsize=_KEPT)
def _unusual(text: str) -> str:
    """Of a text what fonts may lack, each run with the sign before it, which may be a key of a telephone with it."""
    return " ".join(text[max(0, run.start() - 1) : run.end()] for run in _UNUSUAL.finditer(text))


@lru_cache(maxsize=_KEPT)
def _unusual_in_source(page: str) -> str:
    return _unusual(html.unescape(page))


def _computed(deck: Deck) -> Iterator[str]:
    """What a deck shows beside its source: what was recorded, pieces of tokens."""
    for result in deck.computed.values():
        match result:
            case LiveAnswer():
                yield json.dumps(dict(result.recording), ensure_ascii=False)
            case Chips():
                yield "".join(result.pieces)
