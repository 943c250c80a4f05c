"""Builds again whenever a file that the talk is made of changes, until interrupted."""

from __future__ import annotations

from collections.abc import Callable

from talkgen.errors import TalkgenError
from talkgen.machine import in_words
from talkgen.outline.find import find_outline
from talkgen.pipeline.build import BuildReport, Report, Request, build


def watch(request: Request, report: Report, built: Callable[[BuildReport], None]) -> None:
    """Builds now and at every change below the outline's folder; problems are reported and the watch goes on."""
    from watchfiles import DefaultFilter
    from watchfiles import watch as watch_files

    class Sources(DefaultFilter):
        ignore_dirs = (*DefaultFilter.ignore_dirs, "dist")

    folder = find_outline(request.outline).parent
    _build_once(request, report, built)
    for _ in watch_files(folder, watch_filter=Sources(), raise_interrupt=False):
        _build_once(request, report, built)


def _build_once(request: Request, report: Report, built: Callable[[BuildReport], None]) -> None:
    try:
        built(build(request, report))
    except TalkgenError as error:
        _report(error, report)
    except OSError as error:
        said = in_words(error)
        if said is None:
            raise
        _report(said, report)


def _report(error: TalkgenError, report: Report) -> None:
    for problem in error.problems:
        report(str(problem))
