"""Text, values and listings as parts of a deck's source that end where they end; knows no blocks and no slides."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any


def fence(code: str, info: str = "") -> str:
    """A fenced listing whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{code.rstrip()}\n{ticks}"


def plain(text: str) -> str:
    """Inline Markdown as the words a reader would see, for links and lists of contents."""
    text = re.sub(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*+\)", r"\1", text)
    text = re.sub(r"<br\b[^<>]*>", " ", text)
    text = re.sub(r"<[^<>]+>", "", text)
    return re.sub(r"(\*\*|__|\*|`|~~)(.+?)\1", r"\2", text).strip()


def escape(text: str) -> str:
    """Text as HTML that neither tool reads as Markdown or as a Vue expression."""
    text = html.escape(text)
    return re.sub(r"[{}\[\]`*_$\\~|:]", lambda match: f"&#{ord(match[0])};", text).replace("--", "&#45;&#45;")


def attribute(text: str) -> str:
    """Text as the value of a quoted attribute, on one line."""
    return escape(re.sub(r"\s+", " ", text).strip())


def attribute_url(address: str) -> str:
    """An address as the value of a quoted attribute."""
    return html.escape(address.replace(" ", "%20"), quote=True)


def payload(value: Any) -> str:
    """JSON as base64 of UTF-8: inert in Markdown, in Vue and in HTML."""
    return base64.b64encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def scalar(value: Any) -> str:
    """A value for front matter on one line, with no three dashes in it: JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False).replace("---", "\\u002d\\u002d\\u002d").replace("-->", "--\\u003e")


def comment(text: str) -> str:
    """A speaker note as an HTML comment that ends where it ends and that Marp does not take for a directive."""
    text = re.sub(r"--(!?>)", "--\u2060\\1", text.strip())
    # A word joiner before a word with a colon, after a mark of YAML's or in a brace too, makes it a key that no tool
    # knows: the note stays a note.
    key = r"^(\s*)(?=(?:(?:\.{3}|-{3})\s+|\{\s*)*[\"']?[\w$-]+[\"']?\s*:)"
    text = re.sub(key, "\\1\u2060", text, flags=re.MULTILINE)
    return f"<!--\n{text}\n-->"
