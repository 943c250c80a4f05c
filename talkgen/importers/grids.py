"""Columns that an author wrote as HTML: what is in each of them, and the tags before, between and after them.

Only where whole lines are tags, so that blocks can stand for all other lines; knows no outline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from talkgen.importers.pieces import Piece, Tags, html_in, is_vue, joined, regions
from talkgen.outline.nesting import VOID

_MOST = 4  # columns of a block
_GRID = re.compile(r"\bgrid-cols-|\bcols-\d|display:\s*grid")
_FLEX = re.compile(r"""display:\s*flex|\sclass=["'][^"']*\b(?:columns|cols|row|flex|two-?cols?)\b|\sflex\b""")
_BELOW = re.compile(r"flex-direction:\s*column|\bflex-col\b")  # which puts what is in such a box below each other
_NUMBER = re.compile(r"(?:cols-|columns-|repeat\(\s*)(\d+)\b")
_TRACKS = re.compile(r"grid-template-columns:\s*([^;\"'()]+)|grid-cols-\[([^\]()]+)\]")
_TAGS = re.compile(r"""(?:\s|<!--(?:(?!-->).)*-->|</?[a-zA-Z][\w-]*+(?:[^<>"']|"[^"]*"|'[^']*')*+>)*+""", re.DOTALL)


@dataclass(frozen=True)
class Grid(Piece):
    """Elements side by side: the pieces in each, and the tags around, which end, or begin, with a break if tight."""

    columns: tuple[tuple[Piece, ...], ...]
    around: tuple[str, ...]


def with_grids(pieces: Sequence[Piece], lines: Sequence[str], *, vue: bool, exact: bool) -> list[Piece]:
    """Pieces in which what stands side by side is a grid; with `vue` only where a browser knows all of its tags.

    Where the number of blank lines counts, `exact`, one that has more of them than a block writes is none.
    """
    found: list[Piece] = []
    for region in regions(pieces):
        grid = _Reader(lines, vue=vue, exact=exact).grid(region) if len(region) > 1 else None
        if grid:
            found.append(grid)
        elif len(region) > 2:
            found += [region[0], *with_grids(region[1:-1], lines, vue=vue, exact=exact), region[-1]]
        else:
            found += region
    return found


def flat(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, and in place of a grid those in its columns."""
    for piece in pieces:
        if isinstance(piece, Grid):
            for column in piece.columns:
                yield from flat(column)
        else:
            yield piece


class _Depth(Tags):
    """Counts the elements directly inside the outermost one, and how far it comes out of them."""

    cells = 0
    least = 0
    is_odd = False  # something else stands between them

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Opens an element."""
        self.is_odd = self.is_odd or (tag in VOID and len(self.open) < 2)
        self.cells += tag not in VOID and len(self.open) == 1
        super().handle_starttag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Opens and closes one."""
        self.is_odd = self.is_odd or len(self.open) < 2
        super().handle_startendtag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Closes one."""
        super().handle_endtag(tag)
        self.least = min(self.least, len(self.open))


@dataclass
class _Reader:
    """Reads one region line by line: tags between columns, or what is in a column."""

    lines: Sequence[str]
    vue: bool
    exact: bool
    depth: _Depth = field(default_factory=_Depth)
    tags: list[tuple[int, int]] = field(default_factory=list)  # first and last line of each run of tags
    columns: list[list[Piece]] = field(default_factory=list)
    is_inside: bool = False  # whether what was read last is in a column

    def grid(self, region: Sequence[Piece]) -> Grid | None:
        """The region as a grid; None where it is none, or a block could not give it back."""
        if not all(self._take(piece) for piece in region):
            return None
        depth = self.depth
        fits = not (depth.open or depth.misfit or depth.is_odd or self.is_inside)
        if not fits or not 2 <= depth.cells == len(self.columns) <= _MOST:
            return None
        sources = ["\n".join(self.lines[first:last]) for first, last in self.tags]
        around = self._around(sources)
        if not around or not _is_beside(sources[0], depth.cells) or (self.vue and _has_vue(sources)):
            return None
        columns = (with_grids(column, self.lines, vue=self.vue, exact=self.exact) for column in self.columns)
        start, end = region[0].start, region[-1].end
        return Grid("grid", joined(region, self.lines), start, end, tuple(map(tuple, columns)), around)

    def _take(self, piece: Piece) -> bool:
        """Reads a piece; whether it can be in a grid."""
        if piece.kind != "html":
            if len(self.depth.open) == 1:
                self._next_column(piece)
            self.depth.feed(html_in(piece))
            return len(self.depth.open) > 0 and self._into_column(piece)
        first = piece.start
        for last in range(piece.start + 1, piece.end + 1):
            before = self.depth.least = len(self.depth.open)
            chunk = "\n".join(self.lines[first:last])
            self.depth.feed(self.lines[last - 1] + "\n")
            if self.depth.rawdata:  # a tag goes on
                continue
            if min(before, self.depth.least) > 1:
                self._into_column(Piece("html", chunk, first, last))
            elif not _TAGS.fullmatch(chunk) or (before == 0 and self.tags):
                return False
            else:
                self._into_tags(first, last)
            first = last
        return first == piece.end

    def _next_column(self, piece: Piece) -> None:
        """A piece that is a column by itself: no tags but a blank line stand between it and the one above."""
        self.depth.cells += 1
        if self.is_inside:
            self._into_tags(piece.start - 1, piece.start - 1)

    def _into_tags(self, first: int, last: int) -> None:
        if self.is_inside or not self.tags:
            self.tags.append((first, last))
        else:
            self.tags[-1] = (self.tags[-1][0], last)
        self.is_inside = False

    def _into_column(self, piece: Piece) -> bool:
        if not self.is_inside:
            self.columns.append([])
        column = self.columns[-1]
        if column and column[-1].kind == piece.kind == "html" and column[-1].end == piece.start:
            above = column.pop()
            piece = Piece("html", f"{above.source}\n{piece.source}", above.start, piece.end)
        column.append(piece)
        self.is_inside = True
        return True

    def _around(self, sources: Sequence[str]) -> tuple[str, ...]:
        """The tags with a line break where no blank line parts them from a column; none where more do."""
        around = list(sources)
        for at, column in enumerate(self.columns):
            above, below = column[0].start - self.tags[at][1], self.tags[at + 1][0] - column[-1].end
            has_tags = bool(sources[at + 1])
            if self.exact and (above > 1 or below not in ((0, 1) if has_tags else (0,))):
                return ()
            around[at] += "\n" if above == 0 else ""
            around[at + 1] = ("\n" if below == 0 and has_tags else "") + around[at + 1]
        return tuple(around)


def _is_beside(tags: str, number: int) -> bool:
    """Whether the first of the tags puts what is in it side by side, in one row."""
    found = re.match(r"""\s*<div\b(?:[^<>"']|"[^"]*"|'[^']*')*>""", tags)
    if not found or not (_GRID.search(found[0]) or (_FLEX.search(found[0]) and not _BELOW.search(found[0]))):
        return False
    tracks = [len(re.split(r"[\s_]+", (each[0] or each[1]).strip())) for each in _TRACKS.findall(found[0])]
    said = [*map(int, _NUMBER.findall(found[0])), *tracks]
    return not said or max(said) >= number


def _has_vue(sources: Sequence[str]) -> bool:
    tags = Tags()
    tags.feed("\n".join(sources))
    return is_vue(tags.starts)
