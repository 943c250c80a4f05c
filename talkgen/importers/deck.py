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
from typing import TYPE_CHECKING

from talkgen.errors import OutlineError
from talkgen.export.node import Report
from talkgen.importers.oddities import check_deck, never_closed
from talkgen.importers.reader import Tool, deck_reader
from talkgen.importers.said import Said
from talkgen.importers.tools import is_slidev
from talkgen.importers.written import to_yaml
from talkgen.yamlfile import read_text

if TYPE_CHECKING:
    from talkgen.importers.files import Files

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OTHERS = (".ipynb", ".pptx", ".pptm", ".ppsx")
_MOST_BYTES = 1_000_000  # of a deck


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
    if path.suffix.lower() in _OTHERS:
        return _other(path, root)
    text, said = read_deck(path)
    tool: Tool = "slidev" if is_slidev(text) else "marp"
    with deck_reader(tool, report) as reader:  # which works while this process loads the rest
        if tool == "marp":
            reader.ask_ahead("read", text=text)
            reader.ask_ahead("render", text=text, themes=[])
        else:
            reader.ask_ahead("read", path=str(path), root=str(root), text=text)
        from talkgen.importers.files import Files
        from talkgen.importers.native import read_native

        said += never_closed(text, path)
        files = Files(path, root)
        outline, more, packages = read_native(text, files, tool, reader)
    if trust:
        outline["trust"] = True
    said += more
    return Imported(tool, to_yaml(outline, path), text, files, said, packages)


def _other(path: Path, root: Path) -> Imported:
    """A notebook or a PowerPoint file."""
    from talkgen.importers.files import Files, find_named
    from talkgen.importers.notebook import read_notebook
    from talkgen.importers.powerpoint import read_powerpoint

    files = Files(path, root)
    outline, said = (read_notebook if path.suffix.lower() == ".ipynb" else read_powerpoint)(files)
    find_named(outline, files)
    return Imported(None, to_yaml(outline, path), "", files, said, [])


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
    return text, said
