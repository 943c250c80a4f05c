"""Author's Markdown made safe for each target: no slide vanishes, no word is lost, nothing is run; knows no blocks.

Both tools cut a deck at lines of dashes and take comments for notes and directives; Slidev compiles what is left as a
Vue template, in which two braces are an expression. A reading of Markdown that differs from the tools' must do no harm:
so code that could be anything else becomes an element, and braces, tags and dashes are disarmed wherever they stand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from talkgen.outline.addresses import PICTURE
from talkgen.outline.nesting import misfits
from talkgen.render.escape import escape, fence
from talkgen.render.listings import own_listing, slidev_listing
from talkgen.render.tags import TAG, known_tag

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_TEX = r"(?:\\[^\n]|[^$\\\n]|\n(?![^\S\n]*\n))"  # a letter of a formula, which no blank line cuts
_INLINE = re.compile(
    r"(?P<escape>\\[^\n])"
    r"|(?P<code>(?P<run>`+)(?!`)(?P<inner>[^\n]*?[^`\n])(?P=run)(?!`))|(?P<ticks>`+)"
    rf"|(?P<math>\$\${_TEX}+\$\$|\$(?![\s$]){_TEX}*?(?<!\s)\$(?![\d$]))"
    rf"|(?P<image>{PICTURE})"
    r"|(?P<comment><!--.*?(?:-->|\Z))"
    r"|(?P<address><(?:https?://|mailto:)(?:(?!%7B)[^\s<>{])*>)"
    rf"|(?P<tag>{TAG})"
    r"|(?P<less><<<|<(?=[A-Za-z/!?]))"
    r"|(?P<brace>&(?:#0*123|#x0*7b|lbrace|lcub);)",
    re.DOTALL | re.IGNORECASE,
)
_SRC = re.compile(r"(?<= src=\")[^\"]+")
_NOTE_TAG = re.compile(rf"{TAG}|<(?=[A-Za-z/!?])(?!https?://|mailto:)")
_BLANK_END = re.compile(r"(?:(?:^|\n)[ \t>]*)+\Z")
_BARE_ITEM = re.compile(r"(?:^|\n)[ \t>]*(?:[-*+]|\d+[.)])\Z")
_TILDES = re.compile(r"^([ \t>*+\-.)\d]*)(?=~~~)", re.MULTILINE)
_TICKS = re.compile(r"^([ \t]*)(?=```)", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)
_SETEXT = re.compile(r"^ {0,3}(?=\S)([^\n]+)\n {0,3}(=+|-+)[ \t]*$", re.MULTILINE)
_OPEN_MATH = re.compile(r"[\s>*+\-.)\d]*\$\$")
_MARKS, _MARK = re.compile("[\ue0c0\ue0c1]"), re.compile("\ue0c0(\\d+)\ue0c1")  # private characters around a number
_DASHES = re.compile(r"^(?=---)", re.MULTILINE)
_SLOT = re.compile(r"^([ \t>*+\-.)\d]*)(?=::\s*[\w.\-:]+\s*::\s*$)", re.MULTILINE)
_BRACES = re.compile(r"(\{|%7B)(?=\{|%7B)", re.IGNORECASE)
_NO_FILES: Mapping[str, str] = {}


@cache
def _reference() -> MarkdownIt:
    """The parser that both tools' own is the model of; loaded with the first text, as light commands need none."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Target:
    """What a target makes of lines, of listings, and of the addresses of pictures beside the outline."""

    change: Callable[[str], str]
    listing: Callable[[str, str], str]
    address: Callable[[str], str | None]  # the address in the deck; None of what is no file of the talk


def markdown(text: str, address: Callable[[str], str | None] = _NO_FILES.get) -> str:
    """Markdown that stays on its slide: no comments, no lines that separate slides, ATX instead of setext headings."""
    return _fitting(text, Target(_stay, fence, address))


