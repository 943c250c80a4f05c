"""All commands of `talkgen` in one list; importing it imports neither torch, matplotlib nor gradio."""

from __future__ import annotations

from typing import Annotated

import typer

from talkgen import __version__
from talkgen.cli import (
    build,
    check,
    demo,
    doctor,
    figures,
    import_,
    licenses,
    model,
    new,
    pack,
    present,
    rehearse,
    run,
    schema,
    status,
    sweep,
    themes,
    train,
)
from talkgen.cli.console import out

WELCOME = """talkgen builds talks whose figures are computed and whose demos are alive.

  talkgen new my-talk              a talk of your own, ready to build
  talkgen build slides/attention   the deck, in slides/attention/dist
  talkgen present slides/attention the deck with its live demos, at http://127.0.0.1:8000
  talkgen train                    the small models again; the next build redraws what depends on them
  talkgen status slides/attention  what is stale, and why

talkgen COMMAND --help explains one; talkgen --help lists them all."""

app = typer.Typer(
    name="talkgen",
    help="Builds talks whose figures are computed and whose demos are alive.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Builds talks whose figures are computed and whose demos are alive."""
    if version:
        out(f"talkgen {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        out(WELCOME)


app.command("new")(new.new)
app.command("build")(build.build)
app.command("present")(present.present)
app.command("rehearse")(rehearse.rehearse)
app.command("demo")(demo.demo)
app.command("status")(status.status)
app.command("check")(check.check)
app.command("pack")(pack.pack)
app.command("train")(train.train)
app.command("sweep")(sweep.sweep)
app.add_typer(figures.app, name="figures")
app.add_typer(themes.app, name="themes")
app.add_typer(model.app, name="model")
app.add_typer(run.app, name="run")
app.command("import")(import_.import_)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)
app.command("licenses")(licenses.licenses)
