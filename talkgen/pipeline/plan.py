"""An outline's plan: each thing to compute, with the key it is filed under; finds what only all layers together can.

Planning reads names, parameters and digests. It imports neither torch nor matplotlib and computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from talkgen import assets
from talkgen.digest import digest_file
from talkgen.errors import OutlineError, Problem, TalkgenError, did_you_mean
from talkgen.figures.base import Canvas, Params, Uses
from talkgen.figures.measure.timing import machine
from talkgen.figures.registry import FIGURES, load_figure
from talkgen.lm.files.catalog import ModelFiles, find_model, first_available
from talkgen.outline.blocks import Block, Figure, Live, Tokens
from talkgen.outline.expressions import evaluate_inputs
from talkgen.outline.schema import Outline
from talkgen.outline.source import Source
from talkgen.outline.walk import find_blocks
from talkgen.pipeline.sweeps import find_sweep_models, find_sweep_summary
from talkgen.pipeline.values import values_before
from talkgen.render.deck import BlockPath
from talkgen.store.key import Key, code_parts, make_key
from talkgen.style import Style, load_style
from talkgen.yamlfile import where_path

SCHEMA = 1  # raised when what a key stands for changes
LIVE_ELEMENTS = {"next_token": "talkgen-live", "rnn_vs_attention": "talkgen-live"}
# What runs, where the code that is named cannot say so itself: who is behind a Protocol, what a build does in passing.
_OPENING = "talkgen.pipeline.inputs:ProjectInputs.open"
_CHIPS = ("talkgen.pipeline.compute:split", _OPENING)
_RECORDING = ("talkgen.pipeline.recordings:record", "talkgen.pipeline.inputs:ProjectInputs.engine", _OPENING)
CANVAS_WIDTH, CANVAS_HEIGHT = 1152, 470  # a figure below a slide's title and a line of text


@dataclass(frozen=True)
class FigureThing:
    """A figure to compute and draw: its data and its picture have a key each."""

    name: str
    path: BlockPath
    figure: str
    params: Params
    canvas: Canvas
    data_key: Key
    key: Key


@dataclass(frozen=True)
class LiveThing:
    """A live block to record."""

    name: str
    path: BlockPath
    block: Live
    models: tuple[ModelFiles, ...]
    key: Key


@dataclass(frozen=True)
class ChipsThing:
    """A text to split into tokens."""

    name: str
    path: BlockPath
    text: str
    model: ModelFiles
    key: Key


Thing = FigureThing | LiveThing | ChipsThing


@dataclass(frozen=True)
class Plan:
    """What a talk needs computed. `outline` has its parameters, prompts and texts to split evaluated."""

    source: Source
    outline: Outline
    project: Path
    style: Style
    model: ModelFiles
    things: tuple[Thing, ...]


def make_plan(source: Source, model: str | None = None) -> Plan:
    """The plan of the talk `source`; `model` goes before the outline's own default model.

    Raises:
        OutlineError: figures, parameters, elements or models that do not exist, all of them at once.
    """
    project = assets.project_dir(source.path)
    deck_model = first_available(model, project) if model else _deck_model(source, project)
    outline = evaluate_inputs(source, values_before(source.outline, deck_model, project))
    theme = outline.theme if isinstance(outline.theme, str) else "night"
    planner = _Planner(source, outline, project, load_style(theme, project), deck_model)
    things = planner.plan_all()
    return Plan(source, outline, project, planner.style, deck_model, things)


def _deck_model(source: Source, project: Path) -> ModelFiles:
    try:
        return first_available(source.outline.model or "small", project)
    except TalkgenError as error:
        place = source.place(("model",))
        raise OutlineError([Problem(one.message, one.hint, place, "model") for one in error.problems]) from error


class _Planner:
    """Collects things and problems while it goes through an outline once."""

    def __init__(self, source: Source, outline: Outline, project: Path, style: Style, model: ModelFiles) -> None:
        self.source, self.outline, self.project, self.style, self.model = source, outline, project, style, model
        self.problems: list[Problem] = []
        self.names: dict[str, BlockPath] = {}

    def plan_all(self) -> tuple[Thing, ...]:
        things = []
        for path, block in find_blocks(self.outline):
            try:
                thing = self._plan_block(path, block)
            except TalkgenError as error:
                self._report(path, error)
                continue
            if thing is not None:
                things.append(thing)
        if self.problems:
            raise OutlineError(self.problems)
        return tuple(things)

    def _report(self, path: BlockPath, error: TalkgenError) -> None:
        for problem in error.problems:
            self.problems.append(
                Problem(problem.message, problem.hint, self.source.place(path), problem.where or where_path(path))
            )

    def _plan_block(self, path: BlockPath, block: Block) -> Thing | None:
        match block:
            case Figure():
                return self._plan_figure(path, block)
            case Live():
                return self._plan_live(path, block)
            case Tokens():
                files = self._find(block.model)
                parts = {"text": block.tokens, **_model(files), **code_parts(*_CHIPS)}
                return ChipsThing(
                    self._name("tokens", path, block), path, block.tokens, files, make_key("chips", parts)
                )
            case _:
                return None

    def _find(self, names: str | Sequence[str] | None) -> ModelFiles:
        return first_available(names, self.project) if names else self.model

    def _name(self, kind: str, path: BlockPath, block: Block) -> str:
        """A name people can refer to: the block's id, or its place; never the same twice."""
        stem = block.id or (block.figure if isinstance(block, Figure) else f"slide {int(path[1]) + 1}")
        name, count = f"{kind} {stem}", 1
        while name in self.names:
            count += 1
            name = f"{kind} {stem} ({count})"
        self.names[name] = path
        return name

    def _plan_live(self, path: BlockPath, block: Live) -> LiveThing:
        if block.live not in LIVE_ELEMENTS:
            raise TalkgenError(f"there is no live element '{block.live}'", did_you_mean(block.live, LIVE_ELEMENTS))
        models = (self._find(block.model), *([self._find(block.beside)] if block.beside else []))
        settings = block.model_dump(mode="json", exclude={"id", "model", "beside"})
        parts = {f"setting {name}": value for name, value in settings.items()}
        for files in models:
            parts |= _model(files)
        parts |= code_parts(*_RECORDING)
        return LiveThing(self._name("recording", path, block), path, block, models, make_key("recording", parts))

    def _plan_figure(self, path: BlockPath, block: Figure) -> FigureThing:
        if block.figure not in FIGURES:
            raise TalkgenError(f"there is no figure '{block.figure}'", did_you_mean(block.figure, FIGURES))
        params = self._params(block)
        module = FIGURES[block.figure]
        canvas = Canvas(self.style, *self._canvas_size(path, block))
        data_key = figure_data_key(block.figure, params, self.model, self.project)
        look = {
            "data": data_key.hexdigest,
            "theme": canvas.style.model_dump(mode="json"),
            "width": canvas.width,
            "height": canvas.height,
            **code_parts(f"{module}:draw", f"{module}:describe", "talkgen.pipeline.compute:draw_picture"),
            "fonts": [digest_file(font) for font in sorted((assets.asset_dir("templates") / "fonts").glob("*.ttf"))],
        }
        name = self._name("figure", path, block)
        return FigureThing(name, path, block.figure, params, canvas, data_key, make_key("picture", look))

    def _params(self, block: Figure) -> Params:
        kind = load_figure(block.figure).Params
        try:
            return kind.model_validate(block.params)
        except ValidationError as error:
            raise TalkgenError([param_problem(block.figure, kind, detail) for detail in error.errors()]) from error

    def _canvas_size(self, path: BlockPath, block: Figure) -> tuple[int, int]:
        """The room a figure has: its column's share of the slide's width, and its height."""
        width = CANVAS_WIDTH
        if "columns" in path:
            at = path.index("columns")
            parent: Any = self.outline
            for step in path[:at]:
                parent = parent[step] if isinstance(step, int) else getattr(parent, step)
            shares = parent.widths or [1] * len(parent.columns)
            gaps = self.style.spacing.gap * (len(parent.columns) - 1)
            width = (CANVAS_WIDTH - gaps) * shares[int(path[at + 1])] // sum(shares)
        return width, block.height or CANVAS_HEIGHT


