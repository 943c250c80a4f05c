"""Author's text made safe for each target, so that no slide vanishes and nothing is run; knows no blocks and no slides.

Both tools cut a deck at lines of dashes, take comments for notes and directives, and Slidev compiles what is left as a
Vue template. Code spans and fences are left as they are: both tools show them as text.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from typing import Any

_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})([^\n]*)\n(.*?)(?:^ {0,3}\2[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)
_SETEXT = re.compile(r"^ {0,3}(?=\S)([^\n]+)\n {0,3}(=+|-+)[ \t]*$", re.MULTILINE)
_OPEN_MATH = re.compile(r"[\s>*+\-.)\d]*\$\$")
_MARKS, _MARK = re.compile("[\ue0c0\ue0c1]"), re.compile("\ue0c0(\\d+)\ue0c1")  # private characters around a number
_DASHES = re.compile(r"^(?=---)", re.MULTILINE)
# HTML that an author may write; anything else between angle brackets is text.
_ELEMENTS = (
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp "
    "small source span strong sub summary sup table tbody td tfoot th thead time tr u ul var video wbr "
    "talkgen-live talkgen-tokens "
).split()
_TAG = re.compile(rf"<(?!/?(?:{'|'.join(_ELEMENTS)})(?:[\s/>]|$)|https?://)", re.IGNORECASE)
_OPEN_TAG = re.compile(r"<[a-z](?:\"[^\"]*\"|'[^']*'|[^\"'<>])*", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s+([^\s\"'<>/=]+)(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` made to all of it but code fences and code spans; fences come out with backticks."""
    parts, end = [], 0
    for match in _FENCE.finditer(text):
        parts += [_outside_spans(text[end : match.start()], change), fence(match[4], match[3].strip())]
        end = match.end()
    return "".join([*parts, _outside_spans(text[end:], change)])


def _outside_spans(text: str, change: Callable[[str], str]) -> str:
    """As above for spans; a mark keeps each one's place, so that `change` sees whole lines."""
    spans: list[str] = []

    def keep(match: re.Match[str]) -> str:
        spans.append(_code_element(match[2]) if "<!--" in match[0] else match[0])
        return f"\ue0c0{len(spans) - 1}\ue0c1"

    changed = change(_CODE_SPAN.sub(keep, _MARKS.sub("", text)))
    return _MARK.sub(lambda mark: spans[int(mark[1])], changed)


def _code_element(code: str) -> str:
    """A code span as HTML: both tools look for comments before they look for code."""
    return f"<code v-pre>{html.escape(code.strip()).replace('--', '&#45;&#45;')}</code>"


def fence(code: str, info: str = "") -> str:
    """A fenced listing whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{code.rstrip()}\n{ticks}"


def markdown(text: str) -> str:
    """Markdown that stays on its slide: no comments, no lines that separate slides, ATX instead of setext headings."""

    def change(part: str) -> str:
        part = _COMMENT.sub("", part)
        part = _SETEXT.sub(_as_atx, part)
        part = _RULE.sub("<hr>", part)
        return _closed_math(_DASHES.sub("\\\\", part))

    return outside_code(text, change).strip()


def _closed_math(text: str) -> str:
    """`text` with every `$$` that opens a formula and is never closed escaped: it would swallow the slides after it."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opened = _OPEN_MATH.match(lines[at])
        if opened:
            ends = (i for i in range(at, len(lines)) if _ends_math(lines[i], opened.end() if i == at else 0))
            end = next(ends, None)
            if end is None:
                lines[at] = lines[at].replace("$", "\\$")
            at = at if end is None else end
        at += 1
    return "\n".join(lines)


def _ends_math(line: str, start: int) -> bool:
    return line[start:].rstrip().endswith("$$")


def _as_atx(match: re.Match[str]) -> str:
    """A setext heading as ATX; a list item or a quote above dashes is none."""
    line = match[1].strip()
    if re.match(r"[-*+>|#]|\d+[.)]\s|\|", line) or "|" in match[2]:
        return match[0]
    return f"{'#' if match[2].startswith('=') else '##'} {line}"


def vue_markdown(text: str) -> str:
    """Markdown that is also a Vue template without expressions, directives, components or scripts."""

    def change(part: str) -> str:
        part = part.replace("{{", "&#123;&#123;").replace("}}", "&#125;&#125;")
        return _OPEN_TAG.sub(_without_code, _TAG.sub("&lt;", part))

    return outside_code(markdown(text), change)


def _without_code(tag: re.Match[str]) -> str:
    """A tag without event handlers and without Vue's directives, bindings and slots."""

    def keep(attribute: re.Match[str]) -> str:
        name = attribute[1].lower()
        runs = name.startswith(("on", "v-", "@", ":", "#")) and name != "v-pre"
        return "" if runs else attribute[0]

    return _ATTRIBUTE.sub(keep, tag[0])


def plain(text: str) -> str:
    """Inline Markdown as the words a reader would see, for links and lists of contents."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<[^>]+>", "", text)
    return re.sub(r"(\*\*|__|\*|`|~~)(.+?)\1", r"\2", text).strip()


def escape(text: str) -> str:
    """Text as HTML that neither tool reads as Markdown or as a Vue expression."""
    text = html.escape(text)
    return re.sub(r"[{}\[\]`*_$\\~|:]", lambda match: f"&#{ord(match[0])};", text).replace("--", "&#45;&#45;")


def attribute(text: str) -> str:
    """Text as the value of a quoted attribute, on one line."""
    return escape(re.sub(r"\s+", " ", text).strip())


def payload(value: Any) -> str:
    """JSON as base64 of UTF-8: inert in Markdown, in Vue and in HTML."""
    return base64.b64encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def scalar(value: Any) -> str:
    """A value for front matter on one line, with no three dashes in it: JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False).replace("---", "\\u002d\\u002d\\u002d").replace("-->", "--\\u003e")


def comment(text: str) -> str:
    """A speaker note as an HTML comment that ends where it ends and that Marp does not take for a directive."""
    text = re.sub(r"--(!?>)", "--\u2060\\1", text.strip())
    # A word joiner before a word with a colon makes it a key that no tool knows: the note stays a note.
    text = re.sub(r"^(\s*)(?=[\"']?[\w$-]+[\"']?\s*:)", "\\1\u2060", text, flags=re.MULTILINE)
    return f"<!--\n{text}\n-->"
