"""`talkgen model list`, `pull` and `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.console import Json, Meter, out, out_json

app = typer.Typer(help="Lists, fetches and describes models.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A model: small, smollm2, runs/NAME, FILE.gguf, hf:ORG/NAME.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """Lists the models at hand.

    Examples:
      talkgen model list
    """
    from talkgen.lm.hub import list_models

    found = [files.about() for files in list_models(Path.cwd())]
    if json:
        out_json(found)
        return
    for about in found:
        out(f"{about['name']}: {about['label']}, {about['parameters'] or 0:,} parameters, {about['kind']}")


@app.command("pull")
def pull(name: Name) -> None:
    """Fetches a model into the user's cache, going on where an earlier try ended.

    Examples:
      talkgen model pull smollm2
    """
    from talkgen.lm.pull import pull as fetch

    out(f"{name}: {fetch(name, Meter(name))}")


@app.command("show")
def show(name: Name, json: Json = False) -> None:
    """Describes a model from what is readable beside its weights.

    Examples:
      talkgen model show small
    """
    from talkgen.lm.hub import find_model

    files = find_model(name, Path.cwd())
    about = {**files.about(), "path": str(files.path), "digest": files.digest()}
    if json:
        out_json(about)
        return
    for key, value in about.items():
        out(f"{key}: {value}")
