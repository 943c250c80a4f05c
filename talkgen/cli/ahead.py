"""What is started before the command line is read: Marp, where a build will ask it for a deck.

Reading the command line and planning take as long as Marp needs to get ready. So this guesses from the bare arguments:
a wrong guess costs a process that ends with this one, and no guess only time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from talkgen.errors import TalkgenError
from talkgen.outline.find import find_outline
from talkgen.pipeline.targets import TARGETS

_OTHERS = {"slidev", "pdf", "pptx", "png", "notes", "md", "--check", "--watch", "-w", "--help", "-h"}
_OUT = ("--out", "-o")


def start_ahead(arguments: Sequence[str]) -> None:
    """Starts Marp where the arguments ask for a page of an outline that is newer than its deck."""
    command, *given = [part for argument in arguments for part in argument.split("=", 1)] or [""]
    if command != "build" or _OTHERS & set(given):
        return
    with suppress(TalkgenError, OSError):  # the build itself says what is wrong
        if _is_newer(given):
            TARGETS["marp"].get_ready(lambda _: None)


def _is_newer(given: Sequence[str]) -> bool:
    """Whether the outline among the arguments is newer than its deck, as far as their dates say."""
    out = next((after for option, after in pairwise(given) if option in _OUT), None)
    talk = next((each for each in given if each != out and Path(each).exists()), ".")
    outline = find_outline(Path(talk))
    page = (Path(out) if out else outline.parent / "dist" / "marp") / "deck.html"
    return not page.exists() or outline.stat().st_mtime > page.stat().st_mtime
