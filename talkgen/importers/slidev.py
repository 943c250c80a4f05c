"""Reads a Slidev deck as @slidev/parser does: slides between lines of dashes, settings, and the note at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.text import block_of, first_heading
from talkgen.outline.schema import LAYOUTS
from talkgen.yamlfile import parse_yaml

_FRONT_MATTER = re.compile(r"^---.*\n([\s\S]*?)---")
_YAML_BLOCK = re.compile(r"^\s*```ya?ml([\s\S]*?)```")
_COMMENT = re.compile(r"<!--([\s\S]*?)-->")
_DEFAULTS = {"canvasWidth": 980, "aspectRatio": "16/9", "comark": False, "selectable": False, "transition": None}


def read_slidev(text: str, path: Path) -> dict[str, Any]:
    """The outline of a Slidev deck.

    Raises:
        OutlineError: the settings of a slide are not YAML.
    """
    slides = [_read_slide(source, line, path) for line, source in split_slides(text)]
    if not slides:
        raise OutlineError("the deck has no slides", "", Place(path, 1, 1))
    head = slides[0].pop("frontmatter", {})
    titles = [str(head.get("title") or ""), *(first_heading(_text_of(slide)) for slide in slides), path.stem]
    outline: dict[str, Any] = {"title": next(filter(None, titles))}
    if isinstance(head.get("author"), str):
        outline["author"] = head.pop("author")
    if isinstance(head.get("info"), str):
        outline["description"] = head.pop("info").strip()
    outline["theme"] = {"slidev": str(head.pop("theme", None) or "default")}
    if "title" in head and head["title"] == outline["title"]:
        del head["title"]
    layout = head.pop("layout", "cover")  # Slidev's own for the first slide
    slides[0] |= {"layout": layout if layout in LAYOUTS else "cover", "frontmatter": {"layout": layout}}
    settings = {**_DEFAULTS, **head}
    outline |= {"expressions": False, "frontmatter": settings, "slides": slides}
    return outline


def split_slides(text: str) -> Iterator[tuple[int, str]]:
    """The source of each slide with the line it begins on, counted from 0."""
    lines = text.split("\n")
    start, i, in_comment = 0, 0, False
    while i < len(lines):
        line = lines[i].rstrip()
        if in_comment:
            in_comment = _is_open_after(lines[i], in_comment=True)
        elif line.startswith("---"):
            if start != i:
                yield start, "\n".join(lines[start:i])
                start = i + 1
            if line[3:4] != "-" and i + 1 < len(lines) and lines[i + 1].strip():
                start = i
                i = next((j for j in range(i + 1, len(lines)) if lines[j].rstrip() == "---"), len(lines))
            elif start == i:
                start = i  # an empty beginning: the line of dashes belongs to the slide, as in Slidev
        elif line.lstrip().startswith("```"):
            ticks = re.match(r"\s*`+", line)
            fence = ticks[0] if ticks else "```"
            i = next((j for j in range(i + 1, len(lines)) if lines[j].startswith(fence)), i)
        else:
            in_comment = _is_open_after(lines[i], in_comment=False)
        i += 1
    if start <= len(lines) - 1:
        yield start, "\n".join(lines[start:])


def _is_open_after(line: str, *, in_comment: bool) -> bool:
    """Whether a comment is open at the end of a line; Slidev looks for comments in code spans, too."""
    rest = line
    while rest:
        mark = "-->" if in_comment else "<!--"
        _, found, rest = rest.partition(mark)
        if not found:
            return in_comment
        in_comment = not in_comment
    return in_comment


def _read_slide(source: str, line: int, path: Path) -> dict[str, Any]:
    settings, content = _settings(source, line, path)
    slide: dict[str, Any] = {}
    if settings.get("hide") or settings.get("disabled"):
        slide["hide"] = True
    if settings.get("layout") in LAYOUTS:
        slide["layout"] = settings["layout"]
    if settings.pop("hideInToc", False):
        slide["toc"] = False
    content, note = _note(content.strip())
    slide["body"] = block_of(content, "slidev")
    if note:
        slide["notes"] = note
    if settings:
        slide["frontmatter"] = settings
    return slide


def _settings(source: str, line: int, path: Path) -> tuple[dict[str, Any], str]:
    """A slide's settings, in front matter or in a YAML listing at its beginning, and the rest of it."""
    found = _FRONT_MATTER.match(source) or _YAML_BLOCK.match(source)
    if not found:
        return {}, source
    if not re.sub(r"#.*", "", found[1]).strip():
        return {}, source[found.end() :]
    padding = "\n" * (line + source[: found.start(1)].count("\n"))
    try:
        document = parse_yaml(padding + found[1], path, OutlineError)
    except OutlineError:
        if line == 0:
            raise
        return {}, found[1] + source[found.end() :]  # text between lines of dashes, which Slidev would swallow
    if not isinstance(document.data, dict):
        return {}, found[1] + source[found.end() :]
    return document.data, source[found.end() :]


def _note(content: str) -> tuple[str, str]:
    """A slide's text and its note: the comment that ends it."""
    comments = list(_COMMENT.finditer(content))
    if comments and comments[-1].end() >= len(content):
        return content[: comments[-1].start()].strip(), comments[-1][1].strip()
    return content, ""


def _text_of(slide: dict[str, Any]) -> str:
    body = slide["body"]
    if not body:
        return ""
    return str(body[0] if isinstance(body[0], str) else body[0]["raw"]["slidev"])
