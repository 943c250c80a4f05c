"""The gallery of figures: each drawn with its defaults when the site is built, where it is not at hand."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from talkgen.figures.registry import FIGURES, load_figure
from talkgen.pipeline.compute import compute
from talkgen.pipeline.gallery import parameters
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.request import open_store
from talkgen.pipeline.talk import Talk
from talkgen.style import load_style

HERE = Path(__file__).resolve().parent
HEAD = """# Gallery of figures

Each figure with its defaults, on talkgen's small models, drawn in the theme `night`. Below it stand its words, which a
deck carries as alt text, and its parameters. `talkgen figures show NAME -p key=value -o FILE` draws one by itself.
"""


def gallery(report: Callable[[str], None]) -> tuple[str, dict[str, bytes]]:
    """The page, and the pictures on it by name."""
    outline = {
        "title": "Figures",
        "model": "small",
        "slides": [{"title": name, "body": [{"figure": name}]} for name in sorted(FIGURES)],
    }
    pictures, parts = {}, [HEAD]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outline.yaml"
        path.write_text(json.dumps(outline), encoding="utf-8")  # which YAML reads as well
        results = compute(make_plan(Talk(path)), open_store(), report)
    for result in results.values():
        name = result.artifact.figure
        pictures[f"{name}.svg"] = result.read("svg")
        parts += _part(name, result.read("alt").decode())
    return "\n\n".join(parts) + "\n", pictures


def _part(name: str, alt: str) -> Iterator[str]:
    about = (load_figure(name).__doc__ or "").split("\n")[0]
    yield f"## {name}\n\n{about}"
    look = f"background: {load_style('night', HERE).colors.background}; padding: 1em; border-radius: 8px"
    yield f'![{name}](pictures/figures/{name}.svg){{ style="{look}" loading=lazy }}'
    yield alt
    if rows := [f"| `{key}` | {takes} | {default} |" for key, takes, default in parameters(load_figure(name))]:
        yield "\n".join(["| parameter | takes | default |", "|---|---|---|", *rows])
