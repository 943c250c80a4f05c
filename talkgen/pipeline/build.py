"""One outline becomes a deck on disk; the function to read first.

    load → plan → compute → render → export → publish

Everything is gathered before anything is written: an outline with a problem, a figure that fails or a Marp that cannot
run leaves the last good deck in its place. A deck that is as it would be built again is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.errors import OutlineError, Problem
from talkgen.outline.find import find_outline
from talkgen.pipeline.artifacts import FigureArtifact
from talkgen.pipeline.compute import Outcome, compute_all
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.packages import install_packages, pin_packages
from talkgen.pipeline.plan import Plan, make_plan
from talkgen.pipeline.publish import publish
from talkgen.pipeline.remote import fetch_all
from talkgen.pipeline.rendering import render, resolve_plan, resolve_what_is_there
from talkgen.pipeline.request import Request, open_store
from talkgen.pipeline.results import Results, figure_data, look_up
from talkgen.pipeline.status import status as read_status
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import Target
from talkgen.store.manifest import Change

if TYPE_CHECKING:
    from talkgen.render.deck import Deck

__all__ = ["BuildReport", "Request", "build", "check"]

Report = Callable[[str], None]


@dataclass(frozen=True)
class BuildReport:
    """What a build did, the plan it followed, and the deck as it is now."""

    plan: Plan
    deck: DeckFolder
    outputs: tuple[Path, ...]
    computed: tuple[str, ...]
    reused: tuple[str, ...]
    exported: bool
    seconds: float
    problems: tuple[Problem, ...] = ()  # what is missing in it, of a build that was to keep going

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "target": self.deck.target.name,
            "folder": str(self.deck.path),
            "outputs": [str(path) for path in self.outputs],
            "model": self.plan.model.label,
            "computed": list(self.computed),
            "reused": list(self.reused),
            "exported": self.exported,
            "minutes": sum(self.plan.draft.minutes),
            "degraded": self.deck.degraded,
            "problems": [str(problem) for problem in self.problems],
            "seconds": self.seconds,
        }


def build(request: Request, report: Report) -> BuildReport:
    """Builds a talk; says what it does through `report`, a line at a time.

    Raises:
        OutlineError: the outline, a figure or a model it names is at fault; all problems at once.
        ToolError: Node, Marp, Slidev or the browser is missing or failed.
    """
    started = time.perf_counter()
    path = find_outline(request.outline)
    deck, store, exported = request.deck_folder(path), open_store(), False
    with store.lock(f"build {deck.path.resolve()}", report):
        talk = Talk(path, request.vars)
        if request.format == "html" and not talk.is_known:
            deck.target.get_ready(deck.path, report)
        plan = make_plan(talk, request.model, keep_going=request.keep_going)
        report(f"model: {plan.model.label}")
        pins = pin_packages(plan, report) if deck.target.name == "slidev" else ()
        if request.fetch != "nothing":
            install_packages(plan, pins, report)  # they may ask other hosts themselves
            fetch_all(plan, deck.target.name, report, private=request.fetch == "private")
        outcome = compute_all(plan, store, report, remeasure=request.remeasure)
        problems, results = [*plan.problems, *outcome.problems], outcome.results
        if problems and not request.keep_going:
            raise OutlineError(problems)
        if problems or request.remeasure or not deck.is_whole(plan, request.export):
            from talkgen.pipeline.formulas import check_formulas

            if request.format != "md":  # which asks no tool for anything
                install_packages(plan, pins, report)
            content, more = _resolve(plan, outcome, deck.target, problems)
            problems += more
            if request.format != "md":
                unread = check_formulas(content.outline, plan, deck.target, store, report)
                content = replace(content, notes=(*content.notes, *unread))
            missing = {artifact.name for artifact in plan.computed} - results.keys()
            exported = publish(render(content, deck.target), plan, deck, request.export, report, missing)
    done = _report(plan, replace(deck), request.export, results, exported, time.perf_counter() - started)
    return replace(done, problems=tuple(problems))


def _resolve(plan: Plan, outcome: Outcome, target: Target, problems: list[Problem]) -> tuple[Deck, list[Problem]]:
    """The deck; where something is missing, with that told in its place, and what is wrong with expressions then."""
    if problems:
        return resolve_what_is_there(plan, outcome.results, target, problems)
    return resolve_plan(plan, outcome.results, target), []


def _report(plan: Plan, deck: DeckFolder, format: str, results: Results, exported: bool, seconds: float) -> BuildReport:
    return BuildReport(
        plan=plan,
        deck=deck,
        outputs=deck.outputs(format),
        computed=tuple(name for name, result in results.items() if result.computed),
        reused=tuple(name for name, result in results.items() if not result.computed),
        exported=exported,
        seconds=round(seconds, 3),
    )


def check(request: Request, report: Report) -> tuple[int, list[Change]]:
    """Loads and plans a talk without computing or writing: the number of its slides, and what of its deck is not fresh.

    What the store has of its figures is known; formulas are read where their tool is installed. Of a deck that was
    never built nothing is stale.

    Raises:
        OutlineError: as `build` does.
        ToolError: Node failed.
    """
    from talkgen.export.node import installed_packages
    from talkgen.outline.expressions import evaluate_known
    from talkgen.pipeline.formulas import unreadable

    path, store = find_outline(request.outline), open_store()
    deck = request.deck_folder(path)
    talk = Talk(path, request.vars)
    slides = len(talk.source.outline.slides)
    plan = make_plan(talk, request.model)
    figures = [each for each in plan.computed if isinstance(each, FigureArtifact)]
    found = {each.name: result for each in figures if (result := look_up(each, store))}
    data = figure_data(found)
    waiting: dict[str, dict[str, Any]] = {each.label: {} for each in figures if each.label not in data}
    outline = evaluate_known(talk.source, {**plan.known, "figures": data | waiting}, waiting)
    is_installed = installed_packages(deck.target.name)
    if is_installed and (problems := unreadable(outline, plan, deck.target, store, report, waiting=bool(waiting))):
        raise OutlineError(problems)
    if deck.target.name == "slidev":
        pin_packages(plan, lambda _: None)
    built = bool(deck.built.entries)
    return slides, [each for each in read_status(request) if each.state != "fresh"] if built else []
