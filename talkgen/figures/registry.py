"""The figures a talk can name: its own files, each module of this folder but the few that serve them all, packages'.

The names are read off the folders, so that a new figure is its file alone; none is imported until it is asked for.
Where a figure's code is, its `origin`, is a module's dotted name, or the path of a file of the talk's.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from talkgen.errors import TalkgenError, did_you_mean

if TYPE_CHECKING:
    from talkgen.figures.base import FigureModule

GROUP = "talkgen.figures"
"""The entry points by which an installed package brings figures: each names a module."""

_NO_FIGURES = {"__init__", "base", "numbers", "own", "registry", "uses"}

FIGURES = {
    file.stem: f"talkgen.figures.{file.stem}"
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in _NO_FIGURES
}
"""Name -> module, of those that talkgen brings."""


def own_figures(folder: Path) -> dict[str, str]:
    """The figures of the talk in a folder: name -> file."""
    files = sorted((folder / "figures").glob("*.py"))
    return {file.stem: str(file.resolve()) for file in files if not file.stem.startswith("_")}


def brought_figures() -> dict[str, str]:
    """The figures that installed packages bring: name -> module."""
    from importlib.metadata import entry_points

    return {each.name: each.value for each in entry_points(group=GROUP)}


def find_figure(name: str, folder: Path | None = None) -> str:
    """The origin of the figure `name`: of the talk in `folder`, else of talkgen's own, else of an installed package's.

    Raises:
        TalkgenError: there is no such figure.
    """
    if name.endswith(".py") and folder:
        return _find_file(name, folder)
    own = own_figures(folder) if folder else {}
    if found := own.get(name) or FIGURES.get(name) or brought_figures().get(name):
        return found
    raise TalkgenError(f"there is no figure '{name}'", did_you_mean(name, {*own, *FIGURES, *brought_figures()}))


def _find_file(name: str, folder: Path) -> str:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise TalkgenError(f"{name} is outside of the talk's folder", "copy it there")
    if not file.is_file():
        there = [each.relative_to(folder).as_posix() for each in folder.glob("**/*.py")]
        raise TalkgenError(f"there is no file {name}", did_you_mean(name, there))
    return str(file)


def is_own(origin: str) -> bool:
    """Whether a figure's code is a file of the talk's."""
    return origin.endswith(".py")


def load_origin(origin: str) -> FigureModule:
    """The module of a figure; brings neither torch nor matplotlib, unless a talk's own does.

    Raises:
        TalkgenError: a talk's own figure fails, or lacks a part.
    """
    if is_own(origin):
        from talkgen.figures.own import load_own

        return load_own(Path(origin))
    return cast("FigureModule", importlib.import_module(origin))


def load_figure(name: str, folder: Path | None = None) -> FigureModule:
    """The module of the figure `name`, of the talk in `folder` too.

    Raises:
        TalkgenError: there is no such figure.
    """
    return load_origin(find_figure(name, folder))
