"""Checks the names that an outline gives and uses: an id is used once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from talkgen.errors import Problem
from talkgen.outline.blocks import Block
from talkgen.outline.parts import Parts
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks, find_slides
from talkgen.yamlfile import Document, PathInData


def check_names(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each id that a slide or a block before it has."""
    slides = [found for path, part in parts.items() for found in find_slides(part, path)]
    blocks = [found for path, part in parts.items() for found in find_blocks(part, path)]
    yield from _check_ids(slides, document)
    yield from _check_ids(blocks, document)


def _check_ids(named: Sequence[tuple[PathInData, Slide | Block]], document: Document) -> Iterator[Problem]:
    first: dict[str, PathInData] = {}
    for path, node in named:
        if node.id in first:
            line = document.place(first[node.id]).line
            message = f"the id '{node.id}' is used twice (first on line {line})"
            yield document.problem(message, "give each its own", (*path, "id"))
        elif node.id is not None:
            first[node.id] = (*path, "id")
