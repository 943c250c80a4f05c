"""One figure by itself, drawn to a file: what `talkgen figures show` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_figure
from talkgen.files import write_bytes
from talkgen.lm.files.catalog import first_available
from talkgen.pipeline.drafting import checked_params
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.style import load_style


def draw_one(name: str, params: Mapping[str, Any], model: str, theme: str, file: Path) -> str:
    """Draws the figure `name` to `file` (.svg or .png) and returns its alt text.

    Raises:
        TalkgenError: there is no such figure, parameter, model or theme.
    """
    module = load_figure(name)
    chosen = checked_params(name, module.Params, params)
    here = assets.project_dir(Path.cwd() / "outline.yaml")
    canvas = Canvas(load_style(theme, here))
    data = module.compute(chosen, ProjectInputs(here, first_available(model, here)))
    outputs = draw_picture(module, data, canvas, {"figure": name, "parameters": chosen.model_dump(mode="json")})
    write_bytes(file, outputs[file.suffix.removeprefix(".")])
    return outputs["alt"].decode()
