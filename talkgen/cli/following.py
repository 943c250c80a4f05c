"""A talk that is presented while it is written: the process that keeps it up to date, and the news that it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from talkgen.errors import ToolError
from talkgen.pipeline.build import BuildReport, Request, build
from talkgen.pipeline.preview_process import PreviewProcess
from talkgen.pipeline.previewed import preview_folder, seed
from talkgen.serve.watching import Watching

_START_SECONDS = 300.0  # in which a deck's own server starts, its packages being there


@dataclass(frozen=True)
class Followed:
    """A built talk, what keeps its deck up to date, where, and the page to serve: None where the deck has a server.

    `start` is to be called once, when a page can be seen.
    """

    built: BuildReport
    watching: Watching
    process: PreviewProcess
    folder: Path
    page: Path | None
    start: Callable[[], None] = lambda: None


def follow(request: Request, report: Callable[[str], None]) -> Followed:
    """Builds a talk, and starts a deck's own server.

    Raises:
        OutlineError: as a build does.
        ToolError: the deck's own server does not start.
    """
    folder, watching = preview_folder(request), Watching()
    process = PreviewProcess(request, watching.tell, report)
    if request.target == "marp":
        built = build(request, report)
        page = seed(folder, built.outputs[0], str(built.deck.built.about["content"])[:16], anew=built.exported)
        return Followed(built, watching, process, folder, page, process.start)
    source = build(replace(request, format="md", out=folder.with_name(f"{folder.name}-source")), report)
    built = replace(source, outputs=())  # nobody is to open it: the server shows it
    report("Slidev: starting its server")
    process.start()
    if not watching.wait(_START_SECONDS):
        process.close()
        raise ToolError("Slidev's own server did not start", "build it instead: talkgen present --no-watch")
    return Followed(built, watching, process, folder, None)
