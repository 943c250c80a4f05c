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
from typing import Any

from talkgen.outline.find import find_outline
from talkgen.pipeline.compute import compute
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.packages import install_packages, pin_packages
from talkgen.pipeline.plan import Plan, make_plan
from talkgen.pipeline.publish import publish
from talkgen.pipeline.remote import fetch_all
from talkgen.pipeline.rendering import render, resolve_plan
from talkgen.pipeline.request import Request, open_store
from talkgen.pipeline.results import Results
from talkgen.pipeline.talk import Talk

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
            deck.target.get_ready(report)
        plan = make_plan(talk, request.model)
        report(f"model: {plan.model.label}")
        if request.fetch != "nothing":
            fetch_all(plan, report, private=request.fetch == "private")
        pins = pin_packages(plan, report) if deck.target.name == "slidev" else ()
        results = compute(plan, store, report)
        if not deck.is_whole(plan, request.export):
            from talkgen.pipeline.formulas import check_formulas

            content = resolve_plan(plan, results, deck.target)
            if request.format != "md":  # which asks no tool for anything
                install_packages(plan, pins, report)
                check_formulas(content.outline, plan, deck.target, store, report)
            exported = publish(render(content, deck.target), plan, deck, request.export, report)
    return _report(plan, replace(deck), request.export, results, exported, time.perf_counter() - started)


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


def check(request: Request) -> int:
    """Loads and plans a talk without computing or writing; the number of its slides.

    Raises:
        OutlineError: as `build` does.
    """
    path = find_outline(request.outline)
    deck = request.deck_folder(path)
    talk = Talk(path, request.vars)
    slides = len(talk.source.outline.slides)
    plan = make_plan(talk, request.model)
    if deck.target.name == "slidev":
        pin_packages(plan, lambda _: None)
    return slides
