"""Makes what a store lacks: numbers and recordings here, one after the other, pictures in a second process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from talkgen.elements.registry import ELEMENTS
from talkgen.errors import Place, Problem, TalkgenError
from talkgen.extras import extras_in_words
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_origin
from talkgen.outline.blocks import Live
from talkgen.pipeline.artifacts import (
    ComputedArtifact,
    DiagramArtifact,
    FigureArtifact,
    OutputArtifact,
    PageModelArtifact,
    RecordingArtifact,
    TokensArtifact,
)
from talkgen.pipeline.diagrams import draw_all
from talkgen.pipeline.drawing import Drawer
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.outputs import ProgramError, run_program
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.provenance import git_revision, provenance
from talkgen.pipeline.recordings import record, record_element
from talkgen.pipeline.results import Result
from talkgen.pipeline.tokens import split_tokens
from talkgen.store.cas import Action, Store

Report = Callable[[str], None]


@dataclass
class _Drawing:
    """A picture under way."""

    figure: FigureArtifact
    data: Action
    outputs: Future[dict[str, bytes]]
    started: float


class Maker:
    """Makes what the store lacks, and goes on after a problem, so that all are told at once."""

    def __init__(self, plan: Plan, store: Store, report: Report, *, remeasure: bool = False) -> None:
        self.plan, self.store, self.report, self.remeasure = plan, store, report, remeasure
        self.inputs, self.drawer = ProjectInputs(plan.talk.project, plan.model), Drawer()
        self.problems: list[Problem] = []
        self.made: dict[str, Result] = {}

    def make(self, artifacts: Sequence[ComputedArtifact]) -> dict[str, Result]:
        """The results of artifacts by name; what could not be made is among the `problems`, each with its place."""
        try:
            drawings = [drawing for artifact in artifacts if (drawing := self._start(artifact))]
            self._draw_diagrams([artifact for artifact in artifacts if isinstance(artifact, DiagramArtifact)])
            for drawing in drawings:
                self._finish(drawing)
        finally:
            self.drawer.close()
        return self.made

    def _start(self, artifact: ComputedArtifact) -> _Drawing | None:
        """Computes an artifact, and keeps what it stumbles over with its place."""
        try:
            with extras_in_words():
                return self._compute_or_ask(artifact)
        except TalkgenError as error:
            self.problems += self.plan.talk.problems_at(artifact.path, error)
        return None

    def _compute_or_ask(self, artifact: ComputedArtifact) -> _Drawing | None:
        """Of a figure the numbers, and its picture is begun; of what a model answers, all of it."""
        match artifact:
            case FigureArtifact():
                again = self.remeasure and artifact.timed
                known = None if again else self.store.lookup(artifact.data_key)
                return self._draw(artifact, known or self._compute(artifact))
            case RecordingArtifact():
                engines = {files.name: self.inputs.engine(files) for files in artifact.models}
                block = Live.model_validate(artifact.block)
                make = record_element if block.live in ELEMENTS else record
                self._keep(artifact, lambda: make(block, artifact.models, engines))
            case OutputArtifact():
                self._run(artifact)
            case DiagramArtifact():
                pass  # one page of the browser draws all of them
            case PageModelArtifact():
                from talkgen.lm.answer.page import page_model

                self._keep(artifact, lambda: page_model(self.inputs.open(artifact.model)))
            case TokensArtifact():
                self._keep(artifact, lambda: split_tokens(artifact.text, self.inputs.open(artifact.model)))
        return None

    def _run(self, artifact: OutputArtifact) -> None:
        """Runs a program; where it fails is its line in the outline, or in its own file."""
        try:
            self._keep(artifact, lambda: run_program(artifact.program))
        except ProgramError as error:
            (problem,) = self.plan.talk.problems_at(artifact.path, error)
            document = self.plan.talk.source.document
            if error.line and artifact.file:
                problem = replace(problem, place=Place(document.path.parent / artifact.file, error.line, 1))
            elif error.line:
                before = artifact.program.splitlines(keepends=True)[: error.line - 1]
                place = document.place_in((*artifact.path, "code"), len("".join(before)))
                problem = replace(problem, place=place)
            self.problems.append(problem)

    def _compute(self, figure: FigureArtifact) -> Action:
        """A figure's numbers."""
        started = time.perf_counter()
        module = load_origin(figure.origin)
        data = module.compute(module.Params.model_validate(figure.params), self.inputs)
        seconds = time.perf_counter() - started
        self.report(f"computed {figure.name} ({seconds:.1f} s)")
        about = {"figure": figure.figure, "git": git_revision(self.plan.talk.project)}
        return self.store.put(figure.data_key, {"data": _json(data)}, seconds, about)

    def _draw(self, figure: FigureArtifact, data: Action) -> _Drawing:
        numbers = json.loads(self.store.read(data, "data"))
        canvas = Canvas(self.plan.talk.style, figure.width, figure.height)
        record_of_origin = provenance(figure, self.plan, data.outputs["data"])
        outputs = self.drawer.submit(figure.origin, numbers, canvas, record_of_origin)
        return _Drawing(figure, data, outputs, time.perf_counter())

    def _finish(self, drawing: _Drawing) -> None:
        figure = drawing.figure
        try:
            outputs = drawing.outputs.result()
        except TalkgenError as error:
            self.problems += self.plan.talk.problems_at(figure.path, error)
            return
        action = self.store.put(figure.key, outputs, time.perf_counter() - drawing.started, {"figure": figure.figure})
        self.made[figure.name] = Result(figure, self.store, action, drawing.data, computed=True)
        self.report(f"drew {figure.name}")

    def _draw_diagrams(self, diagrams: Sequence[DiagramArtifact]) -> None:
        """Draws what is left of the diagrams in one page of the browser."""
        if not diagrams:
            return
        started = time.perf_counter()
        drawn, problems = draw_all(diagrams, self.plan.talk, self.report)
        self.problems += problems
        seconds = (time.perf_counter() - started) / len(diagrams)
        for diagram, outputs in drawn:
            action = self.store.put(diagram.key, outputs, seconds, {})
            self.made[diagram.name] = Result(diagram, self.store, action, computed=True)
            self.report(f"drew {diagram.name}")

    def _keep(self, artifact: ComputedArtifact, answer: Callable[[], Any]) -> None:
        """Keeps what a model answers."""
        started = time.perf_counter()
        content = _json(answer())
        seconds = time.perf_counter() - started
        self.report(f"made {artifact.name} ({seconds:.1f} s)")
        action = self.store.put(artifact.key, {"json": content}, seconds, {})
        self.made[artifact.name] = Result(artifact, self.store, action, computed=True)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
