"""Computes what a plan lacks and leaves alone what the store holds.

Torch, matplotlib and the models are loaded when the first stale thing needs them, so a plan with nothing stale costs
no import. Nothing here knows a target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from talkgen.errors import OutlineError, Problem
from talkgen.pipeline.artifacts import ComputedArtifact, FigureArtifact, RecordingArtifact
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.results import Results, look_up
from talkgen.store.cas import Store

Report = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What could be computed, and what is wrong with the rest."""

    results: Results
    problems: tuple[Problem, ...] = ()


def compute(plan: Plan, store: Store, report: Report) -> Results:
    """The result of every artifact of `plan`, from the store or made now.

    Raises:
        OutlineError: what could not be computed, all of it, each with its place.
    """
    outcome = compute_all(plan, store, report)
    if outcome.problems:
        raise OutlineError(outcome.problems)
    return outcome.results


def compute_all(plan: Plan, store: Store, report: Report, *, remeasure: bool = False) -> Outcome:
    """The result of every artifact of `plan` that can be had, in its order; those with times anew to `remeasure`."""
    found = {
        artifact.name: None if remeasure and is_timed(artifact) else look_up(artifact, store)
        for artifact in plan.computed
    }
    missing = [artifact for artifact in plan.computed if not found[artifact.name]]
    if not missing:
        return Outcome({name: result for name, result in found.items() if result})
    from talkgen.pipeline.making import Maker

    maker = Maker(plan, store, report, remeasure=remeasure)
    made = maker.make(missing)
    results = {name: result or made.get(name) for name, result in found.items()}
    return Outcome({name: result for name, result in results.items() if result}, tuple(maker.problems))


def is_timed(artifact: ComputedArtifact) -> bool:
    """Whether it holds what a clock said."""
    return isinstance(artifact, FigureArtifact | RecordingArtifact) and artifact.timed
