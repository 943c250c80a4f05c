"""Author's Markdown made safe for each target: no slide vanishes, no word is lost, nothing is run; knows no blocks.

Both tools cut a deck at lines of dashes and take comments for notes and directives; Slidev compiles what is left as a
Vue template, in which two braces are an expression. So the text is read once, by the grammar that both tools share, and
written anew in the part of it that means the same to both.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from talkgen.render.escape import fence
from talkgen.render.formulas import displayed
from talkgen.render.grammar import Kind, Marks, children, read_html, read_line, read_markdown, read_tags
from talkgen.render.lines import BRACES, Target, write_line
from talkgen.render.listings import slidev_listing
from talkgen.render.tags import Fitting, Tag, begins_html_block

if TYPE_CHECKING:
    from markdown_it.token import Token

Address = Callable[[str], str | None]
_NO_FILES: Mapping[str, str] = {}
_LINE_START = re.compile(r"^([ \t]*)(---|```|#|~~~)", re.MULTILINE)  # cut at, counted as a fence, or taken for a title
_JOINER = "\u2060"  # no tag begins with one
_NOTE_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:)")
_LISTS = ("bullet_list_open", "ordered_list_open")
_TASK = re.compile(r"\A\[([ xX])\] ")
_CLOSING = re.compile(r"(?<!\S)#+\Z")  # at the end of a heading they are not shown
_MARKS_ONLY = re.compile(r"[-+\d.)> ]*")  # of lists and quotes: with a list's own sign they may be a rule
_BARE_MARK = re.compile(r"(?:[-+]|\d+\.)(?:\n|\Z)")


def markdown(text: str, address: Address = _NO_FILES.get, marks: Marks | None = None, *, one_line: bool = False) -> str:
    """Markdown that stays on its slide: no comments, no lines that separate slides, ATX instead of setext headings.

    `address` gives the address in the deck of a file of the talk, `marks` writes footnotes' signs and citations. On
    `one_line`, as in a heading, no block can begin.

    Raises:
        OutlineError: the text is too long or too entangled to be read.
    """
    return _write(Target(False, False, fence, address, marks), text, one_line=one_line)


def vue_markdown(
    text: str, address: Address = _NO_FILES.get, marks: Marks | None = None, *, one_line: bool = False
) -> str:
    """The same, that is also a Vue template without expressions, directives, components or scripts."""
    return _write(Target(True, True, slidev_listing, address, marks), text, one_line=one_line)


_KEPT = 4096  # texts, of which a deck has hundreds
_written: dict[tuple[str, bool, bool, bool], str] = {}  # what says nothing else than its text, written before


def _write(target: Target, text: str, *, one_line: bool) -> str:
    """A text for a target; one that asked for no address and no mark is the same each time."""
    known = (text, one_line, target.expressions, target.marks is None)
    if known in _written:
        return _written[known]
    asked = _Asked(target)
    written = _Writer(replace(target, address=asked.address, marks=asked.marks)).write(text, one_line=one_line)
    if not asked.did:
        if len(_written) >= _KEPT:
            _written.clear()
        _written[known] = written
    return written


class _Asked:
    """Whether what a target knows of its deck was asked for."""

    def __init__(self, target: Target) -> None:
        self._target, self.did = target, False
        self.marks = self if target.marks is not None else None

    def address(self, name: str) -> str | None:
        self.did = True
        return self._target.address(name)

    def write(self, kind: Kind, named: str) -> str:
        self.did = True
        return self._target.marks.write(kind, named) if self._target.marks else ""


def ticked(item: str) -> str:
    """An item of a list with the box of a task before it as a sign: Slidev would make a box of it, Marp text."""
    return _TASK.sub(lambda box: "☐ " if box[1] == " " else "☑ ", item)


def spoken(text: str) -> str:
    """A note of which nothing is run in the page that a presenter reads it in."""
    return "".join(_spoken(token) for token in read_tags(text))


def _spoken(token: Token) -> str:
    if token.type != "html_inline":
        return _NOTE_TAG.sub(f"<{_JOINER}", token.content)
    return Tag(token.content, lambda _: None).cleaned or f"<{_JOINER}{token.content[1:]}"


@dataclass(frozen=True)
class _Block:
    """A block as it is written, and what kind it is: what may follow it without a blank line depends on that."""

    kind: str
    text: str


class _Writer:
    """Writes blocks of tokens for one target."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def write(self, text: str, *, one_line: bool) -> str:
        """All blocks of a text, or the one line that it is."""
        if one_line:
            return self._as_heading(write_line(read_line(text, self.target.marks), self.target, one_line=True))
        tokens = read_markdown(text, self.target.marks)
        self._fit_tags(tokens)
        return "\n\n".join(block.text for block in self._blocks(tokens, top=True))

    def _fit_tags(self, tokens: Sequence[Token]) -> None:
        """Reads the tags of HTML blocks; one may open what another closes, between the same two marks."""
        fitting = Fitting()
        for token in tokens:
            if token.type == "html_block":
                parts = [
                    Tag(part.content, self.target.address) if part.type == "html_inline" else part.content
                    for part in read_html(token.content)
                ]
                token.meta["parts"] = parts
                for part in parts:
                    if isinstance(part, Tag):
                        fitting.add(part)
            elif token.nesting:
                fitting.enter() if token.nesting > 0 else fitting.leave()

    def _blocks(self, tokens: Sequence[Token], *, top: bool = False) -> list[_Block]:
        blocks: list[_Block] = []
        for token, inner in children(tokens):
            block = self._block(token, inner, top=top)
            if block.text:
                if blocks and block.kind == blocks[-1].kind and block.kind in _LISTS:
                    blocks.append(_Block("html", "<wbr>"))  # two lists would be one
                blocks.append(block)
        return blocks

    def _block(self, token: Token, inner: Sequence[Token], *, top: bool) -> _Block:
        match token.type:
            case "paragraph_open":
                return _Block("paragraph", self._line(inner[0]))
            case "heading_open":
                return _Block("heading", self._heading(token, inner[0]))
            case "fence" | "code_block":
                return _Block("listing", self.target.listing(token.content, token.info.strip().replace("`", "")))
            case "math_block":
                return _Block("math", displayed(token.content))
            case "hr":
                return _Block("html", "<hr>") if top else _Block("rule", "___")  # at the top it would end a slide
            case "html_block":
                return self._html(token.meta["parts"])
            case "blockquote_open":
                return _Block("quote", self._quote(inner))
            case "bullet_list_open" | "ordered_list_open":
                return _Block(token.type, self._list(token, inner))
            case "table_open":
                return _Block("table", self._table(inner))
        raise ValueError(f"there is no block {token.type!r}")

    def _line(self, token: Token, *, one_line: bool = False) -> str:
        return write_line(token.children or [], self.target, one_line=one_line)

    def _heading(self, opened: Token, line: Token) -> str:
        text = self._as_heading(self._line(line, one_line=True))
        return f"{'#' * int(opened.tag[1])} {text}".rstrip()

    def _as_heading(self, line: str) -> str:
        return _CLOSING.sub(r"\\\g<0>", line)

    def _quote(self, inner: Sequence[Token]) -> str:
        text = "\n\n".join(block.text for block in self._blocks(inner))
        if not text:
            return ""
        if self.target.expressions:  # Slidev sees no fence in a quote, and so a comment in a listing
            text = text.replace("<!--", f"<{_JOINER}!--")
        first = ">\n" if text.startswith("```") else ""  # each fence begins a line: Slidev counts those
        return first + "\n".join(f"> {line}".rstrip() for line in text.split("\n"))

    def _list(self, opened: Token, inner: Sequence[Token]) -> str:
        """A list that is shown at once: `*` and `1)` would be shown item by item by Marp."""
        start = int(opened.attrs.get("start", 1)) if opened.type == "ordered_list_open" else None
        for _, item in children(inner):
            if item and item[0].type == "paragraph_open" and (first := item[1].children):
                first[0].content = ticked(first[0].content)
        items = [self._blocks(tokens) for _, tokens in children(inner)]
        paragraphs = [token for token in inner if token.type == "paragraph_open" and token.level == opened.level + 2]
        tight = all(token.hidden for token in paragraphs)
        texts = [_joined(blocks, tight=tight) for blocks in items]
        marks = ["-" if start is None else f"{min(start + at, 999_999_999)}." for at in range(len(texts))]
        is_apart = not tight and not any(len(blocks) > 1 for blocks in items)
        return ("\n\n" if is_apart else "\n").join(_item(mark, text) for mark, text in zip(marks, texts, strict=True))

    def _table(self, inner: Sequence[Token]) -> str:
        """A table whose every line begins with a bar."""
        rows: list[list[str]] = []
        signs: list[str] = []
        for at, token in enumerate(inner):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(self._line(inner[at + 1], one_line=True).replace("|", "\\|"))
                if token.type == "th_open":
                    signs.append(_SIGNS[str(token.attrs.get("style", ""))])
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], f"| {' | '.join(signs)} |", *lines[1:]])

    def _html(self, parts: Sequence[str | Tag]) -> _Block:
        """A block of HTML without blank lines, which would end it; plain text where no tag of it fits."""
        kept = [part for part in parts if not (isinstance(part, Tag) and part.is_comment)]
        if not any(isinstance(part, Tag) and part.fits for part in kept):
            return _Block("paragraph", self._text("".join(map(_source, kept))))
        written = "".join(part.cleaned if isinstance(part, Tag) and part.fits else self._escaped(part) for part in kept)
        lines = [line.rstrip() for line in written.split("\n") if line.strip()]
        lines[0] = lines[0].lstrip()
        text = _LINE_START.sub(lambda start: f"{start[1]}&#{ord(start[2][0])};{start[2][1:]}", "\n".join(lines))
        return _Block("html", text if begins_html_block(lines[0]) else f"<wbr>\n{text}")

    def _text(self, text: str) -> str:
        from markdown_it.token import Token

        lines = [line.strip() for line in text.split("\n") if line.strip()]
        tokens = [Token("text", "", 0, content=line) for line in lines]
        breaks = [Token("softbreak", "br", 0) for _ in lines]
        return write_line([token for pair in zip(tokens, breaks, strict=True) for token in pair][:-1], self.target)

    def _escaped(self, part: str | Tag) -> str:
        text = html.escape(_source(part), quote=False)
        return BRACES.sub(r"\1<wbr>", text) if self.target.expressions else text


