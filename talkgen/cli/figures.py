"""`talkgen figures list` and `talkgen figures show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from talkgen.cli.console import Json, Quiet, out, out_json, reporter
from talkgen.errors import TalkgenError

app = typer.Typer(help="Lists figures, and draws one by itself.", no_args_is_help=True)


@app.command("list")
def list_(
    json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write them to this file, drawn, as one page.")] = None,
    quiet: Quiet = False,
) -> None:
    """Lists the figures a talk can name, each with its parameters.

    Examples:
      talkgen figures list
      talkgen figures list --html figures.html
    """
    from talkgen.figures.registry import FIGURES, load_figure

    if html:
        from talkgen.pipeline.gallery import write_gallery

        if not html.absolute().parent.is_dir():
            raise TalkgenError(f"there is no folder {html.parent} to write to", "make it, or name another place")
        write_gallery(sorted(FIGURES), "small", html, reporter(quiet))
        out(str(html))
        return
    found: dict[str, Any] = {}
    for name in sorted(FIGURES):
        module = load_figure(name)
        found[name] = {
            "about": (module.__doc__ or "").split("\n")[0],
            "parameters": {key: field.default for key, field in module.Params.model_fields.items()},
        }
    if json:
        out_json(found)
        return
    for name, figure in found.items():
        out(f"{name}: {figure['about']}")
        for key, default in figure["parameters"].items():
            out(f"    {key} = {default!r}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A figure's name.")],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The .svg or .png to write.")],
    param: Annotated[list[str] | None, typer.Option("--param", "-p", help="key=value, as YAML.")] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The model where the figure asks for one.")] = "small",
    theme: Annotated[str, typer.Option("--theme", help="The theme to draw in.")] = "paper",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draws one figure to a file and prints its alt text.

    Examples:
      talkgen figures show compute_graph -p tokens=8 -o graph.svg
    """
    from talkgen.pipeline.figures import draw_one

    if out_file.suffix not in (".svg", ".png"):
        raise TalkgenError(f"cannot draw to {out_file}", "name a file that ends in .svg or .png")
    if not out_file.parent.is_dir():
        raise TalkgenError(f"there is no folder {out_file.parent} to draw to", "make it, or name another place")
    params = dict(_parse_param(item) for item in param or [])
    reporter(quiet)(f"drawing {name}")
    alt = draw_one(name, params, model, theme, out_file)
    out_json({"figure": name, "path": str(out_file), "alt": alt}) if json else out(alt)


def _parse_param(item: str) -> tuple[str, object]:
    import yaml

    key, equals, value = item.partition("=")
    if not equals:
        raise TalkgenError(f"'{item}' is no parameter", "write it as key=value")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise TalkgenError(f"the value of '{key}' is no YAML: {value}") from error
