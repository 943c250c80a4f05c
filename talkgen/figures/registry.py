"""The figures a talk can name: each module of this folder is one, but for the few that serve them all.

The names are read off the folder, so that a new figure is its file alone; none is imported until it is asked for.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from talkgen.errors import TalkgenError, did_you_mean

if TYPE_CHECKING:
    from talkgen.figures.base import FigureModule

_NO_FIGURES = {"__init__", "base", "numbers", "registry", "uses"}

FIGURES = {
    file.stem: f"talkgen.figures.{file.stem}"
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in _NO_FIGURES
}
"""Name -> module."""


def figure_module(name: str) -> str:
    """The dotted name of the module of the figure `name`.

    Raises:
        TalkgenError: there is no such figure.
    """
    if name not in FIGURES:
        raise TalkgenError(f"there is no figure '{name}'", did_you_mean(name, FIGURES))
    return FIGURES[name]


def load_figure(name: str) -> FigureModule:
    """The module of the figure `name`; brings neither torch nor matplotlib.

    Raises:
        TalkgenError: there is no such figure.
    """
    return cast("FigureModule", importlib.import_module(figure_module(name)))
