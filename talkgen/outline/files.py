"""Checks that the files an outline names are there and inside its project; opens none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from talkgen.assets import project_dir
from talkgen.errors import Problem, did_you_mean
from talkgen.outline.walk import find_blocks, find_slides
from talkgen.yamlfile import Document, PathInData, where_path

_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")  # a URL
_PICTURE = re.compile(r"[^()\s]+\.(png|jpe?g|gif|svg|webp|avif|bmp)", re.IGNORECASE)
# A picture in Markdown, up to the end of its address; a link may stand in what is shown without it.
PICTURE = (
    r"!\[(?P<alt>(?:[^\[\]\n]|\[[^\[\]\n]{0,500}\]){0,500})\]"
    r"\(\s{0,9}(?P<to><[^<>\n]{1,500}>|(?:[^\s()<>]|\([^\s()<>]{0,99}\)){1,500})"
)
_SRC = r"""<(?:img|video|source)\b[^<>]{0,2000}?\ssrc\s{0,9}=\s{0,9}["']?(?P<to>[^"'<>\s]{1,500})"""
_IN_TEXT = (re.compile(PICTURE), re.compile(_SRC, re.IGNORECASE))
_CODE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?(?:^\1|\Z)|`[^`\n]+`|<!--.*?(?:-->|\Z)", re.MULTILINE | re.DOTALL)


def find_file(name: str, outline: Path) -> tuple[Path | None, str, str]:
    """The file `name` beside `outline`, resolved; or None, what is wrong with it, and a hint."""
    folder = outline.parent
    path = folder / name
    if Path(name).is_absolute():
        return None, f"'{name}' is an absolute path", "name files relative to the outline's folder"
    try:
        resolved = path.resolve()
        if not resolved.is_relative_to(project_dir(outline)):
            return None, f"'{name}' is outside the project", "copy it beside the outline"
        if resolved.is_file():
            return resolved, "", ""
        near = did_you_mean(path.name, [each.name for each in path.parent.iterdir() if each.is_file()])
    except (OSError, ValueError):  # too long a name, a NUL in it, a folder that is not there
        near = ""
    hint = near if near.startswith("did you mean") else "names are relative to the outline's folder"
    return None, f"there is no file '{name}'", hint


def check_file(name: str, outline: Path) -> tuple[str, str]:
    """What is wrong with `name`, a picture's or a video's file or address, and a hint; empty where nothing is."""
    return ("", "") if not name or _ELSEWHERE.match(name) else find_file(name, outline)[1:]


def is_picture(background: str) -> bool:
    """Whether a slide's background names a picture's file, not a colour or a gradient."""
    return bool(_PICTURE.fullmatch(background))


def check_files(document: Document) -> Iterator[Problem]:
    """A problem for each picture or video that is missing or outside the project."""
    for path, name, offset in _named_files(document.data):
        wrong, hint = ("", "") if "{{" in name else check_file(name, document.path)
        if wrong:
            place = document.place(path) if offset is None else document.place_in(path, offset)
            yield Problem(wrong, hint, place, where_path(path))


def _named_files(data: Any) -> Iterator[tuple[PathInData, str, int | None]]:
    """Path, name, and where the name begins in the text if it is inside a text."""
    for path, slide in find_slides(data):
        for key in ("title", "subtitle"):
            yield from _in_text((*path, key), slide.get(key))
        background = slide.get("background")
        if isinstance(background, str) and is_picture(background):
            yield (*path, "background"), background, None
    for path, key, block in find_blocks(data):
        if key in ("image", "video") and isinstance(block[key], str):
            yield (*path, key), block[key], None
        elif isinstance(block, str):
            yield from _in_text(path, block)
        elif key in ("markdown", "bullets", "quote", "table"):
            for where, text in _texts((*path, key), block[key]):
                yield from _in_text(where, text)
    for key in ("header", "footer"):
        yield from _in_text((key,), data.get(key) if isinstance(data, dict) else None)


def _texts(path: PathInData, data: Any) -> Iterator[tuple[PathInData, str]]:
    """The texts in a block's own lists and mappings; the keys of a list's mappings are items."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts((*path, str(key)), value)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts((*path, index), value)


def file_name(address: str) -> str:
    """The file that an address in a text names, without what else a browser reads in it."""
    return unquote(re.split(r"[?#]", address)[0])


def _in_text(path: PathInData, text: Any) -> Iterator[tuple[PathInData, str, int | None]]:
    if not isinstance(text, str):
        return
    prose = _CODE.sub(lambda code: " " * len(code[0]), text)
    for found in (found for pattern in _IN_TEXT for found in pattern.finditer(prose)):
        name = file_name(found["to"].strip("<>"))
        if not name.startswith("/"):  # the site's own root, which the target serves
            yield path, name, found.start("to")
