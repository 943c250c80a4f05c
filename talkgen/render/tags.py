"""HTML in an author's text: tags of known elements that fit are let through, without what runs; all else is text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import nh3

from talkgen.outline.nesting import VOID
from talkgen.render.elements import ELEMENTS

KNOWN = frozenset(
    "a abbr audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture q rp rt ruby s samp "
    "small source span strong sub summary sup table tbody td tfoot th thead time tr u ul var video wbr".split()
).union(ELEMENTS)
_ATTRIBUTES = frozenset(
    "abbr align alt autoplay cite class colspan controls data datetime dir download height href id ids lang loading "
    "loop media muted open playsinline poster preload recording rel reversed role rowspan scope size sizes span src "
    "start style tabindex target title type v-pre valign value width".split()
)
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "data"})
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_EMPTY = re.compile(r"(?<!=)(?:(?<=[\s\"'])|(?<=[\s<])[^\s=<>\"']+)/>\Z")  # an unquoted value may end in a slash
# Dollars, backticks, bars and dashes would mean something in the line or to the tools that cut it.
_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "$`|"}


_ALONE = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*+)[^>]*>(\s*\Z)?")  # in cleaned attributes stands no such sign


def begins_html_block(line: str) -> bool:
    """Whether a line begins a block of HTML that ends with a blank line (CommonMark 4.6, kinds 6 and 7)."""
    from markdown_it.common.html_blocks import block_names

    found = _ALONE.match(line)
    return bool(found and (found[1].lower() in block_names or found[2] is not None))


class Tag:
    """A tag as it was written and, `cleaned`, as it is let through if it `fits`; empty where it may never be."""

    def __init__(self, source: str, address: Callable[[str], str | None]) -> None:
        named = _NAME.match(source)
        self.source = source
        self.name = named[1].lower() if named else ""
        self.is_comment = source.startswith("<!--")
        self.cleaned = ""
        self.opens = self.closes = self.fits = False
        if self.name in KNOWN:
            self._read(address)

    def _read(self, address: Callable[[str], str | None]) -> None:
        if self.source.startswith("</"):
            if self.name not in VOID:
                self.closes, self.cleaned = True, f"</{self.name}>"
            return
        self.cleaned = f"<{self.name}{_attributes(self.source[1 + len(self.name) :], address)}>"
        if self.name in VOID:
            self.fits = True
        elif _EMPTY.search(self.source):
            self.cleaned, self.fits = f"{self.cleaned}</{self.name}>", True
        else:
            self.opens = True


def _attributes(source: str, address: Callable[[str], str | None]) -> str:
    """The known attributes of a tag, once each; addresses of files of the talk become those in the deck."""

    def changed(_: str, name: str, value: str) -> str | None:
        if name in ("src", "poster"):
            return address(value) or value
        return None if name == "href" and value.lstrip().lower().startswith("data:") else value

    # All through one element: the sanitizer drops parts of tables that stand alone.
    cleaned = nh3.clean(
        f"<i{source}",
        tags={"i"},
        attributes={"*": set(_ATTRIBUTES)},
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes=set(_SCHEMES),
        attribute_filter=changed,
        link_rel=None,
    )
    attributes = " ".join(cleaned.removeprefix("<i").removesuffix("></i>").split())
    attributes = attributes.translate(_SIGNS).replace("--", "-&#45;").replace('v-pre=""', "v-pre")
    return f" {attributes}" if attributes else ""


class Fitting:
    """Finds which tags fit: an element opens and closes between the same two marks of the Markdown around it."""

    def __init__(self) -> None:
        self._open: list[list[Tag]] = [[]]
        self._depth: list[Counter[str]] = [Counter()]

    def enter(self) -> None:
        """A mark that opens, as of an emphasis or a list."""
        self._open.append([])
        self._depth.append(Counter())

    def leave(self) -> None:
        """The mark that closes it: what is still open in it does not fit."""
        self._open.pop()
        self._depth.pop()

    def add(self, tag: Tag) -> None:
        """A tag; with the one that closes an element both fit, and none that was opened within and is still open."""
        if tag.opens:
            self._open[-1].append(tag)
            self._depth[-1][tag.name] += 1
        elif tag.closes and self._depth[-1][tag.name]:
            opened = None
            while opened is None or opened.name != tag.name:
                opened = self._open[-1].pop()
                self._depth[-1][opened.name] -= 1
            opened.fits = tag.fits = True
