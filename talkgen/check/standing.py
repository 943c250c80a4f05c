"""Whether a deck is what the talk would give now: fresh, whole on the disk, with its recorded answers and pictures."""

from __future__ import annotations

from collections.abc import Iterator

from talkgen.check.findings import Finding
from talkgen.errors import Problem
from talkgen.outline.blocks import Gradio
from talkgen.outline.walk import find_blocks
from talkgen.pipeline.app_pictures import command, find_changes, read_stamp
from talkgen.pipeline.deck_folder import DeckFolder, with_origin
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.talk import Talk
from talkgen.store.manifest import Change
from talkgen.yamlfile import where_path

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


def find_old_pictures(talk: Talk) -> Iterator[Finding]:
    """A finding for each picture of an app that was made of something else than what there is now."""
    source = talk.source
    for path, block in find_blocks(source.outline):
        if not isinstance(block, Gradio) or block.picture is None:
            continue
        file = talk.path.parent / block.picture
        made = read_stamp(file) if file.is_file() else None
        if made and (changes := find_changes(made, talk.project)):
            message = f"{block.picture} shows the app as it was: {' and '.join(changes)} changed since"
            yield Finding("old-picture", Problem(message, command(made, file), source.place(path), where_path(path)))


def find_degraded(deck: DeckFolder) -> Iterator[Finding]:
    """A finding for each thing that the deck shows in a simpler form."""
    for item in deck.degraded:
        yield Finding("degraded", Problem(str(item["message"]), where=with_origin(item)), deck.target.name)
