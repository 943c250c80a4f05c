"""A slide's Markdown: whether both targets understand it, its title, and what is left of it without one tool's own."""

from __future__ import annotations

import re
from typing import Any

_FENCED = re.compile(
    r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})([^\n]*)\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_CODE = re.compile(r"(`+)(?:[^`\n]|\n(?![ \t]*\n))+?\1(?!`)")  # within a paragraph
_SPECIAL = re.compile(
    r"<[a-zA-Z!/]|<<<|\{\{|^:::?|\{[.#:]|!\[bg\b|^ {0,3}~~~|\[\^|\$\$ *\{|\]\{|^\[\[?toc|"
    r"^ {0,3}(=+|-+|\*{3,}|_{3,})[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_PLAIN_INFO = re.compile(r"[\w+#.-]*\s*")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_LOST = re.compile(
    r"<!--.*?(?:-->|\Z)|<(style|script)\b.*?(?:</\1\s*>|\Z)|</?[a-zA-Z][^<>\n]*>|"
    r"^::[\w-]+::[ \t]*$|!\[bg\b[^\]]*\]\([^)]*\)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def block_of(source: str, target: str) -> list[Any]:
    """The body of a slide with the Markdown `source` of `target`: Markdown, raw source, or nothing."""
    source = source.strip("\n").rstrip()
    if not source.strip():
        return []
    if _is_common(source):
        return [source]
    other = "marp" if target == "slidev" else "slidev"
    raw = {target: source}
    if left := readable(source):
        raw[other] = left.replace("{{", "&#123;&#123;") if other == "slidev" else left
    return [{"raw": raw}]


def _is_common(source: str) -> bool:
    """Whether both tools show this Markdown alike, and rendering it changes nothing."""
    if any(fence[1][0] == "~" or not _PLAIN_INFO.fullmatch(fence[2].strip()) for fence in _FENCED.finditer(source)):
        return False
    return not _SPECIAL.search(prose(source)) and "<!--" not in source and source == source.strip()


def prose(source: str) -> str:
    """The Markdown without its listings and code."""
    return _CODE.sub("", _FENCED.sub("", source))


def readable(source: str) -> str:
    """The Markdown without HTML, comments, slots and backgrounds: what a reader of the other tool sees."""
    parts, end = [], 0
    for fence in _FENCED.finditer(source):
        info = re.match(r"[\w+#.-]*", fence[2].strip())
        code = fence[0].split("\n", 1)[1]
        parts += [_LOST.sub("", source[end : fence.start()]), f"{fence[1]}{info[0] if info else ''}\n{code}"]
        end = fence.end()
    text = "".join([*parts, _LOST.sub("", source[end:])])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def first_heading(source: str) -> str:
    """The text of the first heading outside code; empty where there is none."""
    found = _HEADING.search(_LOST.sub("", _FENCED.sub("", source)))
    return found[1].strip() if found else ""
