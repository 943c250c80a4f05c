"""Builds again whenever something changes that the talk is made of, and says what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Never

from talkgen.errors import TalkgenError
from talkgen.outline.find import find_outline
from talkgen.pipeline.build import BuildReport, Report, Request, build
from talkgen.pipeline.changes import describe_changes
from talkgen.pipeline.watch import keep_up, problems_of, watched_folders


def keep_building(request: Request, report: Report, built: Callable[[BuildReport, Sequence[str]], None]) -> Never:
    """Builds now and after every change; `built` is told of each build that did something, and what had changed.

    Problems are reported, and the watch goes on.

    Raises:
        CodeChangedError: talkgen's own code changed: what is loaded is the old one.
    """
    last: list[BuildReport] = []

    def refresh() -> set[Path] | None:
        try:
            done = build(request, report)
        except (TalkgenError, OSError) as error:
            for problem in problems_of(error):
                report(problem)
            return None
        changes = list(describe_changes(last[0].plan, done.plan)) if last else []
        if changes or done.exported or not last:
            built(done, changes)
        last[:] = [done]
        return watched_folders(done.plan, done.deck.built.about.get("copied", ()))

    keep_up(find_outline(request.outline), refresh)
