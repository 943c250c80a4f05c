"""The body of a slide from its pieces: a block where one gives the same source back, else Markdown or raw source.

Knows neither files nor how a deck is cut into slides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from talkgen.errors import OutlineError
from talkgen.importers.blocks import Block, blocks_of, heading_of
from talkgen.importers.grids import Grid, flat
from talkgen.importers.pieces import Piece, Tags, html_in, is_vue, joined, regions
from talkgen.importers.reader import Tool
from talkgen.importers.written import Kept, Raw
from talkgen.outline.blocks import BLOCKS, AnyBlock, block_key
from talkgen.render.native import NativeWriter

Accepted = Mapping[str, list[Block]]  # the blocks of each source that they give back
_SLOT = re.compile(r"::([a-zA-Z][\w-]*)::")
_CLICKS = re.compile(r"<v-click(s?)>")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_KEPT = {"list": "a list", "fence": "a listing", "table": "a table", "quote": "a quote", "math": "a formula"}
_PATH = ("slides", 0, "body")


def typed(block: Block | str) -> AnyBlock:
    """A block as the outline's type."""
    key = block_key(block) or "markdown"
    return cast("AnyBlock", BLOCKS[key].model_validate(block))


def written(writer: NativeWriter, body: Sequence[Block | str]) -> str:
    """The source that a body becomes."""
    return writer.write([typed(block) for block in body], _PATH)


def accept(
    pieces: Iterable[Piece],
    tool: Tool,
    writer: NativeWriter,
    same: Callable[[list[tuple[str, str]]], list[bool]] | None = None,
) -> Accepted:
    """The pieces that have blocks which give them back: the same text, or, as `same` tells, the same to their tool."""
    accepted: dict[str, list[Block]] = {}
    doubtful: list[tuple[str, list[Block], str]] = []
    for piece in flat(list(pieces)):
        if piece.source in accepted:
            continue
        try:
            blocks = blocks_of(piece, tool)
        except OutlineError:  # too long or too entangled for a block: its own tool may read it
            continue
        back = _written(writer, blocks)
        if back == piece.source:
            accepted[piece.source] = blocks
        elif back is not None:
            doubtful.append((piece.source, blocks, back))
    if same and doubtful:
        verdicts = same([(source, back) for source, _, back in doubtful])
        accepted |= {source: blocks for (source, blocks, _), is_same in zip(doubtful, verdicts, strict=True) if is_same}
    return accepted


def _written(writer: NativeWriter, blocks: list[Block]) -> str | None:
    try:
        return written(writer, blocks) if blocks else None
    except ValueError:  # a value that the outline does not take
        return None


