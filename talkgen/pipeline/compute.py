"""Computes what a plan lacks: numbers and recordings here, one after the other, pictures in a second process.

Torch, matplotlib and the models are loaded when the first stale thing needs them, so a plan with nothing stale costs
no import. Nothing here knows a target.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_figure
from talkgen.outline.blocks import Live
from talkgen.pipeline.artifacts import (
    ComputedArtifact,
    DiagramArtifact,
    FigureArtifact,
    RecordingArtifact,
    TokensArtifact,
)
from talkgen.pipeline.diagrams import draw_all
from talkgen.pipeline.drawing import Drawer
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.provenance import git_revision, provenance
from talkgen.pipeline.recordings import record
from talkgen.pipeline.results import Result, Results, look_up
from talkgen.pipeline.tokens import split_tokens
from talkgen.store.cas import Action, Store

Report = Callable[[str], None]


def compute(plan: Plan, store: Store, report: Report) -> Results:
    """The result of every artifact of `plan`, from the store or made now.

    Raises:
        OutlineError: what could not be computed, all of it, each with its place.
    """
    found = {artifact.name: look_up(artifact, store) for artifact in plan.computed}
    missing = [artifact for artifact in plan.computed if not found[artifact.name]]
    made = _Maker(plan, store, report).make(missing) if missing else {}
    return {name: result or made[name] for name, result in found.items()}


@dataclass
class _Drawing:
    """A picture under way."""

    figure: FigureArtifact
    data: Action
    outputs: Future[dict[str, bytes]]
    started: float


class _Maker:
    """Makes what the store lacks, and goes on after a problem, so that all are told at once."""

    def __init__(self, plan: Plan, store: Store, report: Report) -> None:
        self.plan, self.store, self.report = plan, store, report
        self.inputs, self.drawer = ProjectInputs(plan.project, plan.model), Drawer()
        self.problems: list[Problem] = []
        self.made: dict[str, Result] = {}

    def make(self, artifacts: Sequence[ComputedArtifact]) -> dict[str, Result]:
        try:
            drawings = [drawing for artifact in artifacts if (drawing := self.start(artifact))]
            self.draw_diagrams([artifact for artifact in artifacts if isinstance(artifact, DiagramArtifact)])
            for drawing in drawings:
                self.finish(drawing)
        finally:
            self.drawer.close()
        if self.problems:
            raise OutlineError(self.problems)
        return self.made

    def start(self, artifact: ComputedArtifact) -> _Drawing | None:
        """Computes an artifact; of a figure the numbers, and its picture is begun."""
        try:
            match artifact:
                case FigureArtifact():
                    return self.draw(artifact, self.store.lookup(artifact.data_key) or self.compute(artifact))
                case RecordingArtifact():
                    engines = {files.name: self.inputs.engine(files) for files in artifact.models}
                    block = Live.model_validate(artifact.block)
                    self.keep(artifact, lambda: record(block, artifact.models, engines))
                case DiagramArtifact():
                    pass  # one page of the browser draws all of them
                case TokensArtifact():
                    self.keep(artifact, lambda: split_tokens(artifact.text, self.inputs.open(artifact.model)))
        except TalkgenError as error:
            self.problems += self.plan.problems_at(artifact.path, error)
        return None

    def compute(self, figure: FigureArtifact) -> Action:
        """A figure's numbers."""
        started = time.perf_counter()
        module = load_figure(figure.figure)
        data = module.compute(module.Params.model_validate(figure.params), self.inputs)
        seconds = time.perf_counter() - started
        self.report(f"computed {figure.name} ({seconds:.1f} s)")
        about = {"figure": figure.figure, "git": git_revision(self.plan.project)}
        return self.store.put(figure.data_key, {"data": _json(data)}, seconds, about)

    def draw(self, figure: FigureArtifact, data: Action) -> _Drawing:
        numbers = json.loads(self.store.read(data, "data"))
        canvas = Canvas(self.plan.style, figure.width, figure.height)
        record_of_origin = provenance(figure, self.plan, data.outputs["data"])
        outputs = self.drawer.submit(figure.figure, numbers, canvas, record_of_origin)
        return _Drawing(figure, data, outputs, time.perf_counter())

    def finish(self, drawing: _Drawing) -> None:
        outputs, figure = drawing.outputs.result(), drawing.figure
        action = self.store.put(figure.key, outputs, time.perf_counter() - drawing.started, {"figure": figure.figure})
        self.made[figure.name] = Result(figure, self.store, action, drawing.data, computed=True)
        self.report(f"drew {figure.name}")

    def draw_diagrams(self, diagrams: Sequence[DiagramArtifact]) -> None:
        """Draws what is left of the diagrams in one page of the browser."""
        if not diagrams:
            return
        started = time.perf_counter()
        drawn, problems = draw_all(diagrams, self.plan, self.report)
        self.problems += problems
        seconds = (time.perf_counter() - started) / len(diagrams)
        for diagram, outputs in drawn:
            action = self.store.put(diagram.key, outputs, seconds, {})
            self.made[diagram.name] = Result(diagram, self.store, action, computed=True)
            self.report(f"drew {diagram.name}")

    def keep(self, artifact: ComputedArtifact, answer: Callable[[], Any]) -> None:
        """Keeps what a model answers."""
        started = time.perf_counter()
        content = _json(answer())
        seconds = time.perf_counter() - started
        self.report(f"made {artifact.name} ({seconds:.1f} s)")
        action = self.store.put(artifact.key, {"json": content}, seconds, {})
        self.made[artifact.name] = Result(artifact, self.store, action, computed=True)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