_SIGNS = {"": "---", "text-align:left": ":---", "text-align:center": ":---:", "text-align:right": "---:"}


def _source(part: str | Tag) -> str:
    return part.source if isinstance(part, Tag) else part


def _item(mark: str, text: str) -> str:
    """An item of a list. What would be a rule together with its mark, and a fence, begin a line of their own."""
    around = " " * (len(mark) + 1)
    first = text.split("\n", 1)[0]
    apart = text.startswith("```") or _MARKS_ONLY.fullmatch(first)
    lines = [around + line if line else "" for line in text.split("\n")]
    if not text or not apart:
        lines[0] = f"{mark} {lines[0].strip()}".rstrip()
        return "\n".join(lines)
    return "\n".join([mark, *lines])


def _joined(blocks: Sequence[_Block], *, tight: bool) -> str:
    """The blocks of an item; blank lines in a tight list only where what follows would be read otherwise."""
    text = ""
    for at, block in enumerate(blocks):
        before = blocks[at - 1].kind if at else ""
        close = (
            tight
            and "html" not in (before, block.kind)
            and not (
                (block.kind == "paragraph" and before in ("paragraph", "quote", *_LISTS))
                or (before == "paragraph" and block.kind in _LISTS and _BARE_MARK.match(block.text))
            )
        )
        text += ("" if not at else "\n" if close else "\n\n") + block.text
    return text