@dataclass(frozen=True)
class Composer:
    """Makes bodies of pieces of a deck."""

    tool: Tool
    lines: Sequence[str]
    accepted: Accepted
    exact: bool  # whether the number of blank lines between blocks counts
    file: str  # of the lines, seen from the deck
    first: int = 0  # line of the file that the lines begin at, counted from 0

    def slide(self, pieces: Sequence[Piece], layout: str = "") -> tuple[dict[str, Any], int]:
        """The title and the body of a slide, and the level of its heading, 0 where it has none."""
        slide: dict[str, Any] = {}
        pieces = self._title_first(pieces)
        heading = heading_of(pieces[0]) if pieces else None
        rest = pieces[1:] if heading else pieces
        if heading:
            slide["title"] = heading[1]
            below = heading_of(rest[0]) if rest else None
            if below and below[0] == heading[0] + 1 and self._gap(pieces[0], rest[0]) == 1:
                slide["subtitle"], rest = below[1], rest[1:]
        before = pieces[len(pieces) - len(rest) - 1] if len(rest) < len(pieces) else None
        if body := self._columns(rest, layout, before) or self.body(rest, before):
            is_below = bool(heading and rest and rest[0].start > pieces[0].start and self._is_apart(rest[0]))
            slide["body"] = ["", *body] if is_below and self.tool == "marp" else body
        return slide, heading[0] if heading else 0

    def _title_first(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """The pieces with the heading before what Marp takes out of a slide's text: styles, and pictures behind it.

        What stands above a title is written above it; an empty text keeps below it what stands there.
        """
        at = 0
        while self.tool == "marp" and at < len(pieces) and self._is_apart(pieces[at]):
            at += 1
        if 0 < at < len(pieces) and heading_of(pieces[at]):
            return [pieces[at], *pieces[:at], *pieces[at + 1 :]]
        return pieces

    def _is_apart(self, piece: Piece) -> bool:
        blocks = self.accepted.get(piece.source, [])
        return piece.kind == "style" or any("background" in each or "side" in each for each in blocks)

    def _columns(self, pieces: Sequence[Piece], layout: str, before: Piece | None) -> list[Block | str]:
        """The slots of a layout with two columns as such; nothing where there are others, or none."""
        wanted = (
            {"two-cols": ["right"], "two-cols-header": ["left", "right"]}.get(layout) if self.tool == "slidev" else None
        )
        places = [at for at, piece in enumerate(pieces) if _SLOT.fullmatch(piece.source)]
        if not wanted or [pieces[at].source.strip(":") for at in places] != wanted:
            return []
        starts = [0, *(at + 1 for at in places)] if len(wanted) == 1 else [at + 1 for at in places]
        ends = [*places[len(places) - len(starts) + 1 :], len(pieces)]
        above = self.body(pieces[: places[0]], before) if len(wanted) > 1 else []
        columns = [
            self.body(pieces[start:end], before if start == 0 else pieces[start - 1])
            for start, end in zip(starts, ends, strict=True)
        ]
        return [*above, {"columns": columns}]

    def body(self, pieces: Sequence[Piece], before: Piece | None = None) -> list[Block | str]:
        """The blocks of neighbouring pieces; `before` is what stands above them."""
        body: list[Block | str] = []
        for run, found in self._runs(pieces):
            blocks = found
            gap = self._gap(before, run[0]) if before else 1
            if self.exact:
                body += [""] * max(0, gap - 1)
                blocks = [_with(found[0], "tight"), *found[1:]] if gap == 0 else found
            body += blocks
            before = run[-1]
        return body

    def _gap(self, above: Piece, below: Piece) -> int:
        return below.start - above.end

    def _runs(self, pieces: Sequence[Piece]) -> Iterator[tuple[list[Piece], list[Block | str]]]:
        """Pieces with their blocks: those without are written together."""
        plain: list[list[Piece]] = []
        why = ""
        for region in regions(pieces):
            blocks = self._blocks(region)
            reason = "" if blocks else self._why_raw(region)
            if plain and (blocks or reason != why):
                yield self._plain(plain, why)
                plain = []
            if blocks:
                yield region, blocks
            else:
                plain, why = [*plain, region], reason
        if plain:
            yield self._plain(plain, why)

    def _plain(self, plain: Sequence[Sequence[Piece]], why: str) -> tuple[list[Piece], list[Block | str]]:
        """Regions without blocks, and their source: with `why`, for their tool alone."""
        pieces = [piece for region in plain for piece in region]
        source = "\n\n".join(joined(run, self.lines) for run in _in_order(pieces))
        if why:
            return pieces, [Raw(self.tool, source, why, self.place(pieces[0].start))]
        kept = [(region[0].start, what) for region in plain if (what := _what_is_kept(region))]
        if not kept:
            return pieces, [source]
        names = " and ".join(dict.fromkeys(what for _, what in kept))
        return pieces, [Kept(source, f"no block gives {names} back as it was written", self.place(kept[0][0]))]

    def place(self, line: int) -> str:
        """Where a line stands, which is counted from 0."""
        return f"{self.file}:{self.first + line + 1}"

    def _blocks(self, region: Sequence[Piece]) -> list[Block | str]:
        if isinstance(region[0], Grid):
            return self._grid(region[0])
        if len(region) == 1:
            return list(self.accepted.get(region[0].source, []))
        clicks = _CLICKS.fullmatch(region[0].source)
        if not clicks or region[-1].source != f"</v-click{clicks[1]}>":
            return []
        inner = self.body(region[1:-1], None)
        is_apart = all(self._gap(*each) == 1 for each in (region[:2], region[-2:]))
        if len(inner) != 1 or not is_apart or isinstance(inner[0], Raw):
            return []
        if (isinstance(inner[0], dict) and "bullets" in inner[0]) != bool(clicks[1]):
            return []
        return [_with(inner[0], "reveal")]

    def _grid(self, grid: Grid) -> list[Block | str]:
        """What stands side by side in the author's own tags; nothing where Marp takes something out of it."""
        if self.tool == "marp" and any(map(self._is_apart, flat([grid]))):
            return []
        return [{"columns": [self.body(column) for column in grid.columns], "around": list(grid.around)}]

    def _why_raw(self, region: Sequence[Piece]) -> str:
        """Why only the deck's own tool can read these pieces; empty for Markdown."""
        tags = Tags()
        text = joined(region, self.lines)
        tags.feed("".join(html_in(piece) for piece in region))
        if any(piece.kind == "style" for piece in region) or re.search(r"<(style|script)\b", text, re.IGNORECASE):
            return "styles and scripts of its own"
        if tags.open or tags.misfit:
            return "tags that do not fit each other"
        if self.tool == "marp":
            return "a comment in its place" if any(piece.kind == "comment" for piece in region) else ""
        return _why_slidev(region, text, tags)


def _what_is_kept(region: Sequence[Piece]) -> str:
    """What in Markdown there are blocks for, of which none says just this; empty where there is no such block."""
    piece = region[0]
    if len(region) > 1 or piece.kind == "grid":
        return "HTML around Markdown"
    if piece.kind == "html":
        return "a comment" if piece.source.startswith("<!--") else "HTML" if "<" in piece.source else ""
    if piece.kind == "heading":
        return "" if heading_of(piece) else "such a heading"
    return _KEPT.get(piece.kind, "a picture" if _PICTURE.fullmatch(piece.source) else "")


def _why_slidev(region: Sequence[Piece], text: str, tags: Tags) -> str:
    if is_vue(tags.starts):
        return "components or directives of Vue"
    if all(piece.kind == "fence" for piece in region):
        return "a listing with settings of Slidev's own" if re.match(r"\s*+`{3,}+[^\n]*[{ ]", text) else ""
    if "{{" in text:
        return "an expression of Vue"
    if re.search(r"^[^\S\n]*+(::|<<<)", text, re.MULTILINE):
        return "syntax of Slidev's own"
    return ""


def _in_order(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces in runs that follow each other in the deck."""
    run: list[Piece] = []
    for piece in pieces:
        if run and piece.start < run[-1].end:
            yield run
            run = []
        run.append(piece)
    yield run


def _with(block: Block | str, key: str) -> Block:
    """A block that is more than it was, with what it says of itself."""
    found: Block = copy(block) if isinstance(block, dict) else {"markdown": block}
    found[key] = True
    return found
