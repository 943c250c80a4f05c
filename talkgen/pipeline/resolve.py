"""A computed plan as a deck that a renderer can write: each block's result beside its path."""

from __future__ import annotations

import json
from collections.abc import Mapping

from talkgen.outline.schema import Outline
from talkgen.pipeline.compute import Made
from talkgen.pipeline.plan import LIVE_ELEMENTS, ChipsThing, FigureThing, LiveThing, Plan
from talkgen.render.deck import BlockPath, Chips, Computed, Deck, LiveAnswer, Picture
from talkgen.store.cas import Store


def resolve(outline: Outline, plan: Plan, made: Mapping[str, Made], store: Store) -> Deck:
    """The deck of `outline`, whose expressions are evaluated, with everything computed for it."""
    computed: dict[BlockPath, Computed] = {
        result.thing.path: _resolve_one(result, plan, store) for result in made.values()
    }
    return Deck(outline, plan.source.path.parent, computed, plan.style)


def _resolve_one(result: Made, plan: Plan, store: Store) -> Computed:
    thing, outputs = result.thing, result.action.outputs
    match thing:
        case FigureThing():
            return Picture(
                svg=store.path(outputs["svg"]),
                png=store.path(outputs["png"]),
                name=f"{thing.name.split(' ', 1)[1].replace(' ', '-')}-{outputs['svg'][:8]}",
                alt=store.read(result.action, "alt").decode(),
                width=thing.canvas.width,
                height=thing.canvas.height,
                provenance={"data": result.data.outputs["data"] if result.data else "", "model": plan.model.label},
            )
        case LiveThing():
            return LiveAnswer(LIVE_ELEMENTS[thing.block.live], json.loads(store.read(result.action, "json")))
        case ChipsThing():
            chips = json.loads(store.read(result.action, "json"))
            return Chips(tuple(chips["pieces"]), tuple(chips["ids"]), chips["model"])
