"""The text within a paragraph, a heading or a cell, written as Markdown that both tools read alike.

Text that would mean something to either tool is escaped, and only that: people read what comes out. Emphasis keeps its
signs where they are certain to be read as such beside what stands around them, and becomes an element where not.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from talkgen.render.escape import escape
from talkgen.render.formulas import disarmed
from talkgen.render.grammar import Marks
from talkgen.render.media import has_settings, sized_picture
from talkgen.render.tags import Fitting, Tag, begins_html_block

if TYPE_CHECKING:
    from markdown_it.token import Token

_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\s]|\Z)"  # before punctuation a backslash escapes it, at a line's end it breaks it
    r"|\*(?! )|(?<! )\*|`"
    r"|(?<![^\W_])_|_(?![^\W_])"  # between letters it is one of them
    r"|(?<=~)~|~(?=~)|\A~|~\Z"
    r"|\](?=\()|(?<=[!^])\["  # a link, a picture or a note
)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_TAG = re.compile(r"<(?=[A-Za-z/!?]|\Z)")
# An address that the tools make a link of: they look for its end in the source, where escapes are part of it.
_LINKED = re.compile(r"://(?:[^\s<\\&]|&(?!amp;|lt;))*+(?P<escaped>(?=\\|&(?:amp|lt);))?")
_LINKED_TO_THE_END = re.compile(r"://[^\s<]*\Z")
_SHORT_CODE = re.compile(r"(?<!\S):(?=(?:[a-z]|[+-]1)[\w+-]*:)")  # Marp would fetch a picture for `:rocket:`
BRACES = re.compile(r"(\{|%7B)(?=\{|%7B)", re.IGNORECASE)  # an address is shown decoded
# What begins a block, a footnote, a task or another slide where it begins a line; a note's number in brackets does not.
_BEGINNING = re.compile(
    r"\A(?:#{1,6}(?!\S)|[+-](?!\S)|>|---|[-:|][-:|\s]*\Z|=+\s*\Z|<<<|\[(?!(?:\w\w+|\d)\](?!:))"
    r"|(?P<number>\d{1,9})[.)](?!\S))"
)


@dataclass(frozen=True)
class Target:
    """What differs between the targets."""

    expressions: bool  # whether two braces begin one
    keeps_lines: bool  # whether the end of a line shows as a space, as in CommonMark: Marp breaks the line there
    listing: Callable[[str, str], str]
    address: Callable[[str], str | None]  # in the deck, of a file of the talk; None of what is no such file
    marks: Marks | None = None  # the footnotes and works that a text can name


@dataclass
class Piece:
    """A part of a line; of `kind` text, which is escaped, raw, math, break, or the mark that opens or closes `name`."""

    kind: str
    written: str
    name: str = ""
    partner: int = -1


def write_line(tokens: Sequence[Token], target: Target, *, one_line: bool = False) -> str:
    """Tokens within a block as Markdown; on `one_line` no block can begin, and lines are joined."""
    pieces = _Pieces(target, one_line=one_line).read(tokens)
    _escape_text(pieces, expressions=target.expressions, one_line=one_line)
    _set_formulas_apart(pieces)
    _keep_certain_marks(pieces)
    lines = [line.strip() for line in "".join(piece.written for piece in pieces).split("\n")]
    for at, line in enumerate(lines):
        if not line and lines[at - 1].endswith("\\") and at:
            lines[at] = "&nbsp;"  # an empty line that was asked for; a blank one would end the paragraph
    lines = [line for line in lines if line]
    return "\n".join(_guarded(line, first=at == 0, one_line=one_line) for at, line in enumerate(lines))


class _Pieces:
    """Turns tokens into pieces, of which those that are no text are written already."""

    def __init__(self, target: Target, *, one_line: bool) -> None:
        self.target = target
        self.one_line = one_line
        self.pieces: list[Piece] = []
        self._marks: list[int] = []  # that are open
        self._links: list[Token] = []  # that are open

    def read(self, tokens: Sequence[Token]) -> list[Piece]:
        """The pieces of a line; text that touches is one piece."""
        fit_tags(tokens, self.target)
        for at, token in enumerate(tokens):
            match token.type:
                case "text" if at and (tokens[at - 1].type, tokens[at - 1].markup) == ("link_open", "autolink"):
                    self._autolink(tokens[at - 1], token.content)
                case "text":
                    self._text(token.content)
                case "softbreak":
                    self._add("break", "\n" if self.target.keeps_lines and not self.one_line else " ")
                case "hardbreak":
                    self._add("break", "<br>" if self.one_line else "\\\n")
                case "code_inline":
                    self._add("raw", code_span(token.content))
                case "mark":
                    self._add("raw", token.content)
                case "math_inline":
                    self._math(token.content)
                case "html_inline":
                    self._tag(token.meta["tag"])
                case "image":
                    self._image(token)
                case "link_open" | "link_close" if token.markup == "autolink":
                    pass
                case "link_open":
                    self._links.append(token)
                    self._add("raw", "[")
                case "link_close":
                    opened = self._links.pop()
                    self._add("raw", f"]({_destination(str(opened.attrs['href']), opened)})")
                case _:
                    self._mark(token)
        return self.pieces

    def _add(self, kind: str, written: str, name: str = "") -> None:
        last = self.pieces[-1] if self.pieces else None
        if kind == "text" and last and last.kind == "text":
            last.written += written
        elif written:
            self.pieces.append(Piece(kind, written, name))

    def _text(self, text: str) -> None:
        self._add("text", text, "label" if self._links else "")

    def _math(self, formula: str) -> None:
        if shown := " ".join(formula.split("\n")).strip():
            end = " {}" if shown.endswith("\\") else ""  # a backslash and the line's end were a space
            self._add("math", f"${disarmed(shown)}{end}$")

    def _tag(self, tag: Tag) -> None:
        if tag.fits:
            self._add("raw", tag.cleaned)
        elif not tag.is_comment:
            self._text(" ".join(tag.source.split("\n")))

    def _image(self, token: Token) -> None:
        address = str(token.attrs["src"])
        address, words = self.target.address(address) or address, _words(token.children or [])
        if has_settings(words):
            self._add("raw", sized_picture(words, address, str(token.attrs.get("title", ""))))
            return
        shown = Piece("text", words, "label")
        _escape_text([shown], expressions=False, one_line=True)
        self._add("raw", f"![{shown.written}]({_destination(address, token)})")

    def _autolink(self, link: Token, shown: str) -> None:
        """An address that is shown; decoded, it may hold what is no address."""
        address = str(link.attrs["href"])
        if address in (shown, f"mailto:{shown}") and not re.search(r"[{|$`]", shown):
            self._add("raw", f"<{shown}>")
            return
        self._add("raw", "[")
        self._add("text", shown, "label")
        self._add("raw", f"]({_destination(address, link)})")

    def _mark(self, token: Token) -> None:
        """An emphasis; one with nothing in it is none."""
        if token.nesting > 0:
            self._marks.append(len(self.pieces))
            self.pieces.append(Piece("open", token.markup, token.tag))
            return
        at = self._marks.pop()
        if at == len(self.pieces) - 1:
            self.pieces.pop()
        else:
            self.pieces[at].partner = len(self.pieces)
            self.pieces.append(Piece("close", token.markup, token.tag, at))


def fit_tags(tokens: Sequence[Token], target: Target) -> None:
    """Reads the tags of a line; which of them fit is seen within the line alone."""
    fitting = Fitting()
    for token in tokens:
        if token.type == "html_inline":
            token.meta["tag"] = Tag(token.content, target.address)
            fitting.add(token.meta["tag"])
        elif token.nesting:
            fitting.enter() if token.nesting > 0 else fitting.leave()


def code_span(code: str) -> str:
    """A code span; an element where Slidev, which looks for comments in code as well, would see one."""
    runs = {len(run) for run in re.findall("`+", code)}
    ticks = next((ticks for ticks in ("`", "``") if len(ticks) not in runs), "")
    if not ticks or "<!--" in code:
        return f"<code v-pre>{escape(code)}</code>"
    pad = " " if "`" in (code[0], code[-1]) or (code[0] == code[-1] == " " and code.strip()) else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def _words(tokens: Sequence[Token]) -> str:
    """What a picture's description says, without its looks."""
    return "".join(
        _words(token.children) if token.children else " " if token.type == "softbreak" else token.content
        for token in tokens
        if token.type != "html_inline"
    )


