"""Plain text as Markdown that shows just that text; knows no outline."""

from __future__ import annotations

import re

_INSIDE = re.compile(r"[\\`*]|(?<!\w)_|_(?!\w)|<(?=[\w/!?])|~(?=~)|&(?=#?\w+;)")
_BRACKETS = re.compile(r"(?<![^\]\n])[^\]\n]+(?P<is_linked>\](?=[(\[:]))?")  # from one that closes to the next
_NAMED = re.compile(r"\[(?=[\^@])")  # a footnote or a work
_BEGINNING = re.compile(r"^(?=[#+>=|-])|^(?P<number>\d+)(?=[.)](?:\s|$))", re.MULTILINE)


def as_prose(text: str) -> str:
    """Markdown that is read as `text`: signs that would mean something have a backslash before them."""
    text = _BRACKETS.sub(_opened, _INSIDE.sub(r"\\\g<0>", text))
    if text.count("$") > 1:
        text = text.replace("$", "\\$")
    return _BEGINNING.sub(lambda found: f"{found['number']}\\" if found["number"] else "\\", text)


def _opened(found: re.Match[str]) -> str:
    """A stretch of text in which a bracket has a backslash before it, where one that it opens would be a link's."""
    return found[0].replace("[", "\\[") if found["is_linked"] else _NAMED.sub(r"\\[", found[0])


def as_cell(text: str) -> str:
    """Plain text as a cell of a table: on one line."""
    return as_prose(" ".join(text.split()))
