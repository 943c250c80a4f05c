"""Replaces `include: FILE` by the blocks in the file: a YAML list of blocks, or Markdown.

Names of files, in an included file too, are relative to the outline's folder. Places follow: a problem in an included
file is told at its line there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place, Problem
from talkgen.outline.blocks import block_key
from talkgen.outline.files import FileError, find_file
from talkgen.outline.parts import raw_bodies, raw_slides
from talkgen.yamlfile import Document, PathInData, Spot, read_text, read_yaml, where_path

MAX_DEPTH = 10  # includes within includes
MAX_VALUES = 200_000  # in an outline with all it includes
MAX_READS = 1_000  # files read for includes, a file each time it is included
MAX_BYTES = 5_000_000  # read for them
_MARKDOWN, _YAML = (".md", ".markdown"), (".yaml", ".yml")


def splice_includes(document: Document) -> tuple[Document, tuple[Path, ...]]:
    """The document without includes, and all files it is made of; problems are added to the document's."""
    if not any(block_key(block) == "include" for body in raw_bodies(document.data) for block in body):
        return document, (document.path,)
    splicer = _Splicer(document.path)
    try:
        tree = splicer.grow(document, document.data, ())
        for path, slide in raw_slides(document.data):
            if isinstance(slide.get("body"), list):
                body = tree.at((*path, "body"))
                body.value = splicer.splice(body.value, (*path, "body"), (document.path.resolve(),))
    except _TooMuchError as error:
        hint = "a file counts each time it is included"
        raise OutlineError([*splicer.problems, Problem(str(error), hint, Place(document.path, 1, 1))]) from None
    spots: dict[PathInData, Spot] = {}
    data = tree.fell((), spots)
    problems = (*document.problems, *splicer.problems)
    return Document(document.path, data, spots, problems), (document.path, *splicer.files)


@dataclass
class _Tree:
    """A value that carries its spot: a list or mapping of trees, or a scalar."""

    value: Any
    spot: Spot | None

    def at(self, path: PathInData) -> _Tree:
        return self.value[path[0]].at(path[1:]) if path else self

    def fell(self, path: PathInData, spots: dict[PathInData, Spot]) -> Any:
        """The plain value; writes the spots of all that is in it."""
        if self.spot:
            spots[path] = self.spot
        if isinstance(self.value, dict):
            return {key: inner.fell((*path, key), spots) for key, inner in self.value.items()}
        if isinstance(self.value, list):
            return [inner.fell((*path, index), spots) for index, inner in enumerate(self.value)]
        return self.value


class _TooMuchError(Exception):
    """Includes that add up to more than an outline may hold: no use to go on."""


@dataclass
class _Splicer:
    outline: Path
    files: dict[Path, None] = field(default_factory=dict)  # in the order of their first use
    problems: list[Problem] = field(default_factory=list)
    values: int = 0
    reads: int = 0
    bytes: int = 0

    def grow(self, document: Document, value: Any, path: PathInData) -> _Tree:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _TooMuchError(f"the outline and its includes hold more than {MAX_VALUES:,} values")
        if isinstance(value, dict):
            value = {key: self.grow(document, inner, (*path, key)) for key, inner in value.items()}
        elif isinstance(value, list):
            value = [self.grow(document, inner, (*path, index)) for index, inner in enumerate(value)]
        return _Tree(value, document.spots.get(path))

    def splice(self, body: list[_Tree], where: PathInData, trail: tuple[Path, ...]) -> list[_Tree]:
        """The blocks of a body, with those that it includes in place of the includes."""
        blocks: list[_Tree] = []
        for block in body:
            here = (*where, len(blocks))
            if isinstance(block.value, dict):
                name = block.value.get("include")
                if name and type(name.value) in (str, int, float):  # a file may be called 3
                    blocks += self.include(block, str(name.value), here, trail)
                    continue
                self.splice_columns(block, here, trail)
            blocks.append(block)
        return blocks

    def splice_columns(self, block: _Tree, where: PathInData, trail: tuple[Path, ...]) -> None:
        columns = block.value.get("columns")
        if columns and isinstance(columns.value, list):
            for index, cell in enumerate(columns.value):
                if isinstance(cell.value, list):
                    cell.value = self.splice(cell.value, (*where, "columns", index), trail)

    def include(self, block: _Tree, name: str, where: PathInData, trail: tuple[Path, ...]) -> list[_Tree]:
        """The blocks of the file `name`; none, and a problem, where it cannot be had."""
        spot = block.value["include"].spot or block.spot
        try:
            path = self.find(block, name, trail)
        except FileError as error:
            place, at = spot.entry if spot else None, where_path((*where, "include"))
            self.problems.append(Problem(error.message, error.hint, place, at))
            return []
        self.files[path] = None
        try:
            return self.read(path, where, trail)
        except OutlineError as error:
            self.problems += error.problems
            return []

    def find(self, block: _Tree, name: str, trail: tuple[Path, ...]) -> Path:
        """The file that a block includes.

        Raises:
            FileError: there is none, or it cannot be included here.
        """
        path = find_file(name, self.outline)
        if path in trail:
            chain = " → ".join(each.name for each in (*trail[trail.index(path) :], path))
            raise FileError(f"the file includes itself: {chain}", "leave one of the includes out")
        if len(trail) > MAX_DEPTH:
            raise FileError(f"includes are nested more than {MAX_DEPTH} deep")
        if len(block.value) > 1:
            raise FileError("an include has no other keys", "write the options in the included file")
        return path

    def read(self, path: Path, where: PathInData, trail: tuple[Path, ...]) -> list[_Tree]:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        start = Place(shown, 1, 1)
        self.reads += 1
        self.bytes += path.stat().st_size
        if self.reads > MAX_READS:
            raise _TooMuchError(f"more than {MAX_READS:,} files are included")
        if self.bytes > MAX_BYTES:
            raise _TooMuchError(f"the includes are larger than {MAX_BYTES:,} bytes")
        if path.suffix in _MARKDOWN:
            text = read_text(shown, OutlineError)
            self.values += 1
            return [_Tree(text, Spot(start, start, text))]
        if path.suffix not in _YAML:
            known = ", ".join((*_MARKDOWN, *_YAML))
            raise OutlineError(
                "only YAML and Markdown can be included", f"the file's name ends in one of {known}", start
            )
        document = read_yaml(shown, OutlineError)
        self.problems += document.problems
        if not isinstance(document.data, list):
            raise OutlineError("an included file is a list of blocks", "begin each block with '- '", start)
        tree = self.grow(document, document.data, ())
        return self.splice(tree.value, where[:-1], (*trail, path))
