"""What of a talk is fresh and what is stale or damaged, and why; computes nothing and writes nothing."""

from __future__ import annotations

from talkgen.outline.find import find_outline
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.request import Request, open_store
from talkgen.pipeline.results import look_up
from talkgen.pipeline.talk import Talk
from talkgen.store.manifest import Change


def status(request: Request) -> list[Change]:
    """How everything that a deck is made of stands: against the talk, on the disk, and its results in the store.

    Raises:
        OutlineError: as `build` does.
    """
    path = find_outline(request.outline)
    plan, store = make_plan(Talk(path, request.vars), request.model), open_store()
    lost = {artifact.name for artifact in plan.computed if look_up(artifact, store) is None}
    return [
        Change(change.name, "stale", ("its result is gone from the store",))
        if change.state == "fresh" and change.name in lost
        else change
        for change in request.deck_folder(path).compare(plan)
    ]
