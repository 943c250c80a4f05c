"""Computes what a plan lacks: data and recordings here, one after the other on all cores, pictures in a second process.

Torch, matplotlib and the models are loaded when the first stale thing needs them, so a plan with nothing stale costs
no import. Nothing here knows a target.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen import __version__
from talkgen.assets import cache_dir
from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.figures.base import Canvas, Data
from talkgen.figures.registry import load_figure
from talkgen.lm.files.catalog import find_model
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.plan import ChipsThing, FigureThing, LiveThing, Plan, Thing
from talkgen.store.cas import Action, Store
from talkgen.store.packages import versions
from talkgen.yamlfile import where_path

if TYPE_CHECKING:
    from talkgen.lm.files.weights import Loaded

Report = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """The stored result of a thing, and whether this build made it."""

    thing: Thing
    action: Action
    data: Action | None = None  # of a figure: its numbers
    fresh: bool = True


@dataclass
class Drawer:
    """A process of its own for matplotlib, started with the first picture."""

    @cached_property
    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def submit(self, figure: str, data: Data, canvas: Canvas, provenance: Data) -> Future[dict[str, bytes]]:
        """Draws a figure from its data; the result holds `svg`, `png` and `alt`."""
        return self._pool.submit(draw_picture, figure, data, canvas, provenance)

    def close(self) -> None:
        """Ends the process, if it was started."""
        if "_pool" in self.__dict__:
            self._pool.shutdown(cancel_futures=True)


def draw_picture(figure: str, data: Data, canvas: Canvas, provenance: Data) -> dict[str, bytes]:
    """The files of a picture: the same arguments give the same bytes."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir("matplotlib")))  # it would make a folder in the user's home
    from talkgen.figures.draw.save import save_picture

    module = load_figure(figure)
    picture = module.draw(data, canvas)
    with tempfile.TemporaryDirectory() as folder:
        svg, png = Path(folder, "picture.svg"), Path(folder, "picture.png")
        save_picture(picture, svg, png, provenance)
        return {"svg": svg.read_bytes(), "png": png.read_bytes(), "alt": module.describe(data).encode()}


def compute(plan: Plan, store: Store, report: Report) -> dict[str, Made]:
    """Every thing of `plan` by its name, from the store or made now.

    Raises:
        OutlineError: what could not be computed, all of it, each with its place.
    """
    inputs, drawer = ProjectInputs(plan.project, plan.model), Drawer()
    problems: list[Problem] = []
    made: dict[str, Made] = {}
    drawings: list[tuple[FigureThing, Action, Future[dict[str, bytes]], float]] = []
    try:
        for thing in plan.things:
            try:
                if found := look_up(thing, store):
                    made[thing.name] = found
                    continue
                if isinstance(thing, FigureThing):
                    data = store.lookup(thing.data_key) or _compute_data(thing, plan, inputs, store, report)
                    drawing = drawer.submit(
                        thing.figure, _read_json(store, data), thing.canvas, provenance(thing, plan, data)
                    )
                    drawings.append((thing, data, drawing, time.perf_counter()))
                else:
                    made[thing.name] = _make_answer(thing, inputs, store, report)
            except TalkgenError as error:
                problems += [_placed(problem, thing, plan) for problem in error.problems]
        for thing, data, drawing, started in drawings:
            outputs = drawing.result()
            action = store.put(thing.key, outputs, time.perf_counter() - started, {"figure": thing.figure})
            made[thing.name] = Made(thing, action, data, fresh=False)
            report(f"drew {thing.name}")
    finally:
        drawer.close()
    if problems:
        raise OutlineError(problems)
    return {thing.name: made[thing.name] for thing in plan.things}


def look_up(thing: Thing, store: Store) -> Made | None:
    """What the store holds of a thing; None where it has to be made."""
    action = store.lookup(thing.key)
    data = store.lookup(thing.data_key) if isinstance(thing, FigureThing) else None
    if action is None or (isinstance(thing, FigureThing) and data is None):
        return None
    return Made(thing, action, data)


def _compute_data(thing: FigureThing, plan: Plan, inputs: ProjectInputs, store: Store, report: Report) -> Action:
    started = time.perf_counter()
    data = load_figure(thing.figure).compute(thing.params, inputs)
    seconds = time.perf_counter() - started
    report(f"computed {thing.name} ({seconds:.1f} s)")
    about = {"figure": thing.figure, "git": _git_revision(plan.project)}
    return store.put(thing.data_key, {"data": json.dumps(data, ensure_ascii=False).encode()}, seconds, about)


def _make_answer(thing: LiveThing | ChipsThing, inputs: ProjectInputs, store: Store, report: Report) -> Made:
    started = time.perf_counter()
    if isinstance(thing, ChipsThing):
        result: Any = split(thing.text, inputs.open(thing.model))
    else:
        from talkgen.pipeline.recordings import record

        engines = {files.name: inputs.engine(files) for files in thing.models}
        result = record(thing.block, thing.models, engines)
    seconds = time.perf_counter() - started
    report(f"made {thing.name} ({seconds:.1f} s)")
    outputs = {"json": json.dumps(result, ensure_ascii=False).encode()}
    return Made(thing, store.put(thing.key, outputs, seconds, {}), fresh=False)


def split(text: str, loaded: Loaded) -> Data:
    """A text as a model's tokenizer cuts it."""
    ids = loaded.tokenizer.encode(text)
    return {"ids": ids, "pieces": loaded.tokenizer.pieces(ids), "model": loaded.label}


def provenance(thing: FigureThing, plan: Plan, data: Action) -> Data:
    """Where a picture comes from: models with their steps, sweeps, parameters, versions, its data's digest, command."""
    used = [part.split(" ", 1)[1] for part in data.parts if part.startswith(("model ", "run "))]
    models = [find_model(name, plan.project) if name != plan.model.name else plan.model for name in used]
    return {
        "figure": thing.figure,
        "parameters": thing.params.model_dump(mode="json"),
        "models": [{**files.about(), "digest": files.digest()} for files in models],
        "sweeps": {part.removeprefix("sweep "): data.parts[part] for part in data.parts if part.startswith("sweep ")},
        "data": data.outputs["data"],
        "versions": {"talkgen": __version__, **versions("torch", "numpy", "matplotlib")},
        "command": f"talkgen build {plan.source.path.parent.name}",
    }


def _read_json(store: Store, action: Action, name: str = "data") -> Data:
    data: Data = json.loads(store.read(action, name))
    return data


def figure_data(made: Mapping[str, Made], store: Store) -> dict[str, Data]:
    """The data of each figure by its block's id or figure's name, as `{{ figures.… }}` names them."""
    return {
        name.split(" ", 1)[1]: _read_json(store, result.data)
        for name, result in made.items()
        if result.data is not None
    }


def _placed(problem: Problem, thing: Thing, plan: Plan) -> Problem:
    place = problem.place or plan.source.place(thing.path)
    return Problem(problem.message, problem.hint, place, problem.where or where_path(thing.path))


def _git_revision(project: Path) -> str | None:
    command = ["git", "-C", str(project), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
