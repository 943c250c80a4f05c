"""Where a slide of an imported deck, or what is no block there, is from, by the comments that its outline has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from talkgen.yamlfile import PathInData
    from talkgen.yamlfile.document import Document

_ABOVE = re.compile(r"\s*# (?P<place>.+:\d+)")
_REASON = re.compile(r"(?P<before>[ -]*)# (?P<place>.+?:\d+): .*")
_BESIDE = re.compile(r"\s*(?:- )*raw:\s+# (?P<place>.+?:\d+): .*")


def find_origins(document: Document, paths: Iterable[PathInData]) -> Iterator[str]:
    """For each path the file and line of a deck that what is there stood at, as in `deck.md:12`; empty if unsaid."""
    lines = cache(_lines)
    return (_origin(document, path, lines) for path in paths)


def _origin(document: Document, path: PathInData, lines_of: Callable[[Path], list[str]]) -> str:
    if len(path) < 2 or path[0] != "slides":
        return ""
    at, slide = document.place(path), document.place(path[:2])
    lines = lines_of(at.path)
    if beside := _BESIDE.fullmatch(lines[at.line - 1]) if at.line <= len(lines) else None:
        return beside["place"]
    reason = _REASON.fullmatch(lines[at.line - 2]) if 2 <= at.line <= len(lines) + 1 else None
    if reason and len(reason["before"]) == at.column - len("- ") - 1:  # no line of a text, which is further in
        return reason["place"]
    above = _ABOVE.fullmatch(lines[slide.line - 2]) if 2 <= slide.line <= len(lines) + 1 else None
    return above["place"] if above else ""


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")
    except OSError:
        return []
