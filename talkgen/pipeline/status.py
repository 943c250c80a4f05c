"""What of a talk is fresh and what is stale, and why; computes nothing and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from talkgen.outline.load import load_outline
from talkgen.pipeline.build import Request, find_outline, open_store
from talkgen.pipeline.compute import look_up
from talkgen.pipeline.plan import Thing, make_plan, thing_parts
from talkgen.pipeline.publish import read_manifest
from talkgen.store.manifest import explain


@dataclass(frozen=True)
class ThingStatus:
    """One computed thing: fresh or stale, and what changed since the deck was last built."""

    name: str
    fresh: bool
    why: tuple[str, ...]


def status(request: Request) -> list[ThingStatus]:
    """Every figure, recording and token split of a talk against the deck that was built last.

    Raises:
        OutlineError: as `build` does.
    """
    path = find_outline(request.outline)
    plan = make_plan(load_outline(path), request.model)
    built = read_manifest(request.out or path.parent / "dist" / request.target).get("things", {})
    found = [_status_of(thing, built) for thing in plan.things]
    gone = [name for name in built if name not in {thing.name for thing in plan.things}]
    return found + [ThingStatus(name, False, ("no longer in the outline",)) for name in gone]


def _status_of(thing: Thing, built: dict[str, dict[str, object]]) -> ThingStatus:
    old = built.get(thing.name)
    if old is None:
        return ThingStatus(thing.name, False, ("never built",))
    if old["key"] != thing.key.hexdigest:
        return ThingStatus(thing.name, False, tuple(explain(old["parts"], thing_parts(thing))))
    if not look_up(thing, open_store()):
        return ThingStatus(thing.name, False, ("its result is gone from the store",))
    return ThingStatus(thing.name, True, ())
