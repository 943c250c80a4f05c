"""What of an outline's raw data is well formed, so that one mistake hides no other, and where bodies are in it.

Whatever shape the data is in: what is not well formed is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from talkgen.outline.blocks import AnyBlock, block_key
from talkgen.outline.schema import Outline, Slide
from talkgen.outline.walk import Part
from talkgen.yamlfile import PathInData

Parts = Mapping[PathInData, Part]


def sound_parts(data: Any) -> Parts:
    """The outline, by the path (); or, where it is not well formed, what of it is.

    That is its settings, each slide or its settings, each block or what is in its columns.
    """
    if outline := _sound(Outline, data):
        return {(): outline}
    head = {**data, "slides": [{}]} if isinstance(data, dict) else None
    parts: dict[PathInData, Part | None] = {(): _sound(Outline, head)}
    for path, slide in raw_slides(data):
        parts[path] = _sound(Slide, slide)
        if parts[path] is None:
            parts[path] = _sound(Slide, {**slide, "body": []})
            parts |= _blocks((*path, "body"), slide.get("body"))
    return {path: part for path, part in parts.items() if part is not None}


def _blocks(path: PathInData, body: Any) -> dict[PathInData, Part | None]:
    parts: dict[PathInData, Part | None] = {}
    for index, block in enumerate(body if isinstance(body, list) else []):
        here = (*path, index)
        parts[here] = _sound(AnyBlock, block)
        if parts[here] is None:
            for cell, inner in _columns(block):
                parts |= _blocks((*here, "columns", cell), inner)
    return parts


def _sound(kind: Any, data: Any) -> Any:
    try:
        return _adapter(kind).validate_python(data)
    except ValidationError:
        return None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def raw_slides(data: Any) -> Iterator[tuple[PathInData, dict[str, Any]]]:
    """The slides, each with its path."""
    slides = data.get("slides") if isinstance(data, dict) else None
    for index, slide in enumerate(slides if isinstance(slides, list) else []):
        if isinstance(slide, dict):
            yield ("slides", index), slide


def raw_bodies(data: Any) -> Iterator[list[Any]]:
    """All lists of blocks, those in columns too."""
    return (body for _, body in raw_bodies_at(data))


def raw_bodies_at(data: Any) -> Iterator[tuple[PathInData, list[Any]]]:
    """The same, each with its path."""
    waiting = [((*path, "body"), slide.get("body")) for path, slide in raw_slides(data)]
    while waiting:
        path, body = waiting.pop()
        if isinstance(body, list):
            yield path, body
            for index, block in enumerate(body):
                waiting += [((*path, index, "columns", cell), inner) for cell, inner in _columns(block)]


def _columns(block: Any) -> Iterator[tuple[int, list[Any]]]:
    """The bodies inside a `columns` block; nothing for any other."""
    if isinstance(block, dict) and block_key(block) == "columns" and isinstance(block["columns"], list):
        yield from ((cell, body) for cell, body in enumerate(block["columns"]) if isinstance(body, list))