def vue_markdown(text: str, address: Callable[[str], str | None] = _NO_FILES.get) -> str:
    """Markdown that is also a Vue template without expressions, directives, components or scripts."""
    return _fitting(text, Target(lambda part: _without_expressions(_stay(part)), slidev_listing, address))


def aligned(source: str) -> str:
    """An author's own source for Slidev, in which no line begins with dashes, and with backticks only a fence's.

    Slidev cuts at the former wherever they stand, and looks for another line that begins like the latter.
    """

    def change(part: str) -> str:
        return _DASHES.sub(" ", _TICKS.sub("\\1\u2060", part))

    return _outside_listings(source, change, own_listing, kinds=("fence",))


def undivided(source: str) -> str:
    """An author's own source for Marp, of which no rule begins another slide."""
    lines = source.strip().split("\n")
    for token in _reference().parse("\n".join(lines)):
        if token.type == "hr" and token.level == 0 and token.map:
            lines[token.map[0]] = "<hr>"
    return "\n".join(lines)


def spoken(text: str) -> str:
    """A note of which nothing is run in the page that a presenter reads it in."""

    def disarm(tag: re.Match[str]) -> str:
        kept = known_tag(tag, frozenset()) if tag["name"] else None
        return kept or f"<\u2060{tag[0][1:]}"  # a word joiner: no tag begins with one

    return _NOTE_TAG.sub(disarm, text)


def _fitting(text: str, target: Target) -> str:
    """`text` as the target takes it, and its tags left where they fit each other.

    Elements whose tags do not fit become text, one set of names after another: without one, others may not fit either.
    """
    text = text.replace("\r\n", "\n").strip()
    refused: set[str] = set()
    change = partial(_outside_code, target=target, refused=refused)
    while True:
        safe = _outside_listings(text, change, target.listing)
        wrong = misfits(_reference().render(safe)) - refused if "<" in safe else set()
        if not wrong:
            return safe
        refused |= wrong


def _outside_listings(
    text: str,
    change: Callable[[str], str],
    listing: Callable[[str, str], str],
    kinds: Sequence[str] = ("fence", "code_block"),
) -> str:
    """`change` made to what is between code blocks; these come out with fences of backticks.

    Each fence begins a line, also in a list: Slidev counts them by the lines that begin with one.
    """
    lines = text.split("\n")
    parts, end = [], 0
    for token in _reference().parse(text):
        if token.type in kinds and token.map:
            parts.append(_BLANK_END.sub("", change("\n".join(lines[end : token.map[0]])).lstrip("\n")))
            before = _before(lines[token.map[0]], token)
            if not _BARE_ITEM.search(parts[-1]):
                parts.append(before.rstrip())
            parts.append(_inside(before, listing(token.content, token.info.strip().replace("`", ""))))
            end = token.map[1]
    parts.append(change("\n".join(lines[end:])).strip("\n"))
    return "\n".join(parts).strip()


def _before(line: str, token: Token) -> str:
    """What stands before a code block in its first line: the marks of the quotes and lists that it is in."""
    if token.type == "fence":
        return line[: line.index(token.markup)]
    code = token.content.split("\n")[0]
    return re.sub(r"(?: {4}| {0,3}\t)$", "", line.removesuffix(code))


def _inside(before: str, listing: str) -> str:
    """A listing within these quotes and lists; what they begin with stands on the line before."""
    around = re.sub(r"[^>\s]", " ", before)
    return "\n".join([*((around + line).rstrip() for line in listing.split("\n")), *([] if around else [""])])


