"""What a deck says in words: title, notes and text of each slide, and its minutes; knows no outline and no tool.

It lies in the deck's folder as JSON. Exports in which slides are pictures, or pages without names, take their titles,
their notes and the words for readers without eyes from it; a presenting server what its speaker needs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

WORDS = "words.json"  # its name in a deck's folder
_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}  # languages, as BCP 47 names them


@dataclass(frozen=True)
class SlideWords:
    """A slide: `text` is all that is read on it, alt texts of its pictures too; `live` names what answers on it."""

    title: str
    notes: str
    text: str
    minutes: float | None = None  # that it is planned with
    live: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeckWords:
    """A deck and its slides, in the order in which they are shown."""

    title: str
    author: str
    description: str
    lang: str
    slides: tuple[SlideWords, ...]

    def fitted(self, count: int) -> DeckWords:
        """The words of `count` slides: its own, or bare numbers where a tool cuts its author's source otherwise."""
        if len(self.slides) == count:
            return self
        return replace(self, slides=tuple(SlideWords(f"Slide {at}", "", "") for at in range(1, count + 1)))

    def to_json(self) -> str:
        """The words as they lie in a deck's folder."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def read_words(folder: Path) -> DeckWords:
    """The words of the deck in `folder`."""
    data = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    slides = tuple(SlideWords(**{**slide, "live": tuple(slide["live"])}) for slide in data["slides"])
    return DeckWords(**{**data, "slides": slides})


def read_slides(folder: Path) -> list[dict[str, Any]]:
    """What a speaker needs of each slide of the deck in `folder`: its title, notes, minutes and what is live on it."""
    return [
        {"title": each.title, "notes": each.notes, "minutes": each.minutes, "live": each.live}
        for each in read_words(folder).slides
    ]


def direction(lang: str) -> str:
    """Where the lines of a language begin: "rtl" or "ltr"."""
    return "rtl" if lang.lower().split("-")[0] in _RIGHT_TO_LEFT else "ltr"
