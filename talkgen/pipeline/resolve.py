"""An outline and its results as a deck that a renderer can write: each block's result beside its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from talkgen.errors import Problem
from talkgen.outline.blocks import Code, Figure, Live, Tokens
from talkgen.outline.citations import cited_for_nothing
from talkgen.outline.expressions import evaluate, evaluate_what_can_be
from talkgen.outline.schema import Outline
from talkgen.outline.source import Source
from talkgen.outline.walk import find_blocks
from talkgen.pipeline.artifacts import (
    BlockArtifact,
    DiagramArtifact,
    FigureArtifact,
    OutputArtifact,
    PageModelArtifact,
    RecordingArtifact,
    TokensArtifact,
)
from talkgen.pipeline.results import Result, Results, figure_data
from talkgen.render.deck import BlockPath, Chips, Computed, Deck, Degraded, Drawing, LiveAnswer, Output, Picture
from talkgen.render.footnotes import lone_footnotes
from talkgen.style import Style
from talkgen.yamlfile import where_path


def resolve(source: Source, known: Mapping[str, Any], style: Style, results: Results) -> Deck:
    """The deck of an outline with everything computed for it, its expressions evaluated.

    `known` is what these may name beside the figures' data.

    Raises:
        OutlineError: an expression cannot be evaluated.
    """
    outline = evaluate(source, {**known, "figures": figure_data(results)})
    computed: dict[BlockPath, Computed] = {}
    models: dict[str, str] = {}
    earlier: dict[BlockPath, tuple[Picture, ...]] = {}
    for result in results.values():
        match result.artifact:
            case PageModelArtifact() as model:
                models[model.label] = result.text("json")
            case FigureArtifact(step=int()) as artifact:
                earlier[artifact.path] = (*earlier.get(artifact.path, ()), _picture(result, artifact))
            case FigureArtifact() as artifact:
                computed[artifact.path] = replace(_picture(result, artifact), earlier=earlier.get(artifact.path, ()))
            case artifact:
                computed[artifact.path] = _resolve_one(result, artifact)
    notes = (*_uncited(outline), *_lone(outline), *_crowded(results))
    return Deck(outline, source.folder, computed, style, models, works=source.bibliography, notes=notes)


def _uncited(outline: Outline) -> Iterator[Degraded]:
    """A line for each work that is cited where there is no bibliography."""
    for key, path in cited_for_nothing(outline):
        words = f"'[@{key}]' stays as it stands: the talk has no 'bibliography: works.bib', which it would name"
        yield Degraded(f"slide {int(path[1]) + 1}" if len(path) > 1 else "deck", words, path)


def _lone(outline: Outline) -> Iterator[Degraded]:
    """A line for each footnote that has its sign alone, or its words."""
    for number, slide in enumerate(() if outline.native else outline.slides):
        for written, path in lone_footnotes(slide):
            words = f"{written} stays as it stands: a footnote is '[^1]', and on the same slide '[^1]: its words'"
            yield Degraded(f"slide {number + 1}", words, ("slides", number, *path))


def _crowded(results: Results) -> Iterator[Degraded]:
    """A line for each of the talk's own figures whose texts have no room."""
    figures = (each for each in results.values() if "crowded" in each.action.outputs)
    told = {each.artifact.path: each.text("crowded") for each in figures if isinstance(each.artifact, FigureArtifact)}
    for path, words in told.items():
        yield Degraded(f"slide {int(path[1]) + 1}", words, path)


def resolve_what_can_be(
    source: Source, known: Mapping[str, Any], style: Style, results: Results, problems: Sequence[Problem]
) -> tuple[Deck, list[Problem]]:
    """As `resolve`, with what is missing told in its place: `problems` are known; and those of the expressions."""
    outline, more = evaluate_what_can_be(source, {**known, "figures": figure_data(results)})
    whole = resolve(replace(source, outline=outline.model_copy(update={"expressions": False})), known, style, results)
    return replace(whole, failed=dict(_failed(whole, problems))), more


def _failed(deck: Deck, problems: Sequence[Problem]) -> Iterator[tuple[BlockPath, str]]:
    """The blocks that nothing was computed for, each with what went wrong."""
    for path, block in find_blocks(deck.outline):
        is_made = isinstance(block, Figure | Live | Tokens) or (isinstance(block, Code) and block.output)
        if is_made and path not in deck.computed:
            said = [problem.message for problem in problems if problem.where.startswith(where_path(path))]
            yield path, said[0] if said else "it could not be made"


def _picture(result: Result, artifact: FigureArtifact) -> Picture:
    return Picture(
        svg=result.path("svg"),
        png=result.path("png"),
        name=f"{artifact.label.replace(' ', '-')}-{result.action.outputs['svg'][:8]}",
        alt=result.text("alt"),
        width=artifact.width,
        height=artifact.height,
    )


def _resolve_one(result: Result, artifact: BlockArtifact) -> Computed:
    outputs = result.action.outputs
    match artifact:
        case FigureArtifact():
            return _picture(result, artifact)
        case RecordingArtifact():
            return LiveAnswer(artifact.element, result.answer())
        case TokensArtifact():
            chips = result.answer()
            return Chips(tuple(chips["pieces"]), tuple(chips["ids"]), chips["model"])
        case OutputArtifact():
            return Output(result.answer())
        case DiagramArtifact():
            size = json.loads(result.read("size"))
            name = f"{artifact.name.replace(' ', '-')}-{outputs['svg'][:8]}"
            return Drawing(result.path("svg"), name, result.text("words"), size["width"], size["height"])
