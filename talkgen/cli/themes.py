"""`talkgen themes list` and `talkgen themes show`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from talkgen.cli import names
from talkgen.cli.build import Format, Target
from talkgen.cli.console import Json, Quiet, out, out_json, reporter
from talkgen.errors import TalkgenError

app = typer.Typer(help="Lists themes, and shows a sample deck in one.", no_args_is_help=True)


@app.command("list")
def list_(json: Json = False) -> None:
    """Lists the themes that a talk in this folder can name: ours, its own, and those of Marp and Slidev.

    Examples:
      talkgen themes list
    """
    from talkgen.export.packages import known_themes
    from talkgen.outline.themes import MARP_THEMES
    from talkgen.style import load_style, style_names

    here = Path.cwd()
    ours = {name: load_style(name, here) for name in style_names(here)}
    slidev = {
        "default": "comes with Slidev",
        **{name: f"{each['package']} {each['version']}" for name, each in known_themes().items()},
    }
    if json:
        found: dict[str, Any] = {"themes": {name: style.model_dump(mode="json") for name, style in ours.items()}}
        out_json({**found, "marp": list(MARP_THEMES), "slidev": slidev})
        return
    for name, style in ours.items():
        out(f"{name}: {style.scheme}, {style.fonts.body} at {style.sizes.body} px on {style.colors.background}")
    out(f"Marp's own, as in 'theme: {{marp: gaia}}': {', '.join(MARP_THEMES)}")
    out("Slidev's, as in 'theme: {slidev: seriph}', and any other of npm's:")
    for name, package in slidev.items():
        out(f"    {name}: {package}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A theme's name.", autocompletion=names.themes)],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The folder to make for the sample talk and its deck.")],
    target: Annotated[Target, typer.Option("--target", "-t", help="What renders the deck.")] = Target.marp,
    format: Annotated[Format, typer.Option("--format", "-f", help="What comes out.")] = Format.html,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Builds a sample talk in a theme: every layout, and what stands on slides.

    Examples:
      talkgen themes show paper -o sample
      talkgen themes show gaia -o sample
      talkgen themes show seriph -o sample --target slidev
    """
    from talkgen.cli.build import show_report
    from talkgen.pipeline.build import Request, build
    from talkgen.pipeline.sample import write_sample

    if out_dir.exists() and any(out_dir.iterdir()):
        raise TalkgenError(f"{out_dir} is there and is not empty", "name a new folder; nothing was written")
    report = reporter(quiet)
    try:
        done = build(Request(write_sample(name, target.value, out_dir), target.value, format.value), report)
    except BaseException:  # the same command can be given again
        shutil.rmtree(out_dir, ignore_errors=True)
        raise
    out_json(done.to_json()) if json else show_report(done, report)
