"""What a user asks for: an outline, a target, a format, a place; and where all that is computed is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from talkgen.errors import TalkgenError, did_you_mean
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.targets import TARGETS
from talkgen.store.cas import open_store

__all__ = ["Request", "open_store"]

Reach = Literal["nothing", "public", "private"]
"""From where a build fetches what a talk shows from other hosts."""


@dataclass(frozen=True)
class Request:
    """What to build: an outline (or the folder that holds it), for one target, in one format."""

    outline: Path
    target: str = "marp"
    format: str = "html"
    out: Path | None = None
    model: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)  # instead of the outline's of these names
    fetch: Reach = "nothing"
    clicks: bool = False  # a page for each click instead of each slide
    keep_going: bool = False  # past what cannot be made
    remeasure: bool = False  # what a clock says, also where it is known

    @property
    def export(self) -> str:
        """What the target makes of it: "md" or "html"; or "pdf", and of a page for each click "pdf-clicks"."""
        return f"{self.format}-clicks" if self.clicks else self.format

    def deck_folder(self, outline: Path) -> DeckFolder:
        """Where the deck of the outline in the file `outline` is or goes.

        Raises:
            TalkgenError: there is no such target, or it cannot do what is asked.
        """
        if self.target not in TARGETS:
            raise TalkgenError(f"there is no target '{self.target}'", did_you_mean(self.target, TARGETS))
        if self.clicks and (self.target != "slidev" or self.format in ("html", "md")):
            raise TalkgenError(
                f"{self.target.capitalize()} makes no {self.format} with a page for each click",
                "Slidev does: --target slidev --format pdf, pptx, png or notes",
            )
        return DeckFolder(self.out or outline.parent / "dist" / self.target, TARGETS[self.target])
