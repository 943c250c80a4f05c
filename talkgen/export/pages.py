"""Pictures of a deck's slides, and the documents that are made of them, alike for every tool that took them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from talkgen.words import read_words


@dataclass(frozen=True)
class Page:
    """A picture of a slide, which is counted from 0; a slide has several where each click has one."""

    slide: int
    picture: Path


def write_document(kind: str, file: Path, pages: Sequence[Page], folder: Path) -> None:
    """Writes `pages` of the deck in `folder` to `file`, as "pptx" or "notes".

    Raises:
        ToolError: the browser, which prints notes, is missing or failed.
    """
    words = read_words(folder).fitted(1 + max(page.slide for page in pages))
    if kind == "pptx":
        from talkgen.export.pptx import write_pptx

        write_pptx(file, pages, words)
    else:
        from talkgen.export.notes import write_notes

        write_notes(file, pages, words)