def _destination(address: str, token: Token) -> str:
    """An address and a title, as they stand in parentheses."""
    title = str(token.attrs.get("title", ""))
    plain = address and not re.search(r"[\s()<>]", address)
    to = _ENTITY.sub("&amp;", address) if plain else f"<{_ENTITY.sub('&amp;', address)}>"
    if not title:
        return to if address else "<>"
    escaped = " ".join(re.sub(r"[&<\"\\`$|]", lambda sign: f"&#{ord(sign[0])};", title).split())
    return f'{to} "{escaped}"'


def _escape_text(pieces: Sequence[Piece], *, expressions: bool, one_line: bool) -> None:
    """Escapes what would mean something in each text, beside what stands around it."""
    has_dollars = sum(piece.written.count("$") for piece in pieces) > 1  # a single one begins no formula
    for at, piece in enumerate(pieces):
        if piece.kind == "text":
            begins = not one_line and (at == 0 or pieces[at - 1].kind == "break")
            text = piece.written.lstrip() if begins else piece.written
            piece.written = _escaped(text, label=piece.name == "label", dollars=has_dollars)
            if begins:
                piece.written = _BEGINNING.sub(_as_text, piece.written, count=1)
            if piece.written.endswith("!") and at + 1 < len(pieces) and pieces[at + 1].written.startswith("["):
                piece.written = f"{piece.written[:-1]}\\!"  # with a link behind it, a picture
            piece.written = _LINKED.sub(_ended, piece.written)
            if at + 1 < len(pieces) and pieces[at + 1].written[:1] not in "\n\\ <" and not piece.name:
                piece.written = _LINKED_TO_THE_END.sub(r"\g<0><wbr>", piece.written)
            if not expressions:
                piece.written = _SHORT_CODE.sub(r"\\:", piece.written)
                continue
            if begins and piece.written.startswith("::"):  # a slot's name
                piece.written = f"\\{piece.written}"
            piece.written = BRACES.sub(r"\1<wbr>", piece.written)


