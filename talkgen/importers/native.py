"""A Marp or Slidev deck as an outline that is native to its tool, with all that it needs from its project."""

from __future__ import annotations

from typing import Any

from talkgen.importers.files import Files, find_named
from talkgen.importers.marp import read_marp
from talkgen.importers.project import marp_themes, npm_packages_named, slidev_project
from talkgen.importers.reader import DeckReader, Tool
from talkgen.importers.said import Said
from talkgen.importers.slidev import read_slidev


def read_native(
    text: str, files: Files, tool: Tool, reader: DeckReader
) -> tuple[dict[str, Any], list[Said], list[str]]:
    """The outline of a deck, what there is to tell, and the npm packages that its build needs."""
    if tool == "marp":
        outline = _marp(text, files, reader)
        find_named(outline, files)
        return outline, [], []
    outline, said = read_slidev(text, files.deck, files.root, reader)
    slidev_project(outline, files)
    find_named(outline, files)
    return outline, said, npm_packages_named(outline)


def _marp(text: str, files: Files, reader: DeckReader) -> dict[str, Any]:
    named = read_marp(text, files.deck.name, reader, [])
    themes = marp_themes(named, files)
    if not themes:
        return named
    outline = read_marp(text, files.deck.name, reader, themes)
    outline.setdefault("theme", {})["styles"] = named["theme"]["styles"]
    return outline
