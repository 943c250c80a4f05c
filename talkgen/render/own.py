"""What an author writes for one tool alone, kept to its slide: the rest of it is the author's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from talkgen.render.grammar import read_markdown
from talkgen.render.listings import own_listing

if TYPE_CHECKING:
    from markdown_it.token import Token

_JOINER = "\u2060"  # no fence begins with one
_DASHES = re.compile(r"^(?=---)", re.MULTILINE)
_TICKS = re.compile(r"^([ \t]*)(?=```)", re.MULTILINE)
_BARE_ITEM = re.compile(r"(?:^|\n)[ \t>]*(?:[-*+]|\d+[.)])\Z")


def aligned(source: str) -> str:
    """An author's own source for Slidev, in which no line begins with dashes, and with backticks only a fence's.

    Slidev cuts at the former wherever they stand, and looks for another line that begins like the latter: so each fence
    begins a line, also in a list, and what its quotes and lists begin with stands on the line before.
    """
    lines = source.replace("\r\n", "\n").split("\n")
    parts, end = [], 0
    for token in read_markdown("\n".join(lines)):
        if token.type == "fence" and token.map:
            parts.append(_without_blank_end(_cut_nowhere(lines[end : token.map[0]]).lstrip("\n")))
            before = lines[token.map[0]].partition(token.markup)[0]
            if not _BARE_ITEM.search(parts[-1]):
                parts.append(before.rstrip())
            parts.append(_inside(before, token))
            end = token.map[1]
    parts.append(_cut_nowhere(lines[end:]).strip("\n"))
    return "\n".join(parts).strip()


def _cut_nowhere(lines: list[str]) -> str:
    return _DASHES.sub(" ", _TICKS.sub(f"\\1{_JOINER}", "\n".join(lines)))


def _without_blank_end(text: str) -> str:
    """A text without the lines at its end that hold nothing but spaces and the signs of quotes."""
    said = len(text.rstrip(" \t>\n"))
    end = text.find("\n", said) if said else 0
    return text if end < 0 else text[:end]


def _inside(before: str, token: Token) -> str:
    """A listing within the quotes and lists that `before` begins with."""
    around = re.sub(r"[^>\s]", " ", before)
    listing = own_listing(token.content, token.info.strip().replace("`", ""))
    return "\n".join([*((around + line).rstrip() for line in listing.split("\n")), *([] if around else [""])])


def undivided(source: str) -> str:
    """An author's own source for Marp, of which no rule begins another slide."""
    lines = source.strip().split("\n")
    for token in read_markdown("\n".join(lines)):
        if token.type == "hr" and token.level == 0 and token.map:
            lines[token.map[0]] = "<hr>"
    return "\n".join(lines)
