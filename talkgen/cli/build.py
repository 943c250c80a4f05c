"""`talkgen build`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli import names
from talkgen.cli.console import Json, Quiet, Talk, out, out_json, reporter
from talkgen.cli.given import variables

if TYPE_CHECKING:
    from talkgen.pipeline.build import BuildReport, Request


class Target(StrEnum):
    """What renders the deck."""

    marp = "marp"
    slidev = "slidev"


class Format(StrEnum):
    """What comes out."""

    html = "html"
    pdf = "pdf"
    pptx = "pptx"
    png = "png"
    notes = "notes"
    md = "md"


TargetOption = Annotated[Target, typer.Option("--target", "-t", help="What renders the deck.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="The talk's default model, before the outline's own.", autocompletion=names.models
    ),
]
VarOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable, instead of the outline's own; may be repeated."),
]
CheckOption = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Build nothing; fail where the outline is wrong or its deck is not fresh. Draws nothing: of diagrams, and "
        "of figures that were never drawn, a build tells more.",
    ),
]
KeepGoingOption = Annotated[
    bool, typer.Option("--keep-going", "-k", help="Build past what fails, which is told in its place; then fail.")
]
RemeasureOption = Annotated[
    bool, typer.Option("--remeasure", help="Take all times anew that figures and recordings hold.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="The deck's folder.  [default: dist/TARGET beside the outline]")
]


def build(
    outline: Talk,
    target: TargetOption = Target.marp,
    format: Annotated[
        Format,
        typer.Option("--format", "-f", help="What comes out; notes are pages for the speaker, md stops at the source."),
    ] = Format.html,
    clicks: Annotated[
        bool, typer.Option("--clicks", help="A page for each click instead of each slide; Slidev's alone.")
    ] = False,
    out_dir: OutOption = None,
    model: ModelOption = None,
    var: VarOption = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Build again whenever the talk changes.")] = False,
    check: CheckOption = False,
    keep_going: KeepGoingOption = False,
    remeasure: RemeasureOption = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a slide does not hold what is on it.")] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Bring along what the talk shows from other hosts.")] = False,
    fetch_private: Annotated[
        bool, typer.Option("--fetch-private", help="As --fetch, and from this machine and its own network, too.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Builds the deck of a talk: computes what is stale, and nothing else.

    Examples:
      talkgen build slides/attention
      talkgen build slides/attention --target slidev
      talkgen build slides/attention --format pdf
      talkgen build slides/attention --target slidev --format pptx --clicks
      talkgen build slides/attention --fetch
      talkgen build slides/attention --watch
      talkgen build slides/attention --var course="STAT 3494W"
    """
    from talkgen.pipeline.request import Reach, Request

    reach: Reach = "private" if fetch_private else "public" if fetch else "nothing"
    request = Request(
        Path(outline), target.value, format.value, out_dir, model, variables(var), reach, clicks, keep_going, remeasure
    )
    report = reporter(quiet)
    if check:
        _check(request, json, report)
    elif watch:
        _watch(request, json, report)
    else:
        _build_once(request, json, report, strict)


def _build_once(request: Request, json: bool, report: Callable[[str], None], strict: bool) -> None:
    """Builds; exits with 1 when something is missing, or to be `strict` when a slide holds too much."""
    from talkgen.pipeline.build import build

    done = build(request, report)
    overfull = finish(done, json, report)
    for problem in [] if json else done.problems:
        out(str(problem))
    if done.problems or (overfull and strict):
        raise typer.Exit(1)


def _check(request: Request, json: bool, report: Callable[[str], None]) -> None:
    """Says what is not fresh, and exits with 1 when something is not."""
    from talkgen.pipeline.build import check

    slides, stale = check(request, report)
    if json:
        out_json({"slides": slides, "stale": [asdict(change) for change in stale]})
    else:
        for change in stale:
            out(f"{change.state}: {change.name}: {', '.join(change.why)}")
        out(f"{request.outline}: {slides} slides, nothing wrong" + (f", {len(stale)} not fresh" if stale else ""))
    if stale:
        raise typer.Exit(1)


def _watch(request: Request, json: bool, report: Callable[[str], None]) -> None:
    """Builds again at every change; of talkgen's own code, in a process that has loaded the new one."""
    from talkgen.export.worker import end_workers
    from talkgen.pipeline.rebuild import keep_building
    from talkgen.pipeline.watch import CodeChangedError

    def show(done: BuildReport, changes: Sequence[str]) -> None:
        for line in changes:
            report(line)
        finish(done, json, report)

    try:
        keep_building(request, report, show)
    except CodeChangedError:
        report("talkgen's own code changed: starting again")
        end_workers()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 – this very command


def show_report(done: BuildReport, report: Callable[[str], None]) -> None:
    """Prints what a build did."""
    from talkgen.pipeline.deck_folder import with_origin

    for item in done.deck.degraded:
        at = tuple(item.get("path", ()))
        place = f"{done.plan.talk.source.document.place(at)}: " if at else ""
        report(f"note: {place}{with_origin(item)}: {item['message']}")
    if planned := done.plan.draft.minutes:
        timed, shown = len(planned), len(done.plan.draft.shown)
        report(f"planned: {sum(planned):g} minutes{f' for {timed} of {shown} slides' if timed < shown else ''}")
    made = f"{len(done.computed)} computed, {len(done.reused)} unchanged"
    for path in done.outputs:
        out(f"{path}  ({made}, {done.seconds:.1f} s)" if path is done.outputs[-1] else str(path))


def finish(done: BuildReport, json: bool, report: Callable[[str], None]) -> int:
    """Prints what a build did, and then what does not fit on its slides; how many such slides there are.

    The deck is there before its slides are looked at.
    """
    from talkgen.pipeline.overflow import find_overflow
    from talkgen.pipeline.request import open_store

    if not json:
        show_report(done, report)
    problems = find_overflow(done.deck, done.plan, open_store(), report)
    if json:
        out_json({**done.to_json(), "overflow": [str(problem) for problem in problems]})
    for problem in [] if json else problems:
        out(str(problem))
    return len(problems)
