"""What is started before the command line is read: the program that a build, or an import, will ask about a deck.

Reading the command line and planning take as long as Node needs to get ready. So this guesses from the bare arguments:
a wrong guess costs a process that ends with this one, and no guess only time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from talkgen.errors import TalkgenError

_OTHERS = {"slidev", "pdf", "pptx", "png", "notes", "md", "--check", "--watch", "-w", "--help", "-h"}
_OUT = ("--out", "-o")
_LARGEST = 1_000_000  # bytes of a deck


def start_ahead(arguments: Sequence[str]) -> None:
    """Starts Marp where the arguments ask for a page of an outline that is newer than its deck; a parser for a deck."""
    command, *given = [part for argument in arguments for part in argument.split("=", 1)] or [""]
    with suppress(TalkgenError, OSError, ValueError):  # the command itself says what is wrong
        if command == "import":
            _start_parser(given)
        elif command == "build" and not _OTHERS & set(given):
            _start_marp(given)


def _start_parser(given: Sequence[str]) -> None:
    """Starts the parser of the deck among the arguments."""
    from talkgen.importers.reader import start_ahead as start
    from talkgen.importers.tools import is_slidev

    deck = next((Path(each) for each in given if each.endswith(".md") and Path(each).is_file()), None)
    if deck and deck.stat().st_size <= _LARGEST:
        start("slidev" if is_slidev(deck.read_text(encoding="utf-8")) else "marp")


def _start_marp(given: Sequence[str]) -> None:
    """Starts Marp where the outline among the arguments is newer than its deck, as far as their dates say."""
    from talkgen.outline.find import find_outline
    from talkgen.pipeline.targets import TARGETS

    out = next((after for option, after in pairwise(given) if option in _OUT), None)
    talk = next((each for each in given if each != out and Path(each).exists()), ".")
    outline = find_outline(Path(talk))
    deck = Path(out) if out else outline.parent / "dist" / "marp"
    page = deck / "deck.html"
    if not page.exists() or outline.stat().st_mtime > page.stat().st_mtime:
        TARGETS["marp"].get_ready(deck, lambda _: None)
