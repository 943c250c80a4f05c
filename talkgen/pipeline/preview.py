"""A talk while it is written: its deck in a folder of its own, brought up to date in place, and news of what changed.

Everything computed is the store's, as in a build; nothing is published: `build` does that. News are JSON, for the pages
that show the deck: the revision that they now find, and what to change of the one before where that can be said.

Most of what is saved asks for the same figures as before. These are then taken for what they were, and looked at while
the tool, a process of its own, already works on the deck: no news are told before both is done.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from talkgen.digest import digest_file
from talkgen.errors import Problem
from talkgen.export.faults import Fault
from talkgen.export.inline import inline_media, inline_page
from talkgen.export.marp import marp_page
from talkgen.export.page import Page, read_page
from talkgen.export.slidev_server import DevServer
from talkgen.files import write_draft
from talkgen.outline.find import find_outline
from talkgen.outline.schema import Outline
from talkgen.pipeline.build import Report, Request
from talkgen.pipeline.changes import describe_changes, slide_positions
from talkgen.pipeline.compute import compute
from talkgen.pipeline.faults import faults_placed, place_faults
from talkgen.pipeline.formulas import unreadable
from talkgen.pipeline.plan import Drafted, Plan, draft_talk, plan_as_before, plan_drafted
from talkgen.pipeline.previewed import PAGE, News, preview_folder, watching
from talkgen.pipeline.rendering import content_digest, copied_files, file_digests, render, resolve_plan
from talkgen.pipeline.request import open_store
from talkgen.pipeline.results import Results
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import TARGETS, Target
from talkgen.render.deck import Rendering
from talkgen.words import WORDS

_OURS = {"node_modules", ".vite", PAGE}  # beside a rendering's own files


@dataclass(frozen=True)
class Shown:
    """What was brought up to date: the plan it follows, s that it took, and news for open pages.

    What only people are told of it, and what to watch from now on, is found when it is asked for, after the news.
    """

    plan: Plan
    problems: tuple[Problem, ...]
    seconds: float
    news: News
    before: Plan
    outline: Outline
    rendering: Rendering
    target: Target

    @property
    def copied(self) -> list[str]:
        """The talk's files that come along, by their path from the outline's folder."""
        return copied_files(self.rendering, self.plan, self.target)

    @property
    def changes(self) -> Iterator[str]:
        """What changed, a line each."""
        return describe_changes(self.before, self.plan)


@dataclass(frozen=True)
class _Made:
    """A plan with what was computed for it, and the deck of both: its outline, its files and their digests."""

    plan: Plan
    results: Results
    outline: Outline
    rendering: Rendering
    digests: Mapping[str, str]

    def is_of(self, plan: Plan, results: Results) -> bool:
        """Whether a plan has the same computed for it."""
        return self.plan.computed == plan.computed and _contents(self.results) == _contents(results)


def _contents(results: Results) -> Mapping[str, Any]:
    return {name: (each.action.outputs, each.data and each.data.outputs) for name, each in results.items()}


class Showing(Protocol):
    """What shows a rendering whose files lie in a folder."""

    def expect(self, new: list[str]) -> None:
        """Takes notice of files that were not there before, and that others will name."""

    def convert(self, written: list[str]) -> Any:
        """What the tool makes of the deck, of which these files were written.

        Raises:
            ToolError: the tool is missing or failed.
        """

    def show(self, converted: Any, revision: str, changed: Collection[str]) -> News:
        """News of that, which the page of `revision` now shows, and of the files that changed since the news before."""

    def finish(self) -> None:
        """Does what may come after the news."""

    def close(self) -> None:
        """Ends what was started."""


class Preview:
    """The preview of a request, kept up to date by whoever calls `refresh` when something changed."""

    def __init__(self, request: Request, report: Report) -> None:
        self.path, self.folder = find_outline(request.outline), preview_folder(request)
        self._request, self._report = request, report
        self._target: Target = TARGETS[request.target]
        self._showing: Showing = _SHOWINGS[request.target](self.folder, report)
        self._files: Mapping[str, str] = {}
        self._changed: set[str] = set()  # files that no news told of yet
        self._before: _Made | None = None

    def refresh(self) -> Shown:
        """Brings the deck up to date with the outline and all that it is made of.

        Raises:
            OutlineError: as a build does; the deck stays as it was.
            ToolError: the tool is missing or failed.
        """
        started = time.perf_counter()
        talk = Talk(self.path, self._request.vars, keeps=False)
        made, converted = self._convert(draft_talk(talk, self._request.model))
        news = self._showing.show(converted, content_digest(made.digests)[:16], self._changed)
        self._changed.clear()
        plan, before = made.plan, self._before.plan if self._before else made.plan
        self._before = made
        news["moved"] = slide_positions(before.draft, plan.draft)
        return Shown(
            plan=plan,
            problems=tuple(place_faults(news.pop("bad", ()), "Slidev", plan, made.rendering)),
            seconds=time.perf_counter() - started,
            news=news,
            before=before,
            outline=made.outline,
            rendering=made.rendering,
            target=self._target,
        )

    def _convert(self, drafted: Drafted) -> tuple[_Made, Any]:
        """The deck of what a talk asks for, and what the tool makes of it."""
        before = self._before
        if before and (known := plan_as_before(drafted, before.plan)):
            made = self._make(known, before.results)
            written = self._write(made.rendering, made.digests)
            with ThreadPoolExecutor(1) as beside, faults_placed(known, made.rendering):
                converting = beside.submit(self._showing.convert, written)
                plan, results = self._compute(drafted)
                converted = converting.result()
            if made.is_of(plan, results):
                return replace(made, plan=plan), converted
        else:
            plan, results = self._compute(drafted)
        made = self._make(plan, results)
        written = self._write(made.rendering, made.digests)
        with faults_placed(plan, made.rendering):
            return made, self._showing.convert(written)

    def _compute(self, drafted: Drafted) -> tuple[Plan, Results]:
        plan = plan_drafted(drafted)
        return plan, compute(plan, open_store(), self._report)

    def _make(self, plan: Plan, results: Results) -> _Made:
        deck = resolve_plan(plan, results, self._target)
        rendering = render(deck, self._target)
        return _Made(plan, results, deck.outline, rendering, file_digests(rendering))

    def finish(self) -> None:
        """Does what may come after the news."""
        self._showing.finish()
        if self._before:
            self._before.plan.talk.keep()

    def find_unreadable(self, shown: Shown) -> list[Problem]:
        """The formulas that the tool shows as they are written, since it cannot read them.

        Raises:
            ToolError: its packages cannot be had, or Node failed.
        """
        return unreadable(shown.outline, shown.plan, self._target, open_store(), self._report)

    def close(self) -> None:
        """Ends what was started for it."""
        self._showing.close()

    def _write(self, rendering: Rendering, digests: Mapping[str, str]) -> list[str]:
        """Writes the files that are not as they should be, in place, new ones first; their names."""
        if not self._files:  # whatever an earlier preview left
            self._files = {name: digest_file(self.folder / name) for name in _files_in(self.folder)}
        changed = [name for name, digest in digests.items() if self._files.get(name) != digest]
        new = [name for name in changed if name not in self._files]
        for name in new:
            self._put(name, rendering)
        if new and self._before:
            self._showing.expect(new)
        for name in changed:
            if name in self._files:
                self._put(name, rendering)
        for name in self._files.keys() - digests.keys():
            (self.folder / name).unlink(missing_ok=True)
        self._files = digests
        self._changed.update(changed)
        return changed

    def _put(self, name: str, rendering: Rendering) -> None:
        content, file = rendering.files[name], self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str) and name == WORDS:  # which a server may be reading
            write_draft(file, content)
        elif isinstance(content, str):
            file.write_text(content, encoding="utf-8", newline="\n")
        else:
            shutil.copyfile(content, file)


def _files_in(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _OURS]
        yield from (Path(root, name).relative_to(folder).as_posix() for name in files if name not in _OURS)


class _MarpShowing:
    """Marp's page, and what changed of it slide by slide."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder, self._report = folder, report
        self._page, self._revision, self._text = Page((), (), "", ""), "", ""

    def expect(self, new: list[str]) -> None:
        """They are read when they are shown."""

    def convert(self, written: list[str]) -> str:  # noqa: ARG002 – Marp reads all
        return marp_page(self._folder, self._report)

    def show(self, converted: str, revision: str, changed: Collection[str]) -> News:
        self._text = converted
        before, self._page = self._page, read_page(converted)
        news: News = {"from": self._revision, "revision": revision}
        self._revision = revision
        scripts = any(name.endswith(".js") for name in changed)
        if scripts or not self._page.continues(before):
            self.finish()  # pages load it at once
            return news
        return news | {
            "slides": self._parts(before.slides, self._page.slides, changed),
            "styles": self._parts(before.styles, self._page.styles, changed),
            "notes": self._page.notes if self._page.notes != before.notes else None,
        }

    def _parts(self, old: tuple[str, ...], new: tuple[str, ...], changed: Collection[str]) -> dict[int, str]:
        """The parts that are not as they were, or name a file that is not, by their number."""
        names = {name for file in changed for name in (file, quote(file))}
        pairs = enumerate(zip(old, new, strict=True))
        return {
            number: inline_media(now, self._folder)
            for number, (was, now) in pairs
            if was != now or any(name in now for name in names)
        }

    def finish(self) -> None:
        page = watching(inline_page(self._text, self._folder), self._revision)
        write_draft(self._folder / PAGE, page)

    def close(self) -> None:
        """Marp's process ends with this one."""


class _SlidevShowing:
    """Slidev's own server, which tells open pages itself."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._server, self._revision = DevServer(folder, report), ""

    def expect(self, new: list[str]) -> None:
        self._server.notice(new)

    def convert(self, written: list[str]) -> Sequence[Fault]:
        return self._server.check(written)

    def show(self, converted: Sequence[Fault], revision: str, changed: Collection[str]) -> News:  # noqa: ARG002
        before, self._revision = self._revision, revision
        return {"from": before, "revision": revision, "port": self._server.port, "bad": converted}

    def finish(self) -> None:
        """There is nothing left to do."""

    def close(self) -> None:
        self._server.close()


_SHOWINGS: Mapping[str, Callable[[Path, Report], Showing]] = {"marp": _MarpShowing, "slidev": _SlidevShowing}
