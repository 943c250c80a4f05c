"""Reads a Marp deck as Marpit does: slides between rules or at headings, directives and notes in comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from talkgen.errors import OutlineError
from talkgen.importers.text import block_of, first_heading
from talkgen.outline.themes import MARP_THEMES
from talkgen.yamlfile import Document, parse_yaml

_FRONT_MATTER = re.compile(r"\A\s*(-{3,})[^\S\n]*\n(.*?)^-{3,}[^\S\n]*$\n?", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\A\s*<!--+\s*([\s\S]*?)\s*--+>\s*\Z")
_STYLE = re.compile(r"\A\s*<style\b[^>]*>.*?</style>\s*\Z", re.DOTALL | re.IGNORECASE)
_MAGIC = re.compile(
    r"prettier-ignore(-(start|end))?|markdownlint-((disable|enable).*|capture|restore)|lint (disable|enable|ignore).*"
)
_GLOBAL = {
    "theme", "style", "headingDivider", "lang", "size", "math", "title", "description", "author", "keywords", "url",
    "image", "marp",
}  # fmt: skip
_LOCAL = {
    "paginate", "header", "footer", "class", "color", "transition", "backgroundColor", "backgroundImage",
    "backgroundPosition", "backgroundRepeat", "backgroundSize",
}  # fmt: skip
_DIRECTIVES = _GLOBAL | _LOCAL | {f"_{name}" for name in _LOCAL}
_LOOSE = re.compile(rf"^((?:{'|'.join(sorted(_DIRECTIVES))})\s*:)([ \t]+)([^\s\[\"'{{|>~&*`].*)$", re.MULTILINE)
_NO_MATH = ("fence", "code_block", "html_block")


def read_marp(text: str, path: Path) -> dict[str, Any]:
    """The outline of a Marp deck.

    Raises:
        OutlineError: the front matter is not YAML.
    """
    front = _FRONT_MATTER.match(text)
    settings = _front_matter(front[2], text[: front.start(2)].count("\n"), path) if front else {}
    body = text[front.end() :] if front else text
    slides = [_read_slide(part) for part in split_slides(body, settings.pop("headingDivider", None))]
    titles = [str(settings.pop("title", None) or ""), *(first_heading(_text_of(slide)) for slide in slides), path.stem]
    outline: dict[str, Any] = {"title": next(filter(None, titles))}
    outline |= {key: settings.pop(key) for key in ("author", "description", "lang") if _is_text(settings.get(key))}
    theme = str(settings.get("theme") or "default")
    outline["theme"] = {"marp": theme if theme in MARP_THEMES else "default"}
    if theme in (*MARP_THEMES, "default"):  # what another one is called stays among the settings
        settings.pop("theme", None)
    for key in ("header", "footer", "transition", "style"):
        if _is_text(settings.get(key)):
            outline[key] = settings.pop(key)
    if settings.get("size") in ("16:9", "4:3"):
        outline["size"] = settings.pop("size")
    if str(settings.get("paginate")).lower() == "true":
        outline["paginate"] = bool(settings.pop("paginate"))
    settings.pop("marp", None)
    outline |= {"expressions": False, "directives": settings, "slides": slides}
    return outline


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _front_matter(source: str, line: int, path: Path) -> dict[str, Any]:
    document = _parse("\n" * line + source, path) if source.strip() else None
    if document is None or document.data is None:
        return {}
    if not isinstance(document.data, dict):
        raise OutlineError("the front matter is a mapping", "", document.place(()))
    return _plain(document.data)


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as Marp takes them: an empty value is an empty text, which unsets."""
    return {key: "" if value is None else value for key, value in settings.items()}


def _parse(source: str, path: Path) -> Document:
    """YAML, as loosely as Marp reads it: a directive's value needs no quotes, whatever it holds."""

    def quote(line: re.Match[str]) -> str:
        value = line[3].rstrip().replace('"', '\\"')
        return f'{line[1]}{line[2]}"{value}"'

    try:
        return parse_yaml(_LOOSE.sub(quote, source), path, OutlineError)
    except OutlineError:  # a backslash in the value, perhaps; as strict YAML it may be right
        return parse_yaml(source, path, OutlineError)


def split_slides(text: str, divider: Any = None) -> Iterator[str]:
    """The source of each slide. `divider` is Marp's headingDivider: a level, or a list of levels."""
    lines = text.split("\n")
    levels = _levels(divider)
    start, is_empty = 0, True
    for token in _tokens("\n".join(_without_math(lines))):
        if token.level or not token.map:
            continue
        if token.type == "hr":
            yield "\n".join(lines[start : token.map[0]])
            start, is_empty = token.map[1], True
            continue
        if token.type == "heading_open" and token.tag in levels and not is_empty:
            yield "\n".join(lines[start : token.map[0]])
            start = token.map[0]
        is_empty = is_empty and (_is_comment(token) or bool(_STYLE.match(token.content)))
    yield "\n".join(lines[start:])


def _tokens(source: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(source)


def _without_math(lines: list[str]) -> list[str]:
    """The lines with displayed formulas as listings: dashes below one divide slides, and make no heading of it."""
    found = list(lines)
    others = [token.map for token in _tokens("\n".join(lines)) if token.type in _NO_MATH and token.map]
    taken = {line for first, end in others for line in range(first, end)}
    at = 0
    while at < len(lines):
        text = lines[at].strip()
        if text.startswith("$$") and at not in taken:
            if text[2:].endswith("$$"):
                found[at] = "<!-- -->"
            else:
                last = next((i for i in range(at + 1, len(lines)) if lines[i].rstrip().endswith("$$")), len(lines) - 1)
                found[at] = found[last] = "```"
                at = last
        at += 1
    return found


def _levels(divider: Any) -> set[str]:
    if isinstance(divider, list):
        return {f"h{level}" for level in divider}
    text = str(divider)
    return {f"h{level}" for level in range(1, int(text) + 1)} if text.isdecimal() and int(text) <= 6 else set()


def _is_comment(token: Token) -> bool:
    return token.type == "html_block" and bool(_COMMENT.match(token.content))


def _read_slide(source: str) -> dict[str, Any]:
    """A slide whose comments are read: those of directives alone, and notes; other comments stay in its source."""
    lines = source.split("\n")
    directives: dict[str, Any] = {}
    notes: list[str] = []
    for token in _tokens(source):
        found = _COMMENT.match(token.content) if _is_comment(token) and not token.level else None
        if not found or not token.map or "-->" in found[1] or _MAGIC.fullmatch(found[1]):
            continue
        given = _directives(found[1])
        if given is None:
            notes.append(found[1])
        elif given.keys() <= _DIRECTIVES - {"headingDivider"}:
            directives |= given
        else:
            continue
        lines[token.map[0] : token.map[1]] = [""] * (token.map[1] - token.map[0])
    slide: dict[str, Any] = {"body": block_of("\n".join(lines), "marp")}
    if any(notes):
        slide["notes"] = "\n\n".join(note for note in notes if note)
    if directives:
        slide["directives"] = directives
    return slide


def _directives(comment: str) -> dict[str, Any] | None:
    """The mapping in a comment if it sets anything; None for a note."""
    try:
        data = _parse(comment, Path("comment")).data if comment else None
    except OutlineError:
        return None
    return _plain(data) if isinstance(data, dict) and data.keys() & _DIRECTIVES else None


def _text_of(slide: dict[str, Any]) -> str:
    body = slide["body"]
    if not body:
        return ""
    return str(body[0] if isinstance(body[0], str) else body[0]["raw"]["marp"])
