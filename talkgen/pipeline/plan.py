"""An outline's plan: each thing to compute and each namespace its texts use, with the key it is filed under.

Planning reads names, parameters and digests. It imports neither torch nor matplotlib and computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.export.browser import has_browser
from talkgen.lm.files.catalog import ModelFiles, first_available
from talkgen.outline.source import Source
from talkgen.pipeline.artifacts import (
    Artifact,
    BlockPath,
    ComputedArtifact,
    DiagramArtifact,
    FigureArtifact,
    RecordingArtifact,
    TokensArtifact,
    ValuesArtifact,
)
from talkgen.pipeline.draft import (
    BlockDraft,
    DiagramDraft,
    Draft,
    FigureDraft,
    RecordingDraft,
    TokensDraft,
    make_draft,
)
from talkgen.pipeline.keys import data_key, diagram_key, picture_key, recording_key, tokens_key
from talkgen.pipeline.used import find_used
from talkgen.pipeline.values import known_values, plan_values
from talkgen.style import Style, load_style
from talkgen.yamlfile import where_path


@dataclass(frozen=True)
class Plan:
    """What a talk is made of: what has to be computed for it, the values that its texts name, and its texts."""

    source: Source
    project: Path
    style: Style
    model: ModelFiles
    computed: tuple[ComputedArtifact, ...]
    values: tuple[ValuesArtifact, ...]
    known: Mapping[str, Any]  # what texts may name before anything is computed
    text: Mapping[str, Any]  # the parts of a rendering's key that are the outline's

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All that is planned for every target alike."""
        return (*self.computed, *self.values)

    @cached_property
    def live_models(self) -> tuple[ModelFiles, ...]:
        """The models the live blocks ask for, the deck's own first; each once."""
        found = {self.model.name: self.model}
        for artifact in self.computed:
            if isinstance(artifact, RecordingArtifact):
                found |= {files.name: files for files in artifact.models}
        return tuple(found.values())

    def problems_at(self, path: BlockPath, error: TalkgenError) -> list[Problem]:
        """What went wrong with the block at `path`, with its place."""
        return error.at(self.source.place(path), where_path(path))


def make_plan(source: Source, model: str | None = None) -> Plan:
    """The plan of the talk `source`; `model` goes before the outline's own default model.

    Raises:
        OutlineError: figures, parameters, elements or models that do not exist, all of them at once.
    """
    project = assets.project_dir(source.path)
    outline = source.outline
    style = load_style(outline.theme if isinstance(outline.theme, str) else "night", project)
    deck_model = first_available(model, project) if model else _deck_model(source, project)
    values = known_values(outline.vars, deck_model, project)
    draft = make_draft(source, values, style)
    planner = _Planner(source, project, style, deck_model)
    computed = planner.plan_all(draft)
    figures = {artifact.label: artifact.data_key for artifact in computed if isinstance(artifact, FigureArtifact)}
    return Plan(
        source=source,
        project=project,
        style=style,
        model=deck_model,
        computed=computed,
        values=plan_values(draft.chains, values, figures),
        known=values,
        text=draft.text,
    )


def _deck_model(source: Source, project: Path) -> ModelFiles:
    try:
        return first_available(source.outline.model or "small", project)
    except TalkgenError as error:
        raise OutlineError(error.at(source.place(("model",)), "model")) from error


class _Planner:
    """Finds what the blocks of a draft name, and makes their keys."""

    def __init__(self, source: Source, project: Path, style: Style, model: ModelFiles) -> None:
        self.source, self.project, self.model = source, project, model
        self.theme = style.model_dump(mode="json")

    def plan_all(self, draft: Draft) -> tuple[ComputedArtifact, ...]:
        problems, artifacts = list(draft.problems), []
        for block in draft.blocks:
            if isinstance(block, DiagramDraft) and not has_browser():
                continue  # the deck then carries the source, and Mermaid draws it where the deck is shown
            try:
                artifacts.append(self._plan(block))
            except TalkgenError as error:
                problems += error.at(self.source.place(block.path), where_path(block.path))
        if problems:
            raise OutlineError(problems)
        return tuple(artifacts)

    def _plan(self, block: BlockDraft) -> ComputedArtifact:
        match block:
            case FigureDraft():
                return self._plan_figure(block)
            case RecordingDraft():
                models = tuple(self._find(names) for names in block.models)
                key = recording_key(block.block, models)
                return RecordingArtifact(block.label, key, block.path, block.block, models)
            case TokensDraft():
                files = self._find(block.model)
                return TokensArtifact(block.label, tokens_key(block.text, files), block.path, block.text, files)
            case DiagramDraft():
                key = diagram_key(block.source, self.theme)
                return DiagramArtifact(block.label, key, block.path, block.source)

    def _plan_figure(self, block: FigureDraft) -> FigureArtifact:
        used = tuple(find_used(uses, block.params[name], self.model, self.project) for name, uses in block.uses.items())
        numbers = data_key(block, used)
        return FigureArtifact(
            label=block.label,
            key=picture_key(block, numbers, self.theme),
            path=block.path,
            figure=block.figure,
            params=block.params,
            width=block.width,
            height=block.height,
            data_key=numbers,
            used=used,
        )

    def _find(self, names: str | Sequence[str] | None) -> ModelFiles:
        return first_available(names, self.project) if names else self.model
