"""Where addresses of pictures, films and sounds stand in Markdown, HTML and CSS; opens no file, knows no outline.

Markdown is read by its parser, tags by a tokenizer; each address comes with its place in the text, so that what finds a
missing file can also say where, and what copies one can write the copy's address in its place.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# What an element fetches to be shown; of all others, a target's own components too, it is `src`.
_FETCHED = {"video": ("src", "poster"), "object": ("data",), "image": ("href", "xlink:href"), "link": ("href",)}
_RUN = {"iframe", "frame", "script"}
_VALUE = r"""(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'=<>`]+))"""
_ATTRIBUTE = re.compile(rf"\s(?P<name>[^\s\"'<>/=]+)\s*=\s*{_VALUE}")
# Own, as the standard library's parser takes time with the square of what is never closed, and tells no places in tags.
_TAG = re.compile(r"""<(?P<name>[a-zA-Z][\w:.-]*+)(?P<attributes>(?:[^<>"']|"[^"]*"|'[^']*')*+)>""")
REMOTE = re.compile(r"(?:https?:)?//[^/\s]+", re.IGNORECASE)  # an address of another host
_CANDIDATE = re.compile(r"(?P<c>[^\s,]+)[^,]*")  # of `srcset`
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_URL = r"""(?:"(?P<a>[^"\n]*)"|'(?P<b>[^'\n]*)'|&quot;(?P<d>[^&\n]*)&quot;|(?P<c>[^\s"'()]*))"""
_CSS_URL = re.compile(rf"(?:\burl\(\s*+|@import\s++(?=[\"'](?:https?:)?//)){_URL}(?:\s*+\)|(?<=[\"']))", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?P<c>.*?)(?:-->|\Z)", re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?(?P<c>\#[^\s\"'<>()]+)")
_TAG_LINK = re.compile(r"""<a\s[^<>]{0,500}?href=["']?(?P<c>\#[^\s"'<>()]+)""", re.IGNORECASE)
_PERHAPS = re.compile(r"!\[|<(?=[a-zA-Z])[^<]*(?:src|poster|href|data|style)", re.IGNORECASE)
_SNIPPET = re.compile(r"^<<<[ \t]*(?P<c>[^\s#{]+)", re.MULTILINE)
_NEAR = 2_000  # characters between two pictures of a line that are searched for the second, and of an odd address


@dataclass(frozen=True)
class Address:
    """An address in a text as a browser reads it, and where it stands there."""

    to: str
    start: int
    end: int
    runs: bool = False  # a page in a frame, or a program: no file that can be shown alone

    def moved(self, offset: int) -> Address:
        """The same in a text that begins `offset` characters earlier."""
        return replace(self, start=self.start + offset, end=self.end + offset)


def file_name(address: str) -> str:
    """The file that an address in a text names, without what else a browser reads in it."""
    return unquote(re.split(r"[?#]", address)[0])


def css_addresses(text: str) -> Iterator[Address]:
    """Each `url(…)` of a style sheet outside its comments, and each `@import "…"` of another host's."""
    for found in _CSS_URL.finditer(_CSS_COMMENT.sub(_blank, text)):
        yield _group(found)


def html_addresses(text: str) -> Iterator[Address]:
    """What the tags of a page fetch, in attributes, in style sheets and in an element's own style."""
    page, at = _COMMENT.sub(_blank, text), 0
    while tag := _TAG.search(page, at):
        yield from _fetched(tag)
        at, name = tag.end(), tag["name"].lower()
        if name in ("style", "script"):  # no tags are in them
            end = re.compile(f"</{name}|\\Z", re.IGNORECASE).search(page, at)
            inside, at = (page[at : end.start()], end.end()) if end else ("", at)
            if name == "style":
                yield from (each.moved(tag.end()) for each in css_addresses(inside))


def _fetched(tag: re.Match[str]) -> Iterator[Address]:
    for found in _ATTRIBUTE.finditer(tag["attributes"]):
        name, value = found["name"].lower(), _group(found).moved(tag.start("attributes"))
        if name == "style":
            yield from (each.moved(value.start) for each in css_addresses(value.to))
        elif name == "srcset":
            yield from (_group(each).moved(value.start) for each in _CANDIDATE.finditer(value.to))
        elif name in _FETCHED.get(tag["name"].lower(), ("src",)):
            yield Address(html.unescape(value.to), value.start, value.end, tag["name"].lower() in _RUN)


def markdown_addresses(text: str) -> list[Address]:
    """Markdown's pictures, and what tags in it fetch; code shows its text."""
    if not _PERHAPS.search(text):  # most texts: the parser is loaded for the others
        return []
    return list(_read(text))


@lru_cache(maxsize=1024)  # a text is asked when it is checked, and again when it is written
def _read(text: str) -> tuple[Address, ...]:
    reader = _Pictures(text)
    reader.read()
    return (*reader.found, *html_addresses(reader.prose))


def link_addresses(text: str, *, in_tags: bool) -> Iterator[Address]:
    """What Markdown links to inside the talk, as "#name": in its own links, or in the tags in it; code has none."""
    pattern = _TAG_LINK if in_tags else _LINK
    if pattern.search(text):
        yield from (_group(found) for found in pattern.finditer(prose(text)))


