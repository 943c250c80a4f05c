"""The elements of a slide as its own tool's parser sees them, each with its source; knows no outline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from talkgen.errors import OutlineError
from talkgen.outline.nesting import VOID
from talkgen.render.grammar import read_markdown

Kind = Literal["heading", "list", "fence", "table", "quote", "math", "html", "style", "comment", "grid", "text"]
_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "fence": "fence",
    "table_open": "table",
    "blockquote_open": "quote",
    "math_block": "math",
    "marp_math_block": "math",
    "html_block": "html",
    "marpit_style": "style",
    "marpit_comment": "comment",
}


@dataclass(frozen=True)
class Piece:
    """An element: its kind, its source, the lines from its beginning to its end in the deck, counted from 0."""

    kind: Kind
    source: str
    start: int
    end: int


def kind_of(token_type: str) -> Kind:
    """The kind of an element that a parser calls so."""
    return _KINDS.get(token_type, "text")


def cut(lines: Sequence[str], spans: Iterable[tuple[Kind, int, int]], start: int, end: int) -> Iterator[Piece]:
    """The pieces of the lines from `start` to `end`; what lies between elements, as links' definitions do, is text."""
    at = start
    for kind, first, last in spans:
        yield from _piece("text", lines, at, first)
        yield from _piece(kind, lines, max(first, at), last)
        at = max(at, last)
    yield from _piece("text", lines, at, end)


def _piece(kind: Kind, lines: Sequence[str], start: int, end: int) -> Iterator[Piece]:
    while start < end and not lines[start].strip():
        start += 1
    while start < end and not lines[end - 1].strip():
        end -= 1
    if start < end:
        yield Piece(kind, "\n".join(lines[start:end]), start, end)


def markdown_pieces(text: str) -> list[Piece]:
    """The pieces of Markdown, as the parser sees them that Slidev and talkgen have in common."""
    lines = text.split("\n")
    spans = [
        (kind_of(token.type), token.map[0], token.map[1])
        for token in read_markdown(text)
        if token.level == 0 and token.nesting >= 0 and token.map
    ]
    return list(cut(lines, spans, 0, len(lines)))


def joined(pieces: Sequence[Piece], lines: Sequence[str]) -> str:
    """The source of neighbouring pieces with what lies between them."""
    return "\n".join(lines[pieces[0].start : pieces[-1].end])


class Tags(HTMLParser):
    """The elements that HTML opens and closes: what is left open, and what no browser knows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.misfit = False
        self.starts: list[str] = []  # each start tag as written

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 – the signature is the base class's
        """Opens an element."""
        self.starts.append(self.get_starttag_text() or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """Opens and closes one."""
        self.starts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Closes one."""
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.misfit = True


def html_in(piece: Piece) -> str:
    """The HTML of a piece: all of a block's, the tags of a text's."""
    if piece.kind in ("html", "style", "comment", "grid"):
        return piece.source
    if "<" not in piece.source or piece.kind in ("fence", "math"):
        return ""
    try:
        tokens = read_markdown(piece.source)
    except OutlineError:  # too long or too entangled
        return ""
    return "".join(child.content for token in tokens for child in token.children or () if child.type == "html_inline")


def regions(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Neighbouring pieces that one element spans, and all others each by itself."""
    at = 0
    while at < len(pieces):
        end = _region_end(pieces, at)
        yield list(pieces[at:end])
        at = end


def _region_end(pieces: Sequence[Piece], start: int) -> int:
    """The end of what is opened in the piece at `start`; of the piece itself where nothing is, or it never closes."""
    tags = Tags()
    for end in range(start, len(pieces)):
        if page := html_in(pieces[end]):
            tags.feed(page)
        if not tags.open:
            return end + 1
        if tags.misfit and end == start:
            break
    return start + 1


_VUE = re.compile(r"<(?:[A-Z]|[a-z]\w*-)|\s(?:v-[\w-]+|@[\w.:-]+|:[\w-]+|#[\w-]+)(?=[\s=>/]|$)")


def is_vue(start_tags: Iterable[str]) -> bool:
    """Whether a browser would not know one of the tags: Vue's components and directives."""
    return any(_VUE.search(tag) for tag in start_tags)