def _outside_code(text: str, target: Target, refused: Set[str]) -> str:
    """What may not be changed line by line gives way to marks, so that the target sees whole lines."""
    kept: list[str] = []

    def keep(part: str) -> str:
        kept.append(part)
        return f"\ue0c0{len(kept) - 1}\ue0c1"

    def local(source: re.Match[str]) -> str:
        return html.escape(target.address(html.unescape(source[0])) or html.unescape(source[0]))

    def disarm(match: re.Match[str]) -> str:
        found = match[0]
        match match.lastgroup:
            case "escape":
                # The tools look for addresses before they look for backslashes.
                return {"\\{": "{", "\\<": "&lt;"}.get(found) or keep(found)
            case "code" if "code" in refused:  # a table cuts it in two
                ticks = keep("\\`" * len(match["run"]))
                return ticks + _INLINE.sub(disarm, match["inner"]) + ticks
            case "code":
                return keep(_code(found, match["inner"]))
            case "math":
                return _set_apart(match)
            case "image":
                address = target.address(match["to"].strip("<>"))
                return (
                    f"![{_INLINE.sub(disarm, match['alt'])}]({keep(address)}"
                    if address
                    else "!" + _INLINE.sub(disarm, found[1:])
                )
            case "comment":
                return ""
            case "ticks":
                return keep("\\`" * len(found))
            case "address":
                return keep(found)
            case "tag":
                tag = known_tag(match, refused)
                return f"&lt;{found[1:]}" if tag is None else keep(_SRC.sub(local, tag))
            case "less":
                return "&lt;" * len(found)
        return "{"

    changed = target.change(_INLINE.sub(disarm, _MARKS.sub("", text)))
    return _TILDES.sub(r"\1\\", _MARK.sub(lambda mark: kept[int(mark[1])], changed))


def _code(source: str, code: str) -> str:
    """A code span, as an element where tools that read it otherwise would make more than text of it."""
    if not re.search(r"[<{|]|--|^```", source):
        return source
    return f"<code v-pre>{escape(code.strip())}</code>"


def _set_apart(formula: re.Match[str]) -> str:
    """A formula that meets no brace beside it: of one that is wrong Slidev shows the source."""
    start, end = formula.span()
    beside = formula.string[max(0, start - 1) : start], formula.string[end : end + 1]
    left, right = ("<wbr>" if sign and sign in "{}$;&\\%" else "" for sign in beside)
    return f"{left}{_disarmed_math(formula[0])}{right}"


def _disarmed_math(formula: str) -> str:
    """The same formula, of which nothing becomes a tag, an expression or a separator of slides."""
    formula = re.sub(r"<(?=[A-Za-z/!?])", r"\\lt ", formula)
    formula = re.sub(r"(\\?\{|&(?:#0*123|#x0*7b|lbrace|lcub);)(?=\\?\{|&(?:#|lb|lc))", r"\1 ", formula)
    return re.sub(r"^([ \t]*)-(?=--)", r"\1-{}", formula, flags=re.MULTILINE)


def _stay(text: str) -> str:
    """Lines that would begin another slide, or swallow the next, as something that looks the same."""
    text = _SETEXT.sub(_as_atx, text)
    text = _RULE.sub("<hr>", text)
    return _closed_math(_DASHES.sub("\\\\", text))


def _as_atx(match: re.Match[str]) -> str:
    """A setext heading as ATX; a list item or a quote above dashes is none."""
    line = match[1].strip()
    if re.match(r"[-*+>|#]|\d+[.)]\s|\|", line) or "|" in match[2]:
        return match[0]
    return f"{'#' if match[2].startswith('=') else '##'} {line}"


def _closed_math(text: str) -> str:
    """`text` with every `$$` that opens a formula and is never closed escaped: it would swallow the slides after it."""
    lines = text.split("\n")
    last = max((i for i, line in enumerate(lines) if line.rstrip().endswith("$$")), default=-1)
    at = 0
    while at < len(lines):
        opened = _OPEN_MATH.match(lines[at])
        if opened and not lines[at][opened.end() :].rstrip().endswith("$$"):
            if at >= last:
                lines[at] = lines[at].replace("$", "\\$")
            else:
                at = next(i for i in range(at + 1, len(lines)) if lines[i].rstrip().endswith("$$"))
        at += 1
    return "\n".join(lines)


def _without_expressions(text: str) -> str:
    """No two braces beside each other, not even in an address that is shown decoded, and no line that names a slot."""
    return _BRACES.sub(r"\1<wbr>", _SLOT.sub(r"\1\\", text))
