"""Words that YAML takes for a comment: what follows ` #` in a line of text that stands without quotes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from talkgen.check.findings import Finding
from talkgen.check.prose import find_prose
from talkgen.errors import Place, Problem, TalkgenError
from talkgen.outline.source import Source
from talkgen.yamlfile import read_text, where_path


def find_commented(source: Source) -> Iterator[Finding]:
    """Texts with a comment after a single blank: whoever means one leaves two, and a text like `C # code` has one."""
    lines = cache(_lines)
    for text in find_prose(source.outline):
        if text.path[-1] == "":  # a bullet with others below it, whose colon would be in the comment
            continue
        spot = source.document.spot(text.path)
        if spot.style or not spot.raw:
            continue
        place = _end(spot.value, spot.raw)
        rest = lines(place.path)[place.line - 1 : place.line]
        if rest and rest[0][place.column - 1 :].startswith(" #"):
            lost = rest[0][place.column :].strip()
            hint = "put the text in quotes; before a comment two blanks are plain"
            message = f"'{lost}' is a comment, and not in the text '{_short(spot.raw)}'"
            at = Place(place.path, place.line, place.column + 1)
            yield Finding("comment", Problem(message, hint, at, where_path(text.path)))


def _end(start: Place, raw: str) -> Place:
    """Where a text ends that begins at a place."""
    lines, last = raw.count("\n"), raw.rpartition("\n")[2]
    return Place(start.path, start.line + lines, len(last) + (1 if lines else start.column))


def _lines(path: Path) -> list[str]:
    try:
        return read_text(path).split("\n")
    except TalkgenError:  # it went since it was read
        return []


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else f"…{words[-39:]}"
