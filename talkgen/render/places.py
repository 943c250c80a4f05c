"""The places of a Slidev layout in a deck that has none: what belongs side by side, above and below; signs for them.

A sign stands in a text from when it is read until it is written; an author's own text has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PLACE, VECTOR, FRAME, COLUMN = "place", "vector", "frame", "column"  # kinds of signs
_OPEN, _CLOSE = "\ue200", "\ue201"  # of Unicode's private use: no author's
_SIGN = re.compile(f"{_OPEN}(?P<kind>[a-z]+)-(?P<name>[\\w-]+){_CLOSE}")
_SIDES = (
    ("left", "center", "middle", "right"), ("col1", "col2", "col3", "col4"), ("first", "second", "third"),
    ("one", "two", "three", "four"), ("column1", "column2", "column3"), ("c1", "c2", "c3"),
)  # fmt: skip
_BESIDE = {name: number for names in _SIDES for number, name in enumerate(names)}
_ABOVE = ("title", "header", "heading", "top", "subtitle", "default", "content", "main")
_BELOW = ("bottom", "footer", "footnote", "caption", "note", "notes", "below")
SLOTS = frozenset((*_BESIDE, *_ABOVE, *_BELOW))  # which mean the same in layouts of all themes


def sign(kind: str, name: str) -> str:
    """A sign for something of that kind."""
    return f"{_OPEN}{kind}-{name}{_CLOSE}"


def signs(text: str) -> Iterator[re.Match[str]]:
    """The signs in a text, each with its `kind` and its `name`."""
    return _SIGN.finditer(text)


def arranged(text: str, layout: str) -> str:
    """The body of a slide with what belongs to the places of its layout where it belongs."""
    parts: list[tuple[str, str]] = [("default", "")]
    at = 0
    for found in _SIGN.finditer(text):
        if found["kind"] == PLACE and found["name"] != "toc":
            parts[-1] = (parts[-1][0], text[at : found.start()].strip("\n"))
            parts.append((found["name"], ""))
            at = found.end()
    parts[-1] = (parts[-1][0], text[at:].strip("\n"))
    if len(parts) == 1:
        return text
    beside = [(name, inside) for name, inside in parts if name in _BESIDE]
    others = [(name, inside) for name, inside in parts if name not in _BESIDE and inside]
    if beside and all(name in ("right", "second", "two", "col2") for name, _ in beside) and "header" not in layout:
        beside = [*((name, inside) for name, inside in others if name == "default"), *beside]
        others = [(name, inside) for name, inside in others if name != "default"]
    beside.sort(key=lambda part: _BESIDE.get(part[0], 0))
    above = [inside for name, inside in others if name not in _BELOW]
    below = [inside for name, inside in others if name in _BELOW]
    return "\n\n".join([*above, *_columns([inside for _, inside in beside]), *below])


def _columns(parts: list[str]) -> Iterator[str]:
    if len(parts) == 1:
        yield parts[0]
    elif parts:
        inner = "\n\n".join(f"<div>\n\n{part}\n\n</div>" for part in parts)
        style = f"grid-template-columns:{' '.join(['1fr'] * len(parts))}"
        yield f'<div class="tg-columns" style="{style}">\n\n{inner}\n\n</div>'
