"""`talkgen figures list`, `show` and `new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli import names
from talkgen.cli.console import Json, Quiet, out, out_json, reporter
from talkgen.cli.given import variables
from talkgen.errors import TalkgenError

app = typer.Typer(help="Lists figures, draws one by itself, begins one of your own.", no_args_is_help=True)
TalkOption = Annotated[
    Path | None,
    typer.Option(
        "--talk", "-t", metavar="OUTLINE", help="A talk, for the figures of its own.", autocompletion=names.outlines
    ),
]


@app.command("list")
def list_(
    json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write them to this file, drawn, as one page.")] = None,
    talk: TalkOption = None,
    quiet: Quiet = False,
) -> None:
    """Lists the figures a talk can name, each with its parameters; `--html`, inside a talk, its own too.

    Examples:
      talkgen figures list
      talkgen figures list --html figures.html
    """
    if html:
        from talkgen.outline.find import NAME, find_outline
        from talkgen.pipeline.gallery import write_gallery

        if not html.absolute().parent.is_dir():
            raise TalkgenError(f"there is no folder {html.parent} to write to", "make it, or name another place")
        here = Path(NAME) if Path(NAME).is_file() else None
        write_gallery("small", html, reporter(quiet), find_outline(talk) if talk else here)
        out(str(html))
        return
    from talkgen.pipeline.figures import list_figures

    found = list_figures(talk)
    if json:
        out_json(found)
        return
    for name, figure in found.items():
        out(f"{name}: {figure['about']}")
        for key, default in figure["parameters"].items():
            out(f"    {key} = {default!r}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A figure's name.", autocompletion=names.figures)],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The .svg or .png to write.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The model where the figure asks for one.")] = "small",
    theme: Annotated[str, typer.Option("--theme", help="The theme to draw in.")] = "paper",
    transparent: Annotated[bool, typer.Option("--transparent", help="A PNG without the theme's background.")] = False,
    talk: TalkOption = None,
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
    params = variables(param, "--param")
    report = reporter(quiet)
    report(f"drawing {name}")
    alt = draw_one(name, params, model, theme, out_file, talk, report=report, transparent=transparent)
    out_json({"figure": name, "path": str(out_file), "alt": alt}) if json else out(alt)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the talk calls it.")],
    talk: Annotated[
        Path,
        typer.Option("--talk", "-t", metavar="DIR", help="The folder of the talk.", autocompletion=names.outlines),
    ] = Path(),
) -> None:
    """Writes figures/NAME.py into a talk: a figure of its own that works, to change.

    A talk whose figures may run says `execute: true`. A file of plain matplotlib is named as it is, `figure: plot.py`.

    Examples:
      talkgen figures new letters --talk slides/mine
    """
    from talkgen.pipeline.figures import new_figure

    file = new_figure(name, talk)
    out(f"wrote {file}; in the outline: 'execute: true', and a block '- figure: {name}'")
