"""Waits for changes of what a talk is made of: its files, its theme, pictures and models, and talkgen's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Never

from talkgen.assets import asset_dir, asset_dirs, pretrained_dir, sweeps_dir
from talkgen.errors import TalkgenError
from talkgen.lm.files.run import Run
from talkgen.machine import in_words
from talkgen.pipeline.artifacts import FigureArtifact
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.talk import own_files

_CODE = Path(__file__).resolve().parents[1]
_QUIET = 4  # ms without a further change after which a save is over
_TICK = 100  # ms
_LONGEST = 200  # ms for which changes that follow one another are taken together


class CodeChangedError(Exception):
    """Talkgen's own code changed: who runs the old one has to start again."""


def watch(outline: Path, folders: Iterable[Path] = ()) -> Iterator[bool]:
    """Whether there was a change in the outline's folder, in `folders` or in what every talk uses, again and again.

    From the first answer on no change is missed.

    Raises:
        CodeChangedError: it was a change of talkgen's code.
    """
    from watchfiles import watch as watch_files

    places = {outline.resolve().parent, *(folder.resolve() for folder in folders)}
    above = {place.parent for place in places}
    watched = places | {*_shared()}
    moved = False
    while True:
        for changes in watch_files(
            *(str(place) for place in sorted(watched | above) if place.is_dir()),
            recursive=False,
            step=_QUIET,
            debounce=_LONGEST,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            files = [Path(name) for _, name in changes]
            if any(file.suffix == ".py" and file.is_relative_to(_CODE) for file in files):
                raise CodeChangedError
            yield moved or any(file.parent in watched or file in places for file in files)
            moved = any(place.is_relative_to(file) for file in files for place in places)
            if moved:  # a folder that went or came is not what was watched: it is looked for again
                break
        else:
            return


def _shared() -> Iterator[Path]:
    """The folders of the code and of the templates."""
    for root in (_CODE, asset_dir("templates")):
        yield root
        yield from (each for each in root.rglob("*") if each.is_dir() and _holds_source(each))


def _holds_source(folder: Path) -> bool:
    without = {"__pycache__", "node_modules", pretrained_dir().name, sweeps_dir().name}
    return without.isdisjoint(folder.parts)


def watched_folders(plan: Plan, copied: Iterable[str]) -> set[Path]:
    """The folders of what a plan is made of; `copied` are the files that come along, from the outline's folder."""
    talk = plan.talk
    files = [*talk.source.files, *(talk.path.parent / name for name in copied)]
    folders = {file.parent for file in (*files, *own_files(plan.draft))}
    folders |= {folder / "themes" for folder in asset_dirs("templates", talk.project)}
    used = [each.files for artifact in plan.computed if isinstance(artifact, FigureArtifact) for each in artifact.used]
    for model in (*plan.live_models, *filter(None, used)):
        folders |= {model.path, model.path / "checkpoints"} if model.path.is_dir() else {model.path.parent}
        folders |= {model.run, Run(model.run).source} if model.run else set()
    return folders


def problems_of(error: TalkgenError | OSError) -> list[str]:
    """What went wrong in words, a text a problem.

    Raises:
        OSError: `error`, which only a bug can cause.
    """
    said = error if isinstance(error, TalkgenError) else in_words(error)
    if said is None:
        raise error
    return [str(problem) for problem in said.problems]


def keep_up(outline: Path, refresh: Callable[[], set[Path] | None]) -> Never:
    """Calls `refresh` now and after each change of what it says that it is made of (None: as before).

    Raises:
        CodeChangedError: it was a change of talkgen's code.
    """
    folders: set[Path] = set()
    watcher = watch(outline)
    next(watcher)
    while True:
        found = refresh()
        if found is not None and found != folders:  # and once more, for what changed before these were watched
            folders, watcher = found, watch(outline, found)
            next(watcher)
        elif not any(watcher):
            raise KeyboardInterrupt
