"""Computes one of every kind of thing in a folder, and prints which functions of the package ran for each: JSON.

    python what_runs.py FOLDER

A program of its own, so that nothing is remembered from before. What runs at import is nobody's: all is imported first.
"""

import importlib
import json
import pkgutil
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

from everything import FIGURES, make_project

import talkgen
from talkgen.assets import cache_dir
from talkgen.elements.registry import ELEMENTS
from talkgen.figures import registry
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_origin
from talkgen.outline import bibliography
from talkgen.pipeline import keys, rendering
from talkgen.pipeline.artifacts import (
    FigureArtifact,
    OutputArtifact,
    PageModelArtifact,
    RecordingArtifact,
    TokensArtifact,
)
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.making import Maker
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.provenance import provenance
from talkgen.pipeline.publish import _write_files
from talkgen.pipeline.results import Result
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import TARGETS
from talkgen.store.cas import Store

ROOT = Path(talkgen.__file__).parents[1]
ROOTS = {
    PageModelArtifact: keys.PAGE_MODEL_ROOTS,
    TokensArtifact: keys.TOKENS_ROOTS,
    OutputArtifact: keys.OUTPUT_ROOTS,
}
OPTIMIZED = 1  # of a code object: set for functions, not for modules and class bodies


class Watch:
    """What ran for each thing, with the roots of its key."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[str]]] = {}

    @contextmanager
    def thing(self, name: str, roots: Iterable[str]) -> Iterator[None]:
        """Notes the functions that run inside the block, in any thread."""
        codes: set[CodeType] = set()

        def note(frame, event, argument):
            if event == "call":
                codes.add(frame.f_code)

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        self.found[name] = {"ran": sorted(symbols(codes)), "roots": list(roots)}


def symbols(codes: Iterable[CodeType]) -> set[str]:
    """The package's own among some functions, named as in closures; what is inside a function is the function's."""
    own = [code for code in codes if code.co_filename.startswith(f"{ROOT}/talkgen") and code.co_flags & OPTIMIZED]
    named = {(module_of(code), code.co_qualname.split(".<")[0]) for code in own}
    return {f"{module}:{name}" for module, name in named if not name.startswith("<")}


def module_of(code: CodeType) -> str:
    """The module that a function is defined in."""
    return ".".join(Path(code.co_filename).relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def watch_figure(watch: Watch, maker: Maker, figure: FigureArtifact) -> Result:
    """Computes and draws a figure."""
    with watch.thing(f"numbers of {figure.name}", keys.data_roots(figure.origin)):
        data = maker._compute(figure)
    numbers = json.loads(maker.store.read(data, "data"))
    canvas = Canvas(maker.plan.talk.style, figure.width, figure.height)
    origin = provenance(figure, maker.plan, data.outputs["data"])
    with watch.thing(figure.name, keys.picture_roots(figure.origin)):
        outputs = draw_picture(load_origin(figure.origin), numbers, canvas, origin)
    return Result(figure, maker.store, maker.store.put(figure.key, outputs), data, computed=True)


def watch_everything(folder: Path) -> dict[str, dict[str, list[str]]]:
    """What ran for each thing of a talk, for its two renderings and an export of one."""
    watch, results = Watch(), {}
    more = sorted(set(registry.FIGURES) - {name for name, _ in FIGURES})
    outline = make_project(folder, more, ELEMENTS)
    plan, store = make_plan(Talk(outline)), Store(folder / "store")
    for artifact in plan.computed:
        maker = Maker(plan, store, lambda line: None)  # one each: what one has opened, the next opens again
        if isinstance(artifact, FigureArtifact):
            results[artifact.name] = watch_figure(watch, maker, artifact)
        else:
            roots = artifact.roots if isinstance(artifact, RecordingArtifact) else ROOTS[type(artifact)]
            with watch.thing(artifact.name, roots):
                maker._start(artifact)
            results[artifact.name] = maker.made[artifact.name]
    bibliography._works.cache_clear()  # it was read with the outline
    shutil.rmtree(cache_dir(bibliography.MEMO))
    for target in TARGETS.values():
        with watch.thing(f"rendering {target.name}", rendering.rendering_roots(target)):
            deck = rendering.render(rendering.resolve_plan(plan, results, target), target)
        if target.name == "marp":
            _write_files(deck, rendering.file_digests(deck), folder / "none", folder / "deck")
            with watch.thing("export html", [target.exporter]):
                target.export(folder / "deck", "html", lambda line: None)
    return watch.found


if __name__ == "__main__":
    for module in pkgutil.walk_packages(talkgen.__path__, "talkgen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    print(json.dumps(watch_everything(Path(sys.argv[1]))))
