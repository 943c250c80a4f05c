"""One figure by itself, drawn to a file, and the figures that there are: what `talkgen figures` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.errors import TalkgenError, nearest
from talkgen.figures.base import Canvas
from talkgen.figures.registry import FIGURES, brought_figures, find_figure, is_own, load_origin, own_figures
from talkgen.files import write_bytes
from talkgen.lm.files.catalog import first_available
from talkgen.outline.find import find_outline
from talkgen.pipeline.checking import checked_params
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.processes import one_thread
from talkgen.pipeline.talk import Talk
from talkgen.style import load_style

_OWN = "of a talk's own figures --talk says whose they are; 'talkgen figures list' has the others"
HINT = "add 'execute: true' to the talk: the Python of its figures then runs"


def draw_one(
    name: str,
    params: Mapping[str, Any],
    model: str,
    theme: str,
    file: Path,
    outline: Path | None = None,
    *,
    report: Callable[[str], None],
    transparent: bool = False,
) -> str:
    """Draws the figure `name` to `file` (.svg or .png) and returns its alt text; of a talk it may be one of its own.

    Raises:
        TalkgenError: there is no such figure, parameter, model or theme, or the talk's code may not run.
    """
    talk = find_outline(outline) if outline else Path.cwd() / "outline.yaml"
    if not outline and name not in find_figures(None):
        raise TalkgenError(f"there is no figure '{name}'", nearest(name, find_figures(None)) or _OWN)
    origin = find_figure(name, talk.parent if outline else None)
    if is_own(origin) and not may_run(talk):
        raise TalkgenError(f"the talk does not say that the code of its figure '{name}' may run", HINT)
    module = load_origin(origin)
    chosen = checked_params(name, module.Params, params)
    here = assets.project_dir(talk)
    canvas = Canvas(load_style(theme, here))
    inputs = ProjectInputs(here, first_available(model, here))
    with one_thread():
        data = module.compute(chosen, inputs)
    origin_of = {"figure": name, "parameters": chosen.model_dump(mode="json")}
    outputs = draw_picture(module, data, canvas, origin_of, transparent=transparent)
    write_bytes(file, outputs[file.suffix.removeprefix(".")])
    if "crowded" in outputs:
        report(f"note: {outputs['crowded'].decode()}")
    return outputs["alt"].decode()


def list_figures(outline: Path | None = None) -> dict[str, dict[str, Any]]:
    """Each figure that a talk can name, with what it is about and its parameters' defaults; of a talk its own too.

    Raises:
        TalkgenError: the talk's code may not run, or fails.
    """
    origins = find_figures(find_outline(outline) if outline else None)
    if outline and any(map(is_own, origins.values())) and not may_run(find_outline(outline)):
        raise TalkgenError("the talk does not say that the code of its figures may run", HINT)
    return {name: _about(origin) for name, origin in sorted(origins.items())}


def find_figures(talk: Path | None) -> dict[str, str]:
    """Where the code is of each figure that a talk can name, or where there is none, that any talk can."""
    return {**brought_figures(), **FIGURES, **(own_figures(talk.parent) if talk else {})}


def may_run(talk: Path) -> bool:
    """Whether a talk says that the code of its own figures may run."""
    return Talk(talk).source.outline.execute


def _about(origin: str) -> dict[str, Any]:
    module = load_origin(origin)
    defaults = {key: field.get_default(call_default_factory=True) for key, field in module.Params.model_fields.items()}
    return {"about": (module.__doc__ or "").split("\n")[0], "parameters": defaults}


def new_figure(name: str, folder: Path) -> Path:
    """Writes a figure that works, to change, into the folder of a talk; where it is.

    Raises:
        TalkgenError: it is there already, or the name is none of Python's.
    """
    if not name.isidentifier():
        raise TalkgenError(f"'{name}' is no name for a figure", "letters, digits and _, no digit first")
    file = folder / "figures" / f"{name}.py"
    if file.exists():
        raise TalkgenError(f"{file} is there already", "choose another name; nothing was written")
    write_bytes(file, (assets.asset_dir("templates") / "figure.py").read_bytes())
    return file
