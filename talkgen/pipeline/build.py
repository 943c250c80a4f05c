"""One outline becomes a deck on disk; the function to read first.

    load → plan → compute → render → export → publish

Everything is gathered before anything is written: an outline with a problem, a figure that fails or a Marp that cannot
run leaves the last good deck in its place.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.errors import OutlineError, TalkgenError
from talkgen.outline.expressions import evaluate
from talkgen.outline.load import load_outline
from talkgen.outline.schema import Targets
from talkgen.pipeline.compute import Made, compute, figure_data
from talkgen.pipeline.plan import Plan, make_plan, thing_parts
from talkgen.pipeline.publish import Published, Report, publish
from talkgen.pipeline.resolve import resolve
from talkgen.pipeline.values import values_after, values_before
from talkgen.render.deck import Degraded, Rendering
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.store.cas import Store
from talkgen.store.key import Key

RENDER = {"marp": render_marp, "slidev": render_slidev}


@dataclass(frozen=True)
class Request:
    """What to build: an outline (or the folder that holds it), for one target, in one format."""

    outline: Path
    target: Targets = "marp"
    format: str = "html"
    out: Path | None = None
    model: str | None = None


@dataclass(frozen=True)
class BuildReport:
    """What a build did, and the plan it followed."""

    plan: Plan
    target: str
    folder: Path
    outputs: tuple[Path, ...]
    computed: tuple[str, ...]
    reused: tuple[str, ...]
    exported: bool
    degraded: tuple[Degraded, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "target": self.target,
            "folder": str(self.folder),
            "outputs": [str(path) for path in self.outputs],
            "model": self.plan.model.label,
            "computed": list(self.computed),
            "reused": list(self.reused),
            "exported": self.exported,
            "degraded": [asdict(item) for item in self.degraded],
            "seconds": self.seconds,
        }


def find_outline(path: Path) -> Path:
    """The outline that `path` names: itself, or the `outline.yaml` in it.

    Raises:
        OutlineError: there is none.
    """
    file = path / "outline.yaml" if path.is_dir() else path
    if file.is_file():
        return file
    hint = "name a folder with an outline.yaml in it, or make a new talk with: talkgen new DIR"
    raise OutlineError(f"there is no outline at {path}", hint)


def open_store() -> Store:
    """The user's store, shared by all talks: what is filed by content can be shared."""
    return Store(assets.cache_dir("store"))


def build(request: Request, report: Report) -> BuildReport:
    """Builds a talk; says what it does through `report`, a line at a time.

    Raises:
        OutlineError: the outline, a figure or a model it names is at fault; all problems at once.
        ToolError: Node, Marp, Slidev or the browser is missing or failed.
    """
    started = time.perf_counter()
    path = find_outline(request.outline)
    folder = request.out or path.parent / "dist" / request.target
    store = open_store()
    with store.lock(f"build {folder.resolve()}", report):
        source = load_outline(path)
        plan = make_plan(source, request.model)
        report(f"model: {plan.model.label}")
        made = compute(plan, store, report)
        rendering = render_plan(plan, made, store, request.target)
        done = publish(rendering, manifest_of(plan), folder, request.target, request.format, report)
    return _report(request, plan, made, rendering, done, time.perf_counter() - started)


def render_plan(plan: Plan, made: Mapping[str, Made], store: Store, target: Targets) -> Rendering:
    """A computed plan as the files of one target, its expressions evaluated with the figures' data."""
    before = values_before(plan.source.outline, plan.model, plan.project)
    outline = evaluate(plan.source, values_after(before, figure_data(made, store)))
    return RENDER[target](resolve(outline, plan, made, store))


def manifest_of(plan: Plan) -> dict[str, Key]:
    """What the deck is made of, for `talkgen status` to compare with: each thing's key, with all that it depends on."""
    return {thing.name: Key(thing.key.hexdigest, thing.key.kind, thing_parts(thing)) for thing in plan.things}


def _report(
    request: Request, plan: Plan, made: Mapping[str, Made], rendering: Rendering, done: Published, seconds: float
) -> BuildReport:
    return BuildReport(
        plan=plan,
        target=request.target,
        folder=done.folder,
        outputs=done.outputs,
        computed=tuple(name for name, result in made.items() if not result.fresh),
        reused=tuple(name for name, result in made.items() if result.fresh),
        exported=done.exported,
        degraded=rendering.degraded,
        seconds=round(seconds, 3),
    )


def check(request: Request) -> int:
    """Loads and plans a talk without computing or writing; the number of its slides.

    Raises:
        OutlineError: as `build` does.
    """
    source = load_outline(find_outline(request.outline))
    make_plan(source, request.model)
    if request.target not in RENDER:
        raise TalkgenError(f"there is no target '{request.target}'")
    return len(source.outline.slides)
