"""Every figure on one page, drawn with its defaults in a dark and a light theme: what `figures list --html` writes.

The page is one file that asks no host. A figure that cannot be drawn here says why in its place; so does one of a talk
that does not let its code run.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.errors import TalkgenError
from talkgen.figures.base import Canvas, Data, FigureModule
from talkgen.figures.registry import is_own, load_origin
from talkgen.files import write_text
from talkgen.lm.files.catalog import first_available
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.figures import HINT, find_figures, may_run
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.processes import one_thread
from talkgen.style import load_style

THEMES = ("night", "paper")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Figures of talkgen</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 17px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1400px; padding: 0 1em; color: #1b2233; }
h2 { margin: 2.4em 0 0; } h2 a { color: inherit; text-decoration: none; } p { max-width: 60em; }
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 12px; }
img { width: 100%; border-radius: 8px; display: block; } table { border-collapse: collapse; margin: .6em 0; }
td, th { text-align: left; padding: .15em 1.2em .15em 0; vertical-align: top; } th { font-weight: 600; }
nav { columns: 14em; } code { font-size: .95em; } .problem { color: #a3360f; }
</style></head><body><h1>Figures</h1>
"""


@dataclass(frozen=True)
class Entry:
    """A figure on the page: its name, its module, its pictures by theme as SVG, its words, or why it has none."""

    name: str
    module: FigureModule | None
    pictures: dict[str, bytes]
    alt: str
    problem: str = ""


def write_gallery(
    model: str, file: Path, report: Callable[[str], None], outline: Path | None = None, names: Sequence[str] = ()
) -> None:
    """Writes the page of all figures, a talk's own among them, or of `names`; `model` stands for the deck's own.

    Raises:
        TalkgenError: the model or a theme cannot be had, or the file not be written.
    """
    here = assets.project_dir(outline or Path.cwd() / "outline.yaml")
    runs = outline is not None and may_run(outline)
    origins = find_figures(outline)
    inputs = ProjectInputs(here, first_available(model, here))
    canvases = {theme: Canvas(load_style(theme, here)) for theme in THEMES}
    entries = []
    for name in names or sorted(origins):
        if is_own(origins[name]) and not runs:
            entries.append(Entry(name, None, {}, "", HINT))
            continue
        report(f"drawing {name}")
        entries.append(draw_entry(name, origins[name], inputs, canvases))
    colors = {theme: canvas.style.colors.background for theme, canvas in canvases.items()}
    write_text(file, "".join(page_of(entries, colors)))


def draw_entry(name: str, figure: str, inputs: ProjectInputs, canvases: Mapping[str, Canvas]) -> Entry:
    """The figure whose code is at `figure` with its defaults, in each theme."""
    module = None
    try:
        module = load_origin(figure)
        params = module.Params()
        with one_thread():
            data: Data = module.compute(params, inputs)
    except TalkgenError as error:
        return Entry(name, module, {}, "", str(error))
    origin = {"figure": name, "parameters": params.model_dump(mode="json")}
    made = {theme: draw_picture(module, data, canvas, origin) for theme, canvas in canvases.items()}
    return Entry(name, module, {theme: each["svg"] for theme, each in made.items()}, module.describe(data))


def page_of(entries: Sequence[Entry], backgrounds: dict[str, str]) -> Iterator[str]:
    """The page in parts: a list of names, then each figure with its parameters and its words."""
    yield _PAGE
    yield "<nav>" + "".join(f'<a href="#{each.name}">{each.name}</a><br>' for each in entries) + "</nav>\n"
    for each in entries:
        about = ((each.module and each.module.__doc__) or "").split("\n")[0]
        yield f'<section id="{each.name}"><h2><a href="#{each.name}">{each.name}</a></h2><p>{html.escape(about)}</p>\n'
        if each.problem:
            yield f'<p class="problem">{html.escape(each.problem)}</p>\n'
        yield '<div class="both">'
        for theme, svg in each.pictures.items():
            source = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
            look = f"background: {backgrounds[theme]}"
            yield f'<img src="{source}" style="{look}" alt="{html.escape(each.alt)}" title="{theme}">'
        takes = parameters(each.module) if each.module else []
        yield "</div>\n" + "".join(_table(takes)) + f"<p>{html.escape(each.alt)}</p></section>\n"
    yield "</body></html>\n"


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield "<table><tr><th>parameter</th><th>takes</th><th>default</th></tr>"
        for row in rows:
            yield "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        yield "</table>"


def parameters(module: FigureModule) -> list[tuple[str, str, str]]:
    """Each parameter of a figure: its name, what it takes with its range, its default."""
    schema = module.Params.model_json_schema()
    return [(key, _takes(about), _short(about.get("default"))) for key, about in schema.get("properties", {}).items()]


def _takes(about: dict[str, Any]) -> str:
    """What a JSON Schema lets through, in words."""
    if "anyOf" in about:
        return "; or ".join("nothing" if part.get("type") == "null" else _takes(part) for part in about["anyOf"])
    if "enum" in about:
        return ", ".join(map(str, about["enum"]))
    kind = about.get("type", "anything")
    words: str = {"integer": "a whole number", "number": "a number", "string": "a text", "array": "a list"}.get(
        kind, kind
    )
    low = next((about[key] for key in ("minimum", "exclusiveMinimum", "minLength", "minItems") if key in about), None)
    high = next((about[key] for key in ("maximum", "exclusiveMaximum", "maxLength", "maxItems") if key in about), None)
    unit = {"string": " characters", "array": " items"}.get(kind, "")
    if low is None and high is None:
        return words
    if high is None:
        return f"{words}, {low}{unit} or more"
    return f"{words}, {f'up to {high}' if low is None else f'{low} to {high}'}{unit}"


def _short(value: object) -> str:
    """A default as YAML would write it, cut where it is long."""
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
