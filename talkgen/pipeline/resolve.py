"""A computed plan as a deck that a renderer can write: each block's result beside its path."""

from __future__ import annotations

import json
from typing import Any

from talkgen.outline.schema import Outline
from talkgen.pipeline.artifacts import (
    BlockArtifact,
    DiagramArtifact,
    FigureArtifact,
    PageModelArtifact,
    RecordingArtifact,
    TokensArtifact,
)
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.results import Result, Results
from talkgen.render.deck import BlockPath, Chips, Computed, Deck, Drawing, LiveAnswer, Picture


def resolve(outline: Outline, plan: Plan, results: Results) -> Deck:
    """The deck of `outline`, whose expressions are evaluated, with everything computed for it."""
    computed: dict[BlockPath, Computed] = {}
    models: dict[str, Any] = {}
    for result in results.values():
        match result.artifact:
            case PageModelArtifact() as model:
                models[model.label] = json.loads(result.read("json"))
            case artifact:
                computed[artifact.path] = _resolve_one(result, artifact)
    return Deck(outline, plan.talk.path.parent, computed, plan.talk.style, models)


def _resolve_one(result: Result, artifact: BlockArtifact) -> Computed:
    outputs = result.action.outputs
    match artifact:
        case FigureArtifact():
            return Picture(
                svg=result.path("svg"),
                png=result.path("png"),
                name=f"{artifact.label.replace(' ', '-')}-{outputs['svg'][:8]}",
                alt=result.read("alt").decode(),
                width=artifact.width,
                height=artifact.height,
            )
        case RecordingArtifact():
            return LiveAnswer(artifact.element, json.loads(result.read("json")))
        case TokensArtifact():
            chips = json.loads(result.read("json"))
            return Chips(tuple(chips["pieces"]), tuple(chips["ids"]), chips["model"])
        case DiagramArtifact():
            size = json.loads(result.read("size"))
            name = f"{artifact.name.replace(' ', '-')}-{outputs['svg'][:8]}"
            return Drawing(result.path("svg"), name, result.read("words").decode(), size["width"], size["height"])
