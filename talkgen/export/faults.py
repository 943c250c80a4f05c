"""What Marp and Slidev say where they cannot make something of a deck: the cause, and the slide or file that has it.

Knows how both write that down, and nothing of outlines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath

from talkgen.errors import ToolError
from talkgen.export.node import plain


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: in a slide, counted from 1 among those shown, or in a line of a file of the deck.

    Of a slide with a line, in the style that it has in its own source.
    """

    message: str
    slide: int | None = None
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f"slide {self.slide}" if self.slide else f"{self.file}, line {self.line}"
        return f"{where}: {self.message}"


class FaultyDeckError(ToolError):
    """A tool cannot make a deck of what it was given."""

    def __init__(self, tool: str, faults: Iterable[Fault]) -> None:
        self.tool, self.faults = tool, tuple(dict.fromkeys(faults))
        super().__init__("\n".join(f"{tool} cannot make this deck: {fault}" for fault in self.faults))


_AT = r"(?P<file>\S.*?)(?:\?\S*?)?(?::(?P<line>\d+):\d+)?"
# Vite where it builds, the bundler that it builds with, and Vite where it serves.
_SAID = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        rf"^\[plugin [^\]\n]+\] {_AT}\n(?P<message>.+)$",
        rf"^\[[A-Z_]+\] (?P<message>.+)\n\W*\[ {_AT} \]$",
        rf"Internal server error: (?P<message>.+)\n  Plugin: .+\n  File: {_AT}$",
    )
)
_SLIDE = re.compile(r"slides\.md__slidev_(\d+)\.md")
_KIND = re.compile(r"^(?:\w*Error: )*(?:\[postcss\] \S+?:\d+:\d+: )?")
_NAMED = re.compile(r""" (?:in|from) ["']?slides\.md__slidev_\d+\.md["']?""")  # its place says it


def slidev_faults(said: str) -> Iterator[Fault]:
    """What Slidev cannot compile, as it tells on its way to its end or past it."""
    for form in _SAID:
        for found in form.finditer(plain(said)):
            message = _NAMED.sub("", _KIND.sub("", found["message"]))
            if slide := _SLIDE.search(found["file"]):
                yield Fault(message, slide=int(slide[1]))
            else:
                yield Fault(message, file=_name(found["file"]), line=int(found["line"] or 0))


_SHEET = re.compile(
    r"Cannot register theme CSS: (?P<file>.+?) \(<css input>:(?P<line>\d+):\d+: (?P<message>.+?)\)$", re.MULTILINE
)
_STYLE = re.compile(r"^style of slide (?P<slide>\d+), line (?P<line>\d+): (?P<message>.+)$", re.MULTILINE)
_WRAPPED = re.compile(r"\n {8,}")  # Marp's lines are 80 letters long


def marp_faults(said: str) -> Iterator[Fault]:
    """The style sheets, and the styles of slides, that Marp cannot read: it makes a deck without them."""
    for found in _SHEET.finditer(_WRAPPED.sub(" ", plain(said))):
        yield Fault(found["message"], file=PurePath(found["file"]).as_posix(), line=int(found["line"]))
    for found in _STYLE.finditer(said):  # as our engine says it
        yield Fault(found["message"], slide=int(found["slide"]), line=int(found["line"]))


def _name(path: str) -> str:
    return PureWindowsPath(path).name  # which reads the paths of both