def prose(text: str) -> str:
    """Markdown with white space for its code and comments, so that places stay."""
    reader = _Pictures(text)
    reader.read()
    return reader.prose


def marp_addresses(text: str) -> list[Address]:
    """The same for Marp's own source, whose comments are directives: `<!-- backgroundImage: url(x.png) -->`."""
    found = markdown_addresses(text)
    for comment in _COMMENT.finditer(text):
        inside = [*css_addresses(comment["c"]), *markdown_addresses(comment["c"])]
        found += [each.moved(comment.start("c")) for each in inside]
    return found


def slidev_addresses(text: str) -> list[Address]:
    """The same for Slidev's own source, whose listings may come from files: `<<< @/snippets/one.ts#part`."""
    snippets = (_group(found) for found in _SNIPPET.finditer(text))
    return [*markdown_addresses(text), *(replace(each, to=each.to.removeprefix("@/")) for each in snippets)]


def replace_addresses(text: str, found: Iterable[Address], address: Callable[[str], str | None]) -> str:
    """The text with what `address` gives in place of each address found in it; None leaves one as it is."""
    parts, done = [], 0
    for each in sorted(found, key=lambda one: one.start):
        new = address(each.to)
        if new is not None and each.start >= done:
            parts += [text[done : each.start], new]
            done = each.end
    return "".join([*parts, text[done:]])


def _group(found: re.Match[str]) -> Address:
    """The address in one of the groups a to d of a match: in double quotes, in single ones, bare, in escaped ones."""
    name = next(name for name in "abcd" if found.groupdict().get(name) is not None)
    return Address(found[name], found.start(name), found.end(name))


def _blank(found: re.Match[str]) -> str:
    """As much white space as there was text, so that places stay."""
    return re.sub(r"[^\n]", " ", found[0])


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class _Pictures:
    """Finds Markdown's pictures in its tokens, and their places in its source; `prose` is the source without code."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Address] = []
        self._lines = [0, *(end.end() for end in re.finditer("\n", text)), len(text)]
        self._at = 0  # how far the source is read
        self._code: list[tuple[int, int]] = []
        self._defined: dict[str, Address | None] = {}

    def read(self) -> None:
        """Reads all of the source."""
        lines = 0, len(self._lines) - 1
        for token in _parser().parse(self.text):
            lines = (token.map[0], token.map[1]) if token.map else lines  # a table's cells have none of their own
            start, end = (self._lines[min(line, len(self._lines) - 1)] for line in lines)
            if token.type == "fence" or (token.type == "code_block" and not _is_within(token)):
                self._code.append((start, end))
            self._at = max(self._at, start)
            for child in token.children or ():
                if child.type == "code_inline":
                    self._read_code(child, end)
                elif child.type == "image" and (picture := self._read_picture(child)):
                    self.found.append(picture)

    @property
    def prose(self) -> str:
        """The source with white space for its code and comments."""
        parts, done = [], 0
        for start, end in self._code:
            parts += [self.text[done:start], re.sub(r"[^\n]", " ", self.text[start:end])]
            done = end
        return _COMMENT.sub(_blank, "".join([*parts, self.text[done:]]))

    def _read_code(self, token: Token, end: int) -> None:
        ticks = rf"(?<!`){token.markup}(?!`)"
        if code := re.compile(f"{ticks}.*?{ticks}", re.DOTALL).search(self.text, self._at, end):
            self._code.append(code.span())
            self._at = code.end()

    def _read_picture(self, token: Token) -> Address | None:
        if str(token.attrs["src"]).startswith("data:"):  # no address of anything, and perhaps very long
            self._at = max(self._at, self.text.find("](data:", self._at))
            return None
        to, shown = unquote(str(token.attrs["src"])), f"![{token.content}]"
        at = self.text.find(shown, self._at, self._at + len(shown) + _NEAR)
        if at >= 0:
            self._at = at + len(shown)
        opened = re.compile(rf"[^(]{{0,{_NEAR if at < 0 else 0}}}\(\s*<?").match(self.text, self._at)
        if opened and self.text.startswith(to, opened.end()):
            self._at = opened.end() + len(to)
            return Address(to, opened.end(), self._at)
        if len(to) > _NEAR:
            return None
        found = re.compile(_spelled(to)).match(self.text, opened.end()) if opened else None
        if found:
            self._at = found.end()
            return Address(to, found.start("c"), found.end("c"))
        if to not in self._defined:  # the address stands elsewhere: ![alt][name]
            found = re.compile(rf"^ {{0,3}}\[[^\]\n]+\]:\s*{_spelled(to)}", re.MULTILINE).search(self.text)
            self._defined[to] = Address(to, found.start("c"), found.end("c")) if found else None
        return self._defined[to]


def _is_within(token: Token) -> bool:
    """Whether what looks like code is the indented beginning of a text that stands within other tags."""
    return token.map is not None and token.map[0] == 0 and token.content.lstrip().startswith("<")


def _spelled(address: str) -> str:
    """A pattern of the ways to write an address in Markdown: with backslashes, percent signs and entities."""
    ways = (rf"(?:\\?{re.escape(sign)}|{re.escape(quote(sign, safe=''))}|&\#?\w+;)" for sign in address)
    return f"<?(?P<c>{''.join(ways)})"
