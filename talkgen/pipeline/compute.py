"""Computes what a plan lacks and leaves alone what the store holds.

Torch, matplotlib and the models are loaded when the first stale thing needs them, so a plan with nothing stale costs
no import. Nothing here knows a target.
"""

from __future__ import annotations

from collections.abc import Callable

from talkgen.pipeline.plan import Plan
from talkgen.pipeline.results import Results, look_up
from talkgen.store.cas import Store

Report = Callable[[str], None]


def compute(plan: Plan, store: Store, report: Report) -> Results:
    """The result of every artifact of `plan`, from the store or made now.

    Raises:
        OutlineError: what could not be computed, all of it, each with its place.
    """
    found = {artifact.name: look_up(artifact, store) for artifact in plan.computed}
    missing = [artifact for artifact in plan.computed if not found[artifact.name]]
    if not missing:
        return {name: result for name, result in found.items() if result}
    from talkgen.pipeline.making import Maker

    made = Maker(plan, store, report).make(missing)
    return {name: result or made[name] for name, result in found.items()}
