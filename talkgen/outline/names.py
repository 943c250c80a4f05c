"""Checks the names that an outline gives and uses: an id is given once, and themes and layouts are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from talkgen.errors import Problem, did_you_mean
from talkgen.outline.blocks import Block
from talkgen.outline.links import check_links
from talkgen.outline.parts import Parts
from talkgen.outline.schema import LAYOUTS, Outline, Slide
from talkgen.outline.themes import check_themes
from talkgen.outline.walk import find_blocks, find_slides
from talkgen.yamlfile import Document, PathInData


def check_names(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each id that a slide or a block before it has, and for names of what is not there.

    Links are looked at in an outline that is well formed: what they are meant for may be what is not.
    """
    slides = [found for path, part in parts.items() for found in find_slides(part, path)]
    blocks = [found for path, part in parts.items() for found in find_blocks(part, path)]
    yield from _check_ids(sorted([*slides, *blocks], key=lambda found: _order(found[0])), document)
    outline = parts.get(())
    if isinstance(outline, Outline):
        yield from check_themes(outline, document)
    if isinstance(outline, Outline) and isinstance(outline.theme, str):  # another tool's theme has layouts of its own
        yield from _check_layouts(slides, document)
        yield from check_links(outline, document) if len(parts) == 1 else ()


def _order(path: PathInData) -> tuple[int, ...]:
    return tuple(step for step in path if isinstance(step, int))


def _check_ids(named: Sequence[tuple[PathInData, Slide | Block]], document: Document) -> Iterator[Problem]:
    first: dict[str, PathInData] = {}
    for path, node in named:
        if node.id in first:
            line = document.place(first[node.id]).line
            message = f"the id '{node.id}' is used twice (first on line {line})"
            yield document.problem(message, "give each its own", (*path, "id"))
        elif node.id is not None:
            first[node.id] = (*path, "id")


def _check_layouts(slides: Sequence[tuple[PathInData, Slide]], document: Document) -> Iterator[Problem]:
    for path, slide in slides:
        if slide.layout not in LAYOUTS:
            hint = did_you_mean(slide.layout, LAYOUTS)
            yield document.problem(f"there is no layout '{slide.layout}'", hint, (*path, "layout"))
