"""Checks the names that an outline gives: an id is used once."""

from __future__ import annotations

from collections.abc import Iterator

from talkgen.errors import Problem
from talkgen.outline.walk import find_blocks, find_slides
from talkgen.yamlfile import Document, PathInData, where_path


def check_names(document: Document) -> Iterator[Problem]:
    """A problem for each id that a slide or a block before it has."""
    slides = [((*path, "id"), slide.get("id")) for path, slide in find_slides(document.data)]
    blocks = [
        ((*path, "id"), block.get("id")) for path, _, block in find_blocks(document.data) if isinstance(block, dict)
    ]
    for named in (slides, blocks):
        first: dict[str, PathInData] = {}
        for path, name in named:
            if not isinstance(name, str):
                continue
            if name in first:
                line = document.place(first[name]).line
                message, hint = f"the id '{name}' is used twice (first on line {line})", "give each its own"
                yield Problem(message, hint, document.place(path), where_path(path))
            first.setdefault(name, path)
