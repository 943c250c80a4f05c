"""One figure by itself, drawn to a file: what `talkgen figures show` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from talkgen import assets
from talkgen.errors import OutlineError, TalkgenError, did_you_mean
from talkgen.figures.base import Canvas
from talkgen.figures.registry import FIGURES, load_figure
from talkgen.files import write_bytes
from talkgen.lm.files.catalog import first_available
from talkgen.pipeline.compute import draw_picture
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.plan import param_problem
from talkgen.style import load_style


def draw_one(name: str, params: Mapping[str, Any], model: str, theme: str, file: Path) -> str:
    """Draws the figure `name` to `file` (.svg or .png) and returns its alt text.

    Raises:
        TalkgenError: there is no such figure, parameter, model or theme.
    """
    if name not in FIGURES:
        raise TalkgenError(f"there is no figure '{name}'", did_you_mean(name, FIGURES))
    module = load_figure(name)
    try:
        chosen = module.Params.model_validate(params)
    except ValidationError as error:
        raise OutlineError([param_problem(name, module.Params, detail) for detail in error.errors()]) from error
    here = assets.project_dir(Path.cwd() / "outline.yaml")
    canvas = Canvas(load_style(theme, here))
    data = module.compute(chosen, ProjectInputs(here, first_available(model, here)))
    outputs = draw_picture(name, data, canvas, {"figure": name, "parameters": chosen.model_dump(mode="json")})
    write_bytes(file, outputs[file.suffix.removeprefix(".")])
    return outputs["alt"].decode()
