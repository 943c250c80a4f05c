"""Walks the blocks of an outline's raw data, whatever shape it is in: what is not well formed is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from talkgen.outline.schema import BLOCKS, block_key
from talkgen.yamlfile import PathInData


def find_slides(data: Any) -> Iterator[tuple[PathInData, dict[str, Any]]]:
    """The slides, each with its path."""
    slides = data.get("slides") if isinstance(data, dict) else None
    for index, slide in enumerate(slides if isinstance(slides, list) else []):
        if isinstance(slide, dict):
            yield ("slides", index), slide


def find_blocks(data: Any) -> Iterator[tuple[PathInData, str, Any]]:
    """All blocks, those in columns included: path, the key that names the block, and its YAML (text or a mapping)."""
    for path, slide in find_slides(data):
        yield from _in_body((*path, "body"), slide.get("body"))


def _in_body(path: PathInData, body: Any) -> Iterator[tuple[PathInData, str, Any]]:
    for index, block in enumerate(body if isinstance(body, list) else []):
        here, key = (*path, index), block_key(block)
        if key in BLOCKS:
            yield here, key, block
        for cell, inner in columns_of(block):
            yield from _in_body((*here, "columns", cell), inner)


def columns_of(block: Any) -> Iterator[tuple[int, list[Any]]]:
    """The bodies inside a `columns` block; nothing for any other."""
    if isinstance(block, dict) and block_key(block) == "columns" and isinstance(block["columns"], list):
        yield from ((cell, body) for cell, body in enumerate(block["columns"]) if isinstance(body, list))
