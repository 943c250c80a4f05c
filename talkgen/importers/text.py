"""A slide's Markdown: whether both targets understand it, its title, and what is left of it without one tool's own."""

from __future__ import annotations

import re
from typing import Any

_FENCED = re.compile(
    r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})([^\n]*)\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_SPAN = r"(?P<ticks>`+)(?:[^`\n]|\n(?![ \t]*\n))+?(?P=ticks)(?!`)"  # within a paragraph
_CODE = re.compile(_SPAN)
_SPECIAL = re.compile(
    r"<[a-zA-Z!/]|<<<|\{\{|^:::?|\{[.#:]|!\[bg\b|^ {0,3}~~~|\[\^|\$\$ *\{|\]\{|^\[\[?toc|"
    r"^ {0,3}(=+|-+|\*{3,}|_{3,})[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_PLAIN_INFO = re.compile(r"[\w+#.-]*\s*")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_LOST = re.compile(
    rf"(?P<code>{_SPAN})|"
    r"<!--.*?(?:-->|\Z)|<(?P<name>style|script)\b.*?(?:</(?P=name)\s*>|\Z)|</?[a-zA-Z][^<>\n]*>|"
    r"^::[\w-]+::[ \t]*$|!\[bg\b[^\]]*\]\([^)]*\)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_EXPRESSION = re.compile(rf"{_FENCED.pattern}|{_SPAN}|\{{(?=\{{)", re.MULTILINE | re.DOTALL)


def block_of(source: str, target: str) -> list[Any]:
    """The body of a slide with the Markdown `source` of `target`: Markdown, raw source, or nothing."""
    source = source.strip("\n").rstrip()
    if not source.strip():
        return []
    if _is_common(source):
        return [_with_breaks(source) if target == "marp" else source]
    other = "marp" if target == "slidev" else "slidev"
    raw = {target: source}
    if left := readable(source):
        raw[other] = _EXPRESSION.sub(_apart, left) if other == "slidev" else left
    return [{"raw": raw}]


def _is_common(source: str) -> bool:
    """Whether both tools show this Markdown alike, and rendering it changes nothing."""
    if any(fence[1][0] == "~" or not _PLAIN_INFO.fullmatch(fence[2].strip()) for fence in _FENCED.finditer(source)):
        return False
    return not _SPECIAL.search(prose(source)) and "<!--" not in source and source == source.strip()


def _with_breaks(source: str) -> str:
    """Markdown in which a line ends where Marp ends one: elsewhere the end of a line is a space."""
    from markdown_it import MarkdownIt

    lines = source.split("\n")
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type == "inline" and token.map and token.children:
            start, end = token.map
            breaks = [child.type for child in token.children if child.type in ("softbreak", "hardbreak")]
            if len(breaks) == end - start - 1:  # else a line ends within code
                for at, kind in enumerate(breaks, start):
                    lines[at] += "\\" if kind == "softbreak" else ""
    return "\n".join(lines)


def prose(source: str) -> str:
    """The Markdown without its listings and code."""
    return _CODE.sub("", _FENCED.sub("", source))


def readable(source: str) -> str:
    """The Markdown without HTML, comments, slots and backgrounds: what a reader of the other tool sees."""
    parts, end = [], 0
    for fence in _FENCED.finditer(source):
        info = re.match(r"[\w+#.-]*", fence[2].strip())
        code = fence[0].split("\n", 1)[1]
        parts += [_without_html(source[end : fence.start()]), f"{fence[1]}{info[0] if info else ''}\n{code}"]
        end = fence.end()
    text = "".join([*parts, _without_html(source[end:])])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _without_html(text: str) -> str:
    return _LOST.sub(lambda found: found["code"] or "", text)


def _apart(found: re.Match[str]) -> str:
    """Two braces as Slidev shows them; in code it does so by itself."""
    return "{<wbr>" if found[0] == "{" else found[0]


def first_heading(source: str) -> str:
    """The text of the first heading outside code; empty where there is none."""
    found = _HEADING.search(_without_html(_FENCED.sub("", source)))
    return found[1].strip() if found else ""
