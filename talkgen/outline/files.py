"""The files an outline names, wherever it names them: one resolver for checking, copying and keys; opens none of them.

A name is relative to the outline's folder; `/x.png`, as Slidev writes it, is a file of the folder `public` beside it.
What is on the web stays there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from talkgen.assets import project_dir
from talkgen.errors import Problem, nearest
from talkgen.outline.addresses import (
    Address,
    css_addresses,
    file_name,
    html_addresses,
    markdown_addresses,
    marp_addresses,
    slidev_addresses,
)
from talkgen.outline.node import Holds
from talkgen.outline.parts import Parts
from talkgen.outline.walk import Text, find_texts
from talkgen.yamlfile import Document

_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#|/demos/|$")  # a URL, a part of the page, our server, nothing
LARGEST = 4 << 30  # bytes of a file that comes along
_SOURCE = {Holds.MARP, Holds.SLIDEV, Holds.DIRECTIVES, Holds.FRONTMATTER}


class FileError(Exception):
    """A name that is no file's; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "", *, missing: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.missing = message, hint, missing


def find_file(name: str, outline: Path) -> Path:
    """The file `name` beside `outline`, resolved.

    Raises:
        FileError: there is none, or it is outside the project.
    """
    if name.startswith("/") and not (outline.parent / "public" / name[1:]).is_file():
        raise FileError(
            f"'{name}' is an absolute path, and there is no public{name}", "name files relative to the outline's folder"
        )
    path = outline.parent / (f"public{name}" if name.startswith("/") else name)
    try:
        resolved = path.resolve()
        if not resolved.is_relative_to(project_dir(outline)):
            raise FileError(f"'{name}' is outside the project", "copy it beside the outline")
        if resolved.is_file():
            if resolved.stat().st_size > LARGEST:
                raise FileError(f"'{name}' is larger than {LARGEST >> 30} GiB", "a deck carries no file of that size")
            return resolved
        near = nearest(path.name, [each.name for each in path.parent.iterdir() if each.is_file()])
    except RuntimeError:  # Path.resolve, of links in a circle
        raise FileError(f"'{name}' is a link that leads to itself", "put the file itself there") from None
    except (OSError, ValueError):  # too long a name, a NUL in it, a folder that is not there
        near = ""
    hint = near or "names are relative to the outline's folder"
    raise FileError(f"there is no file '{name}'", hint, missing=True)


def find_address(address: str, outline: Path) -> Path | None:
    """The file that an address in a text names, without what else a browser reads in it; None where it is none's.

    Raises:
        FileError: as `find_file`.
    """
    if _ELSEWHERE.match(address):
        return None
    try:
        return find_file(address, outline)  # a name may hold what is special in an address
    except FileError:
        return find_file(file_name(address), outline)


def elsewhere(address: str) -> bool:
    """Whether an address names no file: one on the web, a part of the page, our server, nothing."""
    return bool(_ELSEWHERE.match(address))


def addresses_in(text: str, holds: Holds) -> Iterable[Address]:
    """The addresses in a text of this kind, outside of settings."""
    match holds:
        case Holds.FILE:
            return [Address(text, 0, len(text))]
        case Holds.BACKGROUND:
            return [Address(text, 0, len(text))] if is_file_name(text) else css_addresses(text)
        case Holds.MARKDOWN:
            return markdown_addresses(text)
        case Holds.SLIDEV:
            return slidev_addresses(text)
        case Holds.HTML:
            return html_addresses(text)
        case Holds.CSS:
            return css_addresses(text)
        case Holds.MARP:
            return marp_addresses(text)
        case Holds.DIRECTIVES | Holds.FRONTMATTER:
            return []


def setting_holds(name: str) -> Holds | None:
    """What the setting `name` of a target holds, a directive of Marp's or a key of Slidev's; None where no file."""
    match name.removeprefix("_"):
        case "image" | "background":
            return Holds.BACKGROUND
        case "backgroundImage" | "style":
            return Holds.CSS
        case "header" | "footer":
            return Holds.MARKDOWN
        case _:
            return None


def is_file_name(background: str) -> bool:
    """Whether a slide's background names a file, not a colour or a gradient: functions of CSS have brackets."""
    return bool(re.search(r"[./]", background)) and "(" not in background


def check_files(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each file that is missing or outside the project; names in expressions are left for later."""
    for path, part in parts.items():
        for text in find_texts(part, path):
            yield from check_text(text, document)


def check_text(text: Text, document: Document) -> Iterator[Problem]:
    """A problem for each file that a text names and that is missing or outside the project.

    What an author's source for one target names and is not there breaks that target's deck alone: its build says so.
    All texts of a talk that is native to a target are such source.
    """
    native = document.data.get("native") if isinstance(document.data, dict) else None
    for holds in text.marks:
        if not isinstance(holds, Holds):
            continue
        for address in addresses_in(text.text, of_setting(text, holds, native)):
            try:
                if "{{" not in address.to:
                    find_address(address.to, _outline_of(text, document))
            except FileError as error:
                if not native and not (error.missing and holds in _SOURCE):
                    offset = address.start or None  # of a whole text, its key
                    yield document.problem(error.message, error.hint, text.path, offset)


def _outline_of(text: Text, document: Document) -> Path:
    """The outline that files are beside which a text names: of an included slide, the one it is from."""
    folder = document.data["slides"][text.path[1]].get("folder") if text.path[0] == "slides" else None
    return document.path.parent / (folder if isinstance(folder, str) else "") / document.path.name


def of_setting(text: Text, holds: Holds, native: str | None) -> Holds:
    """What a text really holds: of settings, what the one at hand does; of a native talk's Markdown, a tool's own."""
    if holds is Holds.MARKDOWN and native:
        return Holds.MARP if native == "marp" else Holds.SLIDEV
    name = str(text.path[-1]) if holds in (Holds.DIRECTIVES, Holds.FRONTMATTER) else ""
    return setting_holds(name) or holds
