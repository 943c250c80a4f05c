"""Plain text as Markdown that shows just that text; knows no outline."""

from __future__ import annotations

import re

_INSIDE = re.compile(r"[\\`*]|(?<!\w)_|_(?!\w)|<(?=[\w/!?])|~(?=~)|&(?=#?\w+;)")
_BRACKET = re.compile(r"\[(?=[^\]\n]*\][(\[:]|[\^@])")
_BEGINNING = re.compile(r"^(?=[#+>=|-])|^(?P<number>\d+)(?=[.)](?:\s|$))", re.MULTILINE)


def as_prose(text: str) -> str:
    """Markdown that is read as `text`: signs that would mean something have a backslash before them."""
    text = _BRACKET.sub(r"\\[", _INSIDE.sub(r"\\\g<0>", text))
    if text.count("$") > 1:
        text = text.replace("$", "\\$")
    return _BEGINNING.sub(lambda found: f"{found['number']}\\" if found["number"] else "\\", text)


def as_cell(text: str) -> str:
    """Plain text as a cell of a table: on one line."""
    return as_prose(" ".join(text.split()))