def thing_parts(thing: Thing) -> dict[str, Any]:
    """All that a thing's key was made of; for a figure, of its picture and of its data."""
    parts = dict(thing.key.parts)
    return parts | dict(thing.data_key.parts) if isinstance(thing, FigureThing) else parts


def live_models(plan: Plan) -> list[ModelFiles]:
    """The models a talk's live blocks ask for, the deck's own first; each once."""
    found = {plan.model.name: plan.model}
    for thing in plan.things:
        if isinstance(thing, LiveThing):
            found |= {files.name: files for files in thing.models}
    return list(found.values())


def figure_data_key(figure: str, params: Params, model: ModelFiles, project: Path) -> Key:
    """The key of a figure's numbers: its code, parameters and versions; digests of models, runs, sweeps, tables."""
    module = load_figure(figure)
    device = machine() if getattr(module, "MEASURES_TIME", False) else "cpu"
    parts: dict[str, Any] = {"schema": SCHEMA, "figure": figure, "device": device}
    parts |= code_parts(f"{FIGURES[figure]}:compute", "talkgen.pipeline.inputs:ProjectInputs")
    used = uses(params)
    for name, value in params.model_dump(mode="json").items():
        if name not in used:
            parts[f"parameter {name}"] = value
    for name, kind in used.items():
        parts |= _used(kind, getattr(params, name), model, project)
    for table in module.TABLES:
        parts[f"table {table}"] = digest_file(Path(__file__).parents[1] / "figures" / "data" / table)
    return make_key("data", parts)


def uses(params: Params) -> dict[str, str]:
    """Names of the parameters that name a model, a run, a sweep or its models, with which of them."""
    found = {}
    for name, field in type(params).model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, Uses):
                found[name] = mark.kind
    return found


def _used(kind: str, name: str, model: ModelFiles, project: Path) -> dict[str, Any]:
    """A key's part for the model, run or sweep that a parameter names; `model` where it names none."""
    if kind.startswith("sweep"):
        part = {f"sweep {name}": {"digest": digest_file(find_sweep_summary(name, project))}}
        if kind == "sweep":
            return part
        weights = {f"weights {files.name}": {"digest": files.digest()} for files in find_sweep_models(name, project)}
        return {**part, **weights}
    return _model(find_model(name, project) if name else model, kind)


def _model(files: ModelFiles, kind: str = "model") -> dict[str, Any]:
    """A key's part for a model or a run; its step is there to be named when it changes."""
    digest = files.digest() if kind == "model" else files.run_digest()
    return {f"{kind} {files.name}": {"digest": digest, "step": files.about()["step"]}}


def param_problem(figure: str, kind: type[Params], detail: Any) -> Problem:
    """One of pydantic's complaints about a figure's parameters, in words."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return Problem(f"the figure '{figure}' has no parameter '{name}'", did_you_mean(name, kind.model_fields))
    where = where_path(detail["loc"])
    return Problem(f"parameter {where} of '{figure}': {detail['msg'].lower()}", f"see: talkgen figures show {figure}")
