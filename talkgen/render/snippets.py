"""Listings that Slidev takes from files, `<<< @/snippets/one.ts#part ts {1|3}`, as fences with their code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from talkgen.render.escape import fence
from talkgen.render.grammar import LONGEST, read_markdown

_SIGN = "<<<"
_REGION = re.compile(r"\s*(?://|<!--|/\*|\(\*|--|::|@?REM\b|#pragma\b|#)\s*#?(?P<end>end ?)?region\b", re.IGNORECASE)
_CLOSE = ("*/", "-->", "*)")


def with_snippets(source: str, read: Callable[[str], str | None]) -> str:
    """Slidev's source with the code of the files that its listings name; `read` gives a file's text, or None.

    A listing whose file cannot be had, or whose code makes the text too long for a slide, stays as it is.
    """
    if _SIGN not in source:
        return source
    lines, room = source.split("\n"), LONGEST - len(source)
    for number in sorted(_outside_code(source, lines)):
        listing = _listing(lines[number], read) if lines[number].startswith(_SIGN) else None
        if listing and len(listing) + 2 <= room:
            room -= len(listing) + 2
            lines[number] = f"\n{listing}\n"
    return "\n".join(lines)


def _outside_code(source: str, lines: Sequence[str]) -> set[int]:
    """The lines that are no listing's, no comment's and no tag's."""
    kept = set(range(len(lines)))
    for token in read_markdown(source):
        if token.type in ("fence", "code_block", "html_block") and token.map:
            kept -= set(range(*token.map))
    return kept


def _listing(line: str, read: Callable[[str], str | None]) -> str | None:
    """A fence for one `<<< file#region language {lines}`, as Slidev reads it."""
    named, brace, rest = line.removeprefix(_SIGN).partition("{")
    words = named.split()
    if not 1 <= len(words) <= 2:
        return None
    name, _, region = words[0].partition("#")
    text = read(name.removeprefix("@/"))
    if text is None:
        return None
    language = words[1] if len(words) == 2 else PurePosixPath(name).suffix[1:]
    return fence(_part(text, region) if region else text, f"{language} {brace}{rest}".strip())


def _part(text: str, region: str) -> str:
    """The lines between the marks of a region, `#region NAME` and `#endregion` in a comment; without one, all."""
    lines = text.split("\n")
    marks = {number: mark for number, line in enumerate(lines) if (mark := _mark(line))}
    start = next((number for number, mark in marks.items() if mark == (True, region)), None)
    deep = 0
    for number, (begins, name) in marks.items():
        if start is None or number < start or name not in (region, *([] if begins else [""])):
            continue
        deep += 1 if begins else -1
        if deep == 0:
            inside = (line for at, line in enumerate(lines[start:number], start) if at not in marks)
            return textwrap.dedent("\n".join(inside))
    return text


def _mark(line: str) -> tuple[bool, str] | None:
    """Whether a line begins a region or ends one, and the region's name; None where it does neither."""
    found = _REGION.match(line)
    if not found:
        return None
    name = line[found.end() :].strip()
    for close in _CLOSE:
        name = name.removesuffix(close).rstrip()
    return not found["end"], name
