"""What an outline asks for, as plain data: figures, recordings, token splits, and all that its text is made of.

A draft is what planning needs to know of an outline. It names models, runs and sweeps and looks into none, and it can
be kept as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from talkgen.errors import Problem
from talkgen.figures.uses import Part, Uses
from talkgen.outline.wanted import Remote, Wanted, WebFonts

BlockPath = tuple[str | int, ...]
Chain = tuple[Any, ...]
Names = str | Sequence[str] | None  # of models, in the order in which they are tried


@dataclass(frozen=True)
class FigureDraft:
    """A figure with its parameters checked, and what they name; sizes in px of a 1280 by 720 slide."""

    label: str
    path: BlockPath
    figure: str
    origin: str  # where its code is
    step: int | None  # one before the last of those that clicks reveal
    params: Mapping[str, Any]
    uses: Mapping[str, Uses]
    tables: tuple[str, ...]
    timed: bool  # holds times, which are this machine's own
    width: int
    height: int
    theme: str | None = None  # that of its slide, where that has its own


@dataclass(frozen=True)
class RecordingDraft:
    """A live block, as JSON, and the element that plays its recording."""

    label: str
    path: BlockPath
    element: str
    block: Mapping[str, Any]
    models: tuple[Names, ...]
    roots: tuple[str, ...]  # where the code that answers starts
    timed: bool  # holds times, which are this machine's own
    in_page: bool  # whether a page that carries the models answers by itself
    run_parts: tuple[Part, ...] = ()  # what of the models' runs is read beside their weights


@dataclass(frozen=True)
class TokensDraft:
    """A text to split into tokens."""

    label: str
    path: BlockPath
    text: str
    model: Names


@dataclass(frozen=True)
class DiagramDraft:
    """A Mermaid diagram."""

    label: str
    path: BlockPath
    source: str
    theme: str | None = None  # that of its slide, where that has its own


@dataclass(frozen=True)
class OutputDraft:
    """A program of the talk's own, for what it prints; `file` is the one that it is, if it is in one."""

    label: str
    path: BlockPath
    program: str
    file: str | None


BlockDraft = FigureDraft | RecordingDraft | TokensDraft | DiagramDraft | OutputDraft
_KINDS: dict[str, type[BlockDraft]] = {
    "figure": FigureDraft,
    "recording": RecordingDraft,
    "tokens": TokensDraft,
    "diagram": DiagramDraft,
    "output": OutputDraft,
}


@dataclass(frozen=True)
class Draft:
    """What an outline asks for; `text` holds the parts of a rendering's key that are the outline's."""

    themes: Mapping[str, str]  # each target's own, by the target; none where the theme is ours
    looks: tuple[str, ...]  # the themes of ours that single slides have
    wanted: tuple[Wanted, ...]  # themes and addons that do not come with Slidev
    remote: tuple[Remote, ...]  # what is shown from other hosts
    fonts: WebFonts | None  # that Slidev fetches
    size: tuple[int, int]  # width and height of a slide in px
    shown: tuple[int, ...]  # the slides that are in the deck, counted from 0
    elsewhere: frozenset[int]  # of these the ones that Slidev takes from files of its own talk which are not there
    blocks: tuple[BlockDraft, ...]
    chains: frozenset[Chain]  # the values that texts name
    inputs: frozenset[Chain]  # the values that it was made with, since something is computed from them
    text: Mapping[str, Any]
    minutes: tuple[float, ...]  # that slides which are shown are planned with
    problems: tuple[Problem, ...] = ()

    def pages(self, target: str) -> tuple[int, ...]:
        """The slides that are pages of a target's deck, in their order: Slidev shows none whose file is missing."""
        return tuple(each for each in self.shown if target != "slidev" or each not in self.elsewhere)


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """A draft without problems as JSON values."""
    kinds = {kind: name for name, kind in _KINDS.items()}
    return {
        "themes": dict(draft.themes),
        "looks": draft.looks,
        "wanted": [asdict(each) for each in draft.wanted],
        "remote": [asdict(each) for each in draft.remote],
        "fonts": draft.fonts and asdict(draft.fonts),
        "size": draft.size,
        "shown": draft.shown,
        "elsewhere": sorted(draft.elsewhere),
        "blocks": [{"kind": kinds[type(block)], **asdict(block)} for block in draft.blocks],
        "chains": [list(chain) for chain in draft.chains],
        "inputs": [list(chain) for chain in draft.inputs],
        "text": draft.text,
        "minutes": draft.minutes,
    }


def draft_from_json(data: Mapping[str, Any]) -> Draft:
    """The draft that `draft_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it did not write `data`.
    """
    return Draft(
        themes=dict(data["themes"]),
        looks=tuple(data["looks"]),
        wanted=tuple(Wanted(each["kind"], each["name"], tuple(each["path"])) for each in data["wanted"]),
        remote=tuple(Remote(**{**each, "path": tuple(each["path"])}) for each in data["remote"]),
        fonts=data["fonts"] and WebFonts(**{**data["fonts"], "path": tuple(data["fonts"]["path"])}),
        size=(int(data["size"][0]), int(data["size"][1])),
        shown=tuple(data["shown"]),
        elsewhere=frozenset(data["elsewhere"]),
        blocks=tuple(_block_from_json(dict(block)) for block in data["blocks"]),
        chains=frozenset(tuple(chain) for chain in data["chains"]),
        inputs=frozenset(tuple(chain) for chain in data["inputs"]),
        text=dict(data["text"]),
        minutes=tuple(map(float, data["minutes"])),
    )


def _block_from_json(data: dict[str, Any]) -> BlockDraft:
    kind = _KINDS[data.pop("kind")]
    data["path"] = tuple(data["path"])
    if kind is FigureDraft:
        data["tables"] = tuple(data["tables"])
        data["uses"] = {name: Uses(mark["kind"], tuple(mark["parts"])) for name, mark in data["uses"].items()}
    if kind is RecordingDraft:
        data["models"], data["roots"] = tuple(data["models"]), tuple(data["roots"])
        data["run_parts"] = tuple(data["run_parts"])
    return kind(**data)
