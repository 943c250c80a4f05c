"""A resolved deck: an outline beside everything computed for it, ready to become text. Runs nothing, reads no model.

A block is addressed by its path in the outline, as in `("slides", 3, "body", 0)` or
`("slides", 3, "body", 1, "columns", 0, 2)`; `computed` holds the result of each figure, live and tokens block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talkgen.outline.bibliography import Works
from talkgen.outline.schema import Outline
from talkgen.style import Style

BlockPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Picture:
    """A drawn figure: the store's files, its name in the deck, and its words."""

    svg: Path
    png: Path
    name: str  # file stem in the deck's figures/ folder, as in "compute_graph-3f9a12cd"
    alt: str
    width: int  # px of a 1280 by 720 slide
    height: int
    earlier: tuple[Picture, ...] = ()  # the steps before it, which stand in its place until a click


@dataclass(frozen=True)
class LiveAnswer:
    """A live block's recording (see serve/live.py for its JSON) and the element that plays it."""

    element: str  # custom element, as in "talkgen-live"
    recording: Mapping[str, Any]


@dataclass(frozen=True)
class Chips:
    """Text split by a tokenizer."""

    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    model: str


@dataclass(frozen=True)
class Drawing:
    """A drawn diagram: the store's file, its name in the deck, its words, its own size in px."""

    svg: Path
    name: str
    words: str
    width: float
    height: float


@dataclass(frozen=True)
class Output:
    """What a program printed."""

    text: str


Computed = Picture | LiveAnswer | Chips | Drawing | Output


@dataclass(frozen=True)
class Deck:
    """All a renderer needs. Every `{{ … }}` in `outline` is already evaluated."""

    outline: Outline
    folder: Path  # of the outline: images are relative to it
    computed: Mapping[BlockPath, Computed]
    style: Style
    models: Mapping[str, str] = field(default_factory=dict)  # that answer in the page, as JSON by their names
    fetched: Mapping[str, tuple[Path, str]] = field(
        default_factory=dict
    )  # by address: the file, the suffix of its kind
    fonts: str = ""  # the address of the style sheet of fonts that Slidev would ask another host for
    notes: Sequence[Degraded] = ()  # what is told beside what the renderer finds
    packages: Sequence[Mapping[str, str]] = ()  # of npm, beside Slidev's: each with `package`, `version`, `integrity`
    works: Works = field(default_factory=dict)  # of the talk's bibliography
    failed: Mapping[BlockPath, str] = field(default_factory=dict)  # what went wrong with blocks that were not computed
    styles: Mapping[str, Style] = field(default_factory=dict)  # of slides that have their own, by the name of the theme


@dataclass(frozen=True)
class Degraded:
    """Something a target cannot show as written, and what it shows instead."""

    where: str
    message: str
    path: BlockPath = ()  # of the block, in the outline


@dataclass(frozen=True)
class Rendering:
    """A deck as files, by path inside the output folder: text, or the file to copy."""

    files: Mapping[str, str | Path]
    degraded: tuple[Degraded, ...] = ()
    missing: tuple[str, ...] = ()  # files that an author's own source names and that are not there, as it names them
