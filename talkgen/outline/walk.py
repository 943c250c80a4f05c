"""Walks a typed outline, or any part of one: its blocks, and its texts with what their fields say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from talkgen.outline.blocks import AnyBlock, Bullets, Columns
from talkgen.outline.node import Marks, Node, marks
from talkgen.outline.schema import Outline, Slide
from talkgen.yamlfile import PathInData

Part = Outline | Slide | AnyBlock  # of an outline, or all of it


@dataclass(frozen=True)
class Text:
    """A text in an outline: its path, and the marks of its field."""

    path: PathInData
    text: str
    marks: Marks


def find_blocks(node: Part, path: PathInData = ()) -> Iterator[tuple[PathInData, AnyBlock]]:
    """The blocks of the part at `path`, itself if it is one, each with its own path; those inside other blocks too."""
    if not isinstance(node, Outline | Slide):
        yield path, node
    for body_path, body in _bodies(node, path):
        for index, block in enumerate(body):
            yield from find_blocks(block, (*body_path, index))


def find_slides(node: Part, path: PathInData = ()) -> Iterator[tuple[PathInData, Slide]]:
    """The slides of the part at `path`, itself if it is one."""
    if isinstance(node, Slide):
        yield path, node
    elif isinstance(node, Outline):
        yield from ((("slides", number), slide) for number, slide in enumerate(node.slides))


def _bodies(node: Part, path: PathInData) -> Iterator[tuple[PathInData, list[AnyBlock]]]:
    """The lists of blocks in a node, those of its blocks left out."""
    match node:
        case Outline():
            yield from ((("slides", number, "body"), slide.body) for number, slide in enumerate(node.slides))
        case Slide():
            yield (*path, "body"), node.body
        case Columns():
            yield from (((*path, "columns", index), column) for index, column in enumerate(node.columns))


def find_texts(node: Node, path: PathInData = ()) -> Iterator[Text]:
    """The texts in the node at `path`, those of the nodes in it too."""
    for name, about in marks(type(node)).items():
        field = getattr(node, name)
        if isinstance(field, str):
            yield Text((*path, name), field, about)
            continue
        for inner, value in _strings(field, (*path, name), keys=isinstance(node, Bullets)) if field else ():
            if isinstance(value, str):
                yield Text(inner, value, about)
            else:
                yield from find_texts(value, inner)


def _strings(value: Any, path: PathInData, *, keys: bool) -> Iterator[tuple[PathInData, str | Node]]:
    """The strings and nodes in a value, with `keys` those of mappings: a bullet has the path of its children and ""."""
    if isinstance(value, str | Node):
        yield path, value
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _strings(each, (*path, index), keys=keys)
    elif isinstance(value, dict):
        for key, each in value.items():
            if keys:
                yield (*path, key, ""), key
            yield from _strings(each, (*path, key), keys=keys)
