"""What of a talk is fresh and what is stale, and why; computes nothing and writes nothing."""

from __future__ import annotations

from talkgen.outline.load import load_outline
from talkgen.pipeline.build import Request, find_outline, manifest_of, open_store
from talkgen.pipeline.compute import look_up
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.publish import MANIFEST
from talkgen.store.manifest import Change, Manifest, compare


def status(request: Request) -> list[Change]:
    """Every figure, recording and token split of a talk against the deck that was built last.

    Raises:
        OutlineError: as `build` does.
    """
    path = find_outline(request.outline)
    plan = make_plan(load_outline(path), request.model)
    built = Manifest.read((request.out or path.parent / "dist" / request.target) / MANIFEST)
    lost = {thing.name for thing in plan.things if look_up(thing, open_store()) is None}
    return [
        Change(change.thing, "stale", ("its result is gone from the store",))
        if change.state == "fresh" and change.thing in lost
        else change
        for change in compare(built, Manifest(manifest_of(plan)))
    ]
