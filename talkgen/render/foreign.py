"""A native talk's source as Markdown that the other tool can show, and what of it is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from talkgen.outline.nesting import misfits
from talkgen.outline.schema import Slide
from talkgen.render.grammar import read_markdown
from talkgen.render.tags import KNOWN

_SPAN = r"(?P<code>(?P<ticks>`+)(?!`)(?:[^`\n]|`(?!(?P=ticks))|\n(?![ \t]*\n))+?(?P=ticks)(?!`))"
_OWN = re.compile(
    rf"{_SPAN}|(?P<comment><!--.*?(?:-->|\Z))|"
    r"<(?P<element>style|script)\b.*?(?:</(?P=element)\s*>|\Z)|"
    r"""(?P<tag></?(?P<name>[a-zA-Z][\w:.-]*)(?:[^<>"']|"[^"]*"|'[^']*')*>)|"""
    r"(?P<slot>^::[a-zA-Z][\w-]*::[ \t]*$)|(?P<snippet>^<<<[^\n]*$)|(?P<behind>!\[bg\b[^\]\n]*\]\([^)\n]*\))|"
    r"(?P<expression>\{\{.*?\}\})",
    re.MULTILINE | re.DOTALL,
)
_VUE = re.compile(r"""\s(?:v-(?!pre)[\w-]+|[@:#][\w.:-]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?""")
_SHOWN = {  # what a setting of a slide is for; those that mean the same to both tools, or nothing, are left out
    "backgroundColor": "a background colour", "backgroundImage": "a background", "color": "a text colour",
    "backgroundSize": "a background's size", "backgroundPosition": "a background's place", "theme": "a theme",
    "image": "a layout's picture", "url": "a layout's page", "src": "slides of another file", "zoom": "a zoom",
    "component": "a layout's component", "style": "a style",
}  # fmt: skip


def readable(source: str, native: str) -> tuple[str, list[str]]:
    """The source without what only `native` reads, and what that was, in words."""
    lost: dict[str, None] = {}
    lines, parts, at = source.split("\n"), list[str](), 0
    for token in read_markdown(source):
        if token.type in ("fence", "code_block") and token.map and token.level == 0:
            parts += [_cleaned("\n".join(lines[at : token.map[0]]), lost), *lines[token.map[0] : token.map[1]]]
            at = token.map[1]
    parts.append(_cleaned("\n".join(lines[at:]), lost))
    text = "\n".join(parts)
    if native == "marp":
        text = _with_breaks(text)
    return text.strip("\n"), list(lost)


def _cleaned(text: str, lost: dict[str, None]) -> str:
    """Prose without a tool's own tags and signs; all of its tags go where they do not fit each other."""
    kept = _OWN.sub(lambda found: _kept(found, lost), text)
    if misfits("".join(found["tag"] for found in _OWN.finditer(kept) if found["tag"])):
        kept = _OWN.sub(lambda found: "" if found["tag"] else found[0], kept)
        lost["HTML whose tags do not fit each other"] = None
    return kept


def _kept(found: re.Match[str], lost: dict[str, None]) -> str:
    if found["code"] or found["expression"]:
        if found["expression"]:
            lost[f"the expression {found[0]}"] = None
        return found[0]
    if found["tag"]:
        plain = _VUE.sub("", found[0])
        if plain != found[0]:
            lost[f"what Vue does with <{found['name']}>"] = None
        if found["name"].lower() in KNOWN and found["name"] == found["name"].lower():
            return plain
        lost[f"<{found['name']}>"] = None
    elif found["element"]:
        lost[f"a {found['element']} of its own"] = None
    elif found["snippet"]:
        lost[f"a listing from a file, {found[0]}"] = None
    elif found["behind"]:
        lost["a picture behind the text"] = None
    elif found["comment"]:
        names = re.findall(r"^(?:<!--)?\s*_?([A-Za-z]+)\s*:", found["comment"], re.MULTILINE)
        lost |= {f"{_SHOWN[name]} (in a comment)": None for name in names if name in _SHOWN}
    elif found["slot"]:
        lost[f"the place {found[0].strip()} of a layout"] = None
    return ""


def _with_breaks(source: str) -> str:
    """Markdown in which a line ends where Marp ends one: elsewhere the end of a line is a space."""
    lines = source.split("\n")
    for token in read_markdown(source):
        if token.type == "inline" and token.map and token.children:
            start, end = token.map
            breaks = [child.type for child in token.children if child.type in ("softbreak", "hardbreak")]
            if len(breaks) == end - start - 1:  # else a line ends within code
                for at, kind in enumerate(breaks, start):
                    lines[at] += "\\" if kind == "softbreak" else ""
    return "\n".join(lines)


def settings_lost(slide: Slide, native: str) -> Iterator[str]:
    """What the settings that `native` alone reads do on a slide, in words."""
    settings: Mapping[str, Any] = slide.directives if native == "marp" else slide.frontmatter
    for name, value in settings.items():
        if words := _SHOWN.get(name.removeprefix("_")):
            yield f"{words} ({name}: {value})"
