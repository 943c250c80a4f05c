"""Makes what a store lacks: many figures' numbers in processes of their own, pictures in one, all else here.

What holds times is measured last, when nothing else runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, as_completed
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from talkgen.elements.registry import ELEMENTS
from talkgen.errors import Place, Problem, TalkgenError
from talkgen.extras import extras_in_words
from talkgen.figures.base import Canvas
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
from talkgen.pipeline.compute import is_timed
from talkgen.pipeline.computing import Computer, Numbers, compute_numbers, to_json
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
        self.computer = Computer(plan.talk.project, plan.model)
        self.problems: list[Problem] = []
        self.told = self.wanted = 0
        self.made: dict[str, Result] = {}

    def make(self, artifacts: Sequence[ComputedArtifact]) -> dict[str, Result]:
        """The results of artifacts by name; what could not be made is among the `problems`, each with its place."""
        try:
            self.wanted = self._count(artifacts)
            last = [artifact for artifact in artifacts if is_timed(artifact)]
            first = [artifact for artifact in artifacts if not is_timed(artifact)]
            computing = self.computer.submit(self._unlike(first))
            apart = {figure.data_key.hexdigest for figure in computing.values()}
            alike = [each for each in first if isinstance(each, FigureArtifact) and each.data_key.hexdigest in apart]
            drawings = [self._start(artifact) for artifact in first if artifact not in alike]
            self._draw_diagrams([artifact for artifact in first if isinstance(artifact, DiagramArtifact)])
            drawings += [self._draw_computed(computing[each], each) for each in as_completed(computing)]
            drawings += [self._start(each) for each in alike if each not in computing.values()]
            for drawing in filter(None, drawings):
                self._finish(drawing)
            for artifact in last:
                if measured := self._start(artifact):
                    self._finish(measured)
        finally:
            self.computer.close()
            self.drawer.close()
        return self.made

    def _tell(self, what: str) -> None:
        """Says that something was computed, and how many of all that was to be."""
        self.told += 1
        self.report(f"{what}, {self.told} of {self.wanted}")

    def _count(self, artifacts: Sequence[ComputedArtifact]) -> int:
        """How many things are to be computed, before anything is drawn."""
        others = [each for each in artifacts if not isinstance(each, FigureArtifact | DiagramArtifact)]
        again = [each for each in artifacts if isinstance(each, FigureArtifact) and not self._lacks_numbers(each)]
        return len(self._unlike(artifacts)) + len(others) + sum(self.remeasure and each.timed for each in again)

    def _unlike(self, artifacts: Sequence[ComputedArtifact]) -> list[FigureArtifact]:
        """The figures without numbers; of several with the same, one."""
        return list({each.data_key.hexdigest: each for each in artifacts if self._lacks_numbers(each)}.values())

    def _lacks_numbers(self, artifact: ComputedArtifact) -> TypeGuard[FigureArtifact]:
        return isinstance(artifact, FigureArtifact) and self.store.lookup(artifact.data_key) is None

    def _draw_computed(self, figure: FigureArtifact, numbers: Future[Numbers]) -> _Drawing | None:
        """Draws a figure whose numbers were computed apart; here, where the process that did was killed."""
        try:
            return self._draw(figure, self._keep_numbers(figure, numbers.result()))
        except BrokenExecutor:
            return self._start(figure)
        except TalkgenError as error:
            self.problems += self.plan.talk.problems_at(figure.path, error)
            return None

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

                self._keep(artifact, lambda: page_model(self.inputs.open_model(artifact.model)))
            case TokensArtifact():
                self._keep(artifact, lambda: split_tokens(artifact.text, self.inputs.open_model(artifact.model)))
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
        return self._keep_numbers(figure, compute_numbers(figure.origin, figure.params, self.inputs))

    def _keep_numbers(self, figure: FigureArtifact, numbers: Numbers) -> Action:
        self._tell(f"computed {figure.name} ({numbers.seconds:.1f} s)")
        about = {"figure": figure.figure, "git": git_revision(self.plan.talk.project)}
        return self.store.put(figure.data_key, {"data": numbers.content}, numbers.seconds, about)

    def _draw(self, figure: FigureArtifact, data: Action) -> _Drawing:
        numbers = json.loads(self.store.read(data, "data"))
        canvas = Canvas(self.plan.talk.style_of(figure.theme), figure.width, figure.height)
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
        content = to_json(answer())
        seconds = time.perf_counter() - started
        self._tell(f"made {artifact.name} ({seconds:.1f} s)")
        action = self.store.put(artifact.key, {"json": content}, seconds, {})
        self.made[artifact.name] = Result(artifact, self.store, action, computed=True)
