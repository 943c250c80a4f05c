"""An outline's plan: each thing to compute and each namespace its texts use, with the key it is filed under.

Planning reads names, parameters and digests. It imports neither torch nor matplotlib and computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.export.browser import has_browser
from talkgen.figures.uses import Uses
from talkgen.lm.files.catalog import ModelFiles, first_available
from talkgen.lm.files.in_page import why_not_in_page
from talkgen.pipeline.artifacts import (
    Artifact,
    ComputedArtifact,
    DiagramArtifact,
    FigureArtifact,
    OutputArtifact,
    PageModelArtifact,
    RecordingArtifact,
    TokensArtifact,
    ValuesArtifact,
)
from talkgen.pipeline.draft import (
    BlockDraft,
    DiagramDraft,
    Draft,
    FigureDraft,
    Names,
    OutputDraft,
    RecordingDraft,
    TokensDraft,
)
from talkgen.pipeline.keys import (
    data_key,
    diagram_key,
    look_parts,
    output_key,
    page_model_key,
    picture_key,
    recording_key,
    recording_roots,
    tokens_key,
)
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.used import Used, find_used
from talkgen.pipeline.values import known_values, plan_values


@dataclass(frozen=True)
class Plan:
    """What a talk is made of: what has to be computed for it, the values that its texts name, and its texts."""

    talk: Talk
    model: ModelFiles
    computed: tuple[ComputedArtifact, ...]
    values: tuple[ValuesArtifact, ...]
    known: Mapping[str, Any]  # what texts may name before anything is computed
    draft: Draft
    problems: tuple[Problem, ...] = ()  # of blocks that cannot be planned, where the rest is

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


@dataclass(frozen=True)
class Drafted:
    """A talk with its draft, and the deck's own model and the values that this was made with."""

    talk: Talk
    model: ModelFiles
    known: Mapping[str, Any]
    draft: Draft


def make_plan(talk: Talk, model: str | None = None, *, keep_going: bool = False) -> Plan:
    """The plan of a talk; `model` goes before the outline's own default model.

    Raises:
        OutlineError: figures, parameters, elements or models that do not exist, all of them at once; of a plan that is
            to `keep_going` the deck's own model alone.
    """
    return plan_drafted(draft_talk(talk, model), keep_going=keep_going)


def draft_talk(talk: Talk, model: str | None = None) -> Drafted:
    """What a talk asks for; `model` goes before the outline's own default model.

    Raises:
        OutlineError: as `Talk.draft`, or there is no such model.
    """
    deck_model = first_available(model, talk.project) if model else _deck_model(talk)
    values = known_values(talk.variables, deck_model, talk.project)
    return Drafted(talk, deck_model, values, talk.draft(values))


def plan_drafted(drafted: Drafted, *, keep_going: bool = False) -> Plan:
    """The plan of what a talk asks for.

    Raises:
        OutlineError: as `make_plan`.
    """
    computed, problems = _Planner(drafted.talk, drafted.model).plan_all(drafted.draft)
    if problems and not keep_going:
        raise OutlineError(problems)
    figures = {artifact.label: artifact.data_key for artifact in computed if isinstance(artifact, FigureArtifact)}
    return Plan(
        talk=drafted.talk,
        model=drafted.model,
        computed=computed,
        values=plan_values(drafted.draft.chains, drafted.known, figures),
        known=drafted.known,
        draft=drafted.draft,
        problems=tuple(problems),
    )


def plan_as_before(drafted: Drafted, before: Plan) -> Plan | None:
    """The plan if all that blocks ask for is made of what it was made of before; None where they ask for else.

    Whether it is, only `plan_drafted` knows, which looks at it.
    """
    is_asked = drafted.draft.blocks == before.draft.blocks and drafted.model == before.model
    if not is_asked or drafted.draft.problems:
        return None
    return replace(before, talk=drafted.talk, known=drafted.known, draft=drafted.draft)


def _deck_model(talk: Talk) -> ModelFiles:
    try:
        return first_available(talk.model, talk.project)
    except TalkgenError as error:
        raise OutlineError(talk.problems_at(("model",), error)) from error


class _Planner:
    """Finds what the blocks of a draft name, and makes their keys."""

    def __init__(self, talk: Talk, model: ModelFiles) -> None:
        self.talk, self.model = talk, model
        self._found: dict[tuple[Uses, str], Used] = {}

    @cached_property
    def _looks(self) -> Mapping[str | None, Mapping[str, Any]]:
        """What is in the keys of what is drawn in the talk's theme (None) and in those of single slides."""
        looks: dict[str | None, Mapping[str, Any]] = {None: look_parts(self.talk.tokens)}
        return looks | {name: look_parts(tokens) for name, tokens in self.talk.looks.items()}

    def plan_all(self, draft: Draft) -> tuple[tuple[ComputedArtifact, ...], list[Problem]]:
        """What can be planned, and what is wrong with the rest."""
        problems, artifacts = list(draft.problems), []
        for block in draft.blocks:
            if isinstance(block, DiagramDraft) and not has_browser():
                continue  # the deck then carries the source, and Mermaid draws it where the deck is shown
            try:
                artifacts.append(self._plan(block))
            except TalkgenError as error:
                problems += self.talk.problems_at(block.path, error)
        return (*artifacts, *self._page_models(artifacts)), problems

    def _page_models(self, artifacts: Sequence[ComputedArtifact]) -> tuple[PageModelArtifact, ...]:
        """The models of live blocks that are small enough for the deck to carry; each once."""
        found: dict[str, PageModelArtifact] = {}
        for artifact in artifacts:
            if isinstance(artifact, RecordingArtifact) and artifact.in_page:
                for files in artifact.models:
                    model = PageModelArtifact(files.name, page_model_key(files), artifact.path, files)
                    found.setdefault(files.name, model)
        return tuple(found.values())

    def _plan(self, block: BlockDraft) -> ComputedArtifact:
        match block:
            case FigureDraft():
                return self._plan_figure(block)
            case RecordingDraft():
                models = tuple(self._find(names) for names in block.models)
                key, in_page = recording_key(block, models), block.in_page and not any(map(why_not_in_page, models))
                roots = recording_roots(block)
                return RecordingArtifact(
                    block.label, key, block.path, block.element, block.block, models, roots, in_page, block.timed
                )
            case TokensDraft():
                files = self._find(block.model)
                return TokensArtifact(block.label, tokens_key(block.text, files), block.path, block.text, files)
            case DiagramDraft():
                key = diagram_key(block.source, self._looks[block.theme])
                return DiagramArtifact(block.label, key, block.path, block.source, block.theme)
            case OutputDraft():
                return OutputArtifact(block.label, output_key(block.program), block.path, block.program, block.file)

    def _plan_figure(self, block: FigureDraft) -> FigureArtifact:
        used = tuple(self._used(uses, block.params[name]) for name, uses in block.uses.items())
        numbers = data_key(block, used)
        return FigureArtifact(
            label=block.label,
            key=picture_key(block, numbers, self._looks[block.theme]),
            path=block.path,
            figure=block.figure,
            origin=block.origin,
            step=block.step,
            params=block.params,
            width=block.width,
            height=block.height,
            data_key=numbers,
            used=used,
            timed=block.timed,
            theme=block.theme,
        )

    def _used(self, uses: Uses, name: str) -> Used:
        """What a parameter names; looked up once for all figures."""
        if (uses, name) not in self._found:
            self._found[uses, name] = find_used(uses, name, self.model, self.talk.project)
        return self._found[uses, name]

    def _find(self, names: Names) -> ModelFiles:
        return first_available(names, self.talk.project) if names else self.model
