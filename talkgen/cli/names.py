"""Names that the shell completes: of talks, figures, themes, models and apps that are there. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

_Complete = Callable[[str], list[str]]


def _completing(find: Callable[[Path], Iterable[str]]) -> _Complete:
    """What completes the beginning of a name, of those that are found from this folder."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in find(Path.cwd()) if name.startswith(incomplete)]

    return complete


def _figures(folder: Path) -> Iterable[str]:
    from talkgen.figures.registry import FIGURES, brought_figures, own_figures

    return [*FIGURES, *brought_figures(), *own_figures(folder)]


def _themes(folder: Path) -> Iterable[str]:
    from talkgen.export.packages import known_themes
    from talkgen.outline.themes import MARP_THEMES
    from talkgen.style import style_names

    return dict.fromkeys([*style_names(folder), *MARP_THEMES, *known_themes()])


def _styles(folder: Path) -> Iterable[str]:
    from talkgen.style import style_names

    return style_names(folder)


def _models(folder: Path) -> Iterable[str]:
    from talkgen.lm.files.catalog import model_names

    return model_names(folder)


def _pullable(_: Path) -> Iterable[str]:
    from talkgen.lm.files.pullable import PULLABLE

    return PULLABLE


def _apps(folder: Path) -> Iterable[str]:
    from talkgen.elements.apps import demo_names
    from talkgen.elements.registry import ELEMENTS

    return dict.fromkeys([*demo_names(folder), *ELEMENTS])


def outlines(incomplete: str) -> list[str]:
    """What completes the beginning of a talk's name: its folder, or a file."""
    from talkgen.outline.find import outlines_below

    folder = incomplete[: incomplete.rfind("/") + 1]
    return [name for name in outlines_below(folder) if name.startswith(incomplete)]


figures, themes, styles = _completing(_figures), _completing(_themes), _completing(_styles)
models, pullable, apps = _completing(_models), _completing(_pullable), _completing(_apps)