def _escaped(text: str, *, label: bool, dollars: bool) -> str:
    text = _SPECIAL.sub(r"\\\g<0>", _ENTITY.sub("&amp;", text))
    text = _TAG.sub("&lt;", text)
    if label:
        text = re.sub(r"(?<!\\)[\[\]]", r"\\\g<0>", text)
    return text.replace("$", "\\$") if dollars else text


def _ended(link: re.Match[str]) -> str:
    """An address that ends before what is escaped behind it."""
    return link[0] if link["escaped"] is None else f"{link[0]}<wbr>"


def _as_text(beginning: re.Match[str]) -> str:
    if number := beginning["number"]:
        return f"{number}\\{beginning[0][len(number) :]}"
    return f"\\{beginning[0]}"


def _set_formulas_apart(pieces: Sequence[Piece]) -> None:
    """No formula meets a brace or a digit beside it: of one that is wrong Slidev shows the source."""
    for at, piece in enumerate(pieces):
        if piece.kind == "math":
            if at and pieces[at - 1].written[-1:] in "{}$;&\\%":
                piece.written = f"<wbr>{piece.written}"
            if at + 1 < len(pieces) and re.match(r"[{}$;&\\%\d]", pieces[at + 1].written):
                piece.written = f"{piece.written}<wbr>"


def _keep_certain_marks(pieces: Sequence[Piece]) -> None:
    """Marks of emphasis become elements unless both of a pair can only be read as what they are (CommonMark 6.2)."""
    for at, piece in enumerate(pieces):
        if piece.kind == "open" and not (_is_certain(pieces, at, -1) and _is_certain(pieces, piece.partner, 1)):
            piece.written, pieces[piece.partner].written = f"<{piece.name}>", f"</{piece.name}>"


def _is_certain(pieces: Sequence[Piece], at: int, step: int) -> bool:
    """Whether a mark can only be read as what it is: one that opens if `step`, away from what it holds, is -1."""
    mark = pieces[at]
    outside, inside = _beyond(pieces, at, step), _beyond(pieces, at, -step)
    if outside is None or inside is None:
        return False
    around = outside.written[-1:] if step < 0 else outside.written[:1]
    within = inside.written[:1] if step < 0 else inside.written[-1:]
    return around != mark.written[0] and _flanks(around, within, in_words=mark.written[0] == "*")


def _beyond(pieces: Sequence[Piece], at: int, step: int) -> Piece | None:
    """The piece beside a run of marks, such as `***`; None where two of them would be read as one."""
    lengths = [len(pieces[at].written)]
    mark = pieces[at]
    while 0 <= (at := at + step) < len(pieces):
        piece = pieces[at]
        if piece.kind != mark.kind or piece.written[0] != mark.written[0]:
            return piece
        lengths.append(len(piece.written))
        if sorted(lengths) != [1, 2]:
            return None
    return Piece("break", "")


def _flanks(outside: str, inside: str, *, in_words: bool) -> bool:
    """Whether a mark between these two signs is one of `inside`, in every reading of what is punctuation."""
    if not inside or inside.isspace():
        return False
    apart = not outside or outside.isspace() or outside in string.punctuation
    return apart or (in_words and inside.isalnum() and outside.isalnum())


def _guarded(line: str, *, first: bool, one_line: bool) -> str:
    """A line that begins no block of HTML."""
    if one_line or not begins_html_block(line):
        return line
    return f"\u2060{line}" if first else f"    {line}"  # four spaces begin no block within a paragraph
