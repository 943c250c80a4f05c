"""Whether a deck is what the talk would give now: fresh, whole on the disk, with its recorded answers."""

from __future__ import annotations

from collections.abc import Iterator

from talkgen.check.findings import Finding
from talkgen.errors import Problem
from talkgen.pipeline.deck_folder import DeckFolder, with_origin
from talkgen.pipeline.plan import Plan
from talkgen.store.manifest import Change

_RECORDING = "recording "  # how the names of recorded answers begin


def find_stale(plan: Plan, deck: DeckFolder) -> Iterator[Finding]:
    """A finding for each thing of the deck that is not fresh; one where there is no deck at all."""
    name, outline = deck.target.name, plan.talk.path
    hint = f"talkgen build {outline.parent} -t {name}"
    if not deck.built.entries:
        yield Finding("stale", Problem(f"the {name.capitalize()} deck was never built", hint), name)
        return
    for change in deck.compare(plan):
        if change.state != "fresh":
            yield Finding(_rule(change), Problem(_say(change, name.capitalize()), hint), name)


def _rule(change: Change) -> str:
    return "recording" if change.name.startswith(_RECORDING) and change.state != "gone" else "stale"


def _say(change: Change, deck: str) -> str:
    return f"{change.name} of the {deck} deck is {change.state}: {'; '.join(change.why)}"


def find_degraded(deck: DeckFolder) -> Iterator[Finding]:
    """A finding for each thing that the deck shows in a simpler form."""
    for item in deck.degraded:
        yield Finding("degraded", Problem(str(item["message"]), where=with_origin(item)), deck.target.name)
