"""Turns a Marp or Slidev deck into an outline: every slide, note and setting of it, for its own tool as it was.

Plain Markdown stays Markdown, which both targets show. A slide whose source only its own tool understands becomes
`raw`: untouched for that tool, and its readable text for the other.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.marp import read_marp
from talkgen.importers.slidev import read_slidev
from talkgen.yamlfile import read_text, write_yaml

_FRONT_MATTER = re.compile(r"\s*-{3,}[^\n]*\n(.*?)^---", re.MULTILINE | re.DOTALL)
_MARP_KEY = re.compile(r"^(marp|headingDivider|_?backgroundColor|_class|_?color)\s*:", re.MULTILINE)
_SLIDEV_KEY = re.compile(
    r"^(mdc|comark|drawings|highlighter|canvasWidth|aspectRatio|routerMode|colorSchema|layout|fonts|download|"
    r"titleTemplate|favicon|lineNumbers|monaco|addons|clicks)\s*:",
    re.MULTILINE,
)
_MARP_TEXT = re.compile(
    r"^!\[bg|<!--\s*_?(class|paginate|backgroundColor|header|footer|theme|color|fit)\b", re.MULTILINE
)
_SLIDEV_TEXT = re.compile(r"<v-click|^::\w[\w-]*::|^---\n(?:[^\n]*\n)??(layout|clicks|transition)\s*:", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def import_deck(path: Path) -> str:
    """The outline, as YAML, of the deck in a Markdown file.

    Raises:
        OutlineError: the file cannot be read, has no slides, or its settings are not YAML; with the place.
    """
    text = read_deck(path)
    outline = read_slidev(text, path) if is_slidev(text) else read_marp(text, path)
    return write_yaml(_sorted(outline))


def read_deck(path: Path) -> str:
    """The text of a deck without control characters.

    Raises:
        OutlineError: the file cannot be read or is empty.
    """
    text = _CONTROL.sub("", read_text(path, OutlineError)).lstrip("\ufeff")
    if not text.strip():
        raise OutlineError("the deck is empty", "", Place(path, 1, 1))
    return text


def is_slidev(text: str) -> bool:
    """Whether a deck was written for Slidev; a deck that could be either is one for Marp."""
    head = _FRONT_MATTER.match(text)
    settings = head[1] if head else ""
    if re.search(r"^marp\s*:", settings, re.MULTILINE):
        return False
    marp = 3 * len(_MARP_KEY.findall(settings)) + len(_MARP_TEXT.findall(text))
    return 3 * len(_SLIDEV_KEY.findall(settings)) + len(_SLIDEV_TEXT.findall(text)) > marp


def _sorted(outline: dict[str, Any]) -> dict[str, Any]:
    """The outline with its slides last, as people write it."""
    return {**{key: value for key, value in outline.items() if key != "slides"}, "slides": outline["slides"]}
