"""Turns a deck into an outline: of a Marp or Slidev deck, one that is native to its tool; notebooks and PowerPoint too.

What a tool makes of its own deck stays as it was: the deck is read by the tool's parser, a block stands wherever one
gives the same source back, and what only the tool can read stays its source, block by block, with a comment that says
why. Of a notebook and a PowerPoint file the outline is for both tools, and what it loses is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.export.node import Report
from talkgen.importers.compose import Raw
from talkgen.importers.files import Files, find_named
from talkgen.importers.marp import read_marp
from talkgen.importers.notebook import read_notebook
from talkgen.importers.oddities import check_deck, never_closed
from talkgen.importers.powerpoint import read_powerpoint
from talkgen.importers.project import marp_themes, npm_packages_named, slidev_project
from talkgen.importers.reader import deck_reader
from talkgen.importers.said import Said
from talkgen.importers.slidev import read_slidev
from talkgen.importers.tools import is_slidev
from talkgen.yamlfile import parse_yaml, read_text, write_yaml
from talkgen.yamlfile.document import MAX_BYTES

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WHY = re.compile(r"^(?P<before>[ -]*)raw⟦(?P<why>[^⟧\n]*)⟧:", re.MULTILINE)
_OTHERS = {
    ".ipynb": read_notebook, ".pptx": read_powerpoint, ".pptm": read_powerpoint, ".ppsx": read_powerpoint,
}  # fmt: skip
_MOST_BYTES = 1_000_000  # of a deck
_SMALL = 300_000  # characters of an outline that build surely reads
_ORDER = ("title", "author", "description", "native", "trust", "theme")


@dataclass(frozen=True)
class Imported:
    """An outline as YAML, the files that belong beside it, and what there is to tell about the deck."""

    tool: str | None  # that it is native to
    yaml: str
    text: str  # the deck's; empty of one that is no Markdown
    files: Files
    said: list[Said]
    packages: list[str]  # of npm, which the first build installs

    def left(self) -> Iterator[tuple[int, str, str]]:
        """The files that do not come along: the line that names each, counted from 1, its name, and why."""
        for name, reason in self.files.left.items():
            yield self.text.count("\n", 0, max(self.text.find(name), 0)) + 1, name, reason


def import_deck(path: Path, report: Report, *, root: Path | None = None, trust: bool = False) -> Imported:
    """The outline of a deck, and all that it needs from the project in `root`.

    Raises:
        OutlineError: the file cannot be read, or is no deck.
        ToolError: the deck's own parser is missing or gave up.
    """
    path = path.resolve()
    root = (root or path.parent).resolve()
    if not path.is_relative_to(root):
        raise OutlineError(f"{path} is not in {root}", "--root DIR is a folder above the deck")
    files = Files(path, root)
    if other := _OTHERS.get(path.suffix.lower()):
        outline, said = other(files)
        find_named(outline, files)
        return Imported(None, to_yaml(outline, path), "", files, said, [])
    text, said = read_deck(path)
    outline, more = (_slidev if is_slidev(text) else _marp)(text, files, report)
    if trust:
        outline["trust"] = True
    find_named(outline, files)
    packages = npm_packages_named(outline) if outline["native"] == "slidev" else []
    return Imported(outline["native"], to_yaml(outline, path), text, files, [*said, *more], packages)


def _marp(text: str, files: Files, report: Report) -> tuple[dict[str, Any], list[Said]]:
    with deck_reader("marp", report) as reader:
        named = read_marp(text, reader, [])
        themes = marp_themes(named, files)
        outline = read_marp(text, reader, themes) if themes else named
    if themes:
        outline.setdefault("theme", {})["styles"] = named["theme"]["styles"]
    return outline, []


def _slidev(text: str, files: Files, report: Report) -> tuple[dict[str, Any], list[Said]]:
    with deck_reader("slidev", report) as reader:
        outline, said = read_slidev(text, files.deck, files.root, reader)
    slidev_project(outline, files)
    return outline, said


def read_deck(path: Path) -> tuple[str, list[Said]]:
    """The text of a deck without control characters, and what is odd about it.

    Raises:
        OutlineError: the file cannot be read, or is no deck.
    """
    text = read_text(path, OutlineError, most=_MOST_BYTES).lstrip("\ufeff")
    said = []
    if "\r" in text.replace("\r\n", ""):
        said.append(Said(path, 1, "lines end in carriage returns alone; they are read as ends of lines"))
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    check_deck(text, path)
    return text, [*said, *never_closed(text, path)]


def to_yaml(outline: dict[str, Any], path: Path) -> str:
    """An outline of the deck at `path` as people write it: its slides last, and with each raw block why it is one.

    Raises:
        OutlineError: it would be too large to be read.
    """
    is_ordered = outline.get("native") == "marp"  # which writes a theme and a language in the order of their keys
    first = {key: outline[key] for key in _ORDER if key in outline and not (is_ordered and key == "theme")}
    rest = {key: value for key, value in outline.items() if key not in first and key != "slides"}
    text = write_yaml(_marked({**first, **rest, "slides": outline["slides"]}))
    text = _WHY.sub(r"\g<before>raw:  # \g<why>", text)
    if len(text) > _SMALL:
        _check_size(text, path)
    return text


def _check_size(text: str, path: Path) -> None:
    """Refuses an outline that `build` could not read, before it is written."""
    size = len(text.encode())
    try:
        if size > MAX_BYTES:
            raise OutlineError(f"larger than {MAX_BYTES:,} bytes")
        parse_yaml(text, path, OutlineError)
    except OutlineError:
        message = f"the deck is too large: its outline would have {size:,} bytes, more than a build reads"
        raise OutlineError(message, "import it in parts", Place(path, 1, 1)) from None


def _marked(value: Any) -> Any:
    if isinstance(value, Raw):
        return {f"raw⟦{value.why}⟧" if key == "raw" else key: each for key, each in value.items()}
    if isinstance(value, dict):
        return {key: _marked(each) for key, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, list) else value
