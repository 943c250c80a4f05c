"""`talkgen model list`, `pull` and `show`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli import names
from talkgen.cli.console import Json, Meter, Quiet, out, out_json, silence

app = typer.Typer(help="Lists, fetches and describes models.", no_args_is_help=True)
_NAMES = "A model: small, smollm2, runs/NAME, FILE.gguf, hf:ORG/NAME."
Name = Annotated[str, typer.Argument(metavar="NAME", help=_NAMES, autocompletion=names.models)]
ToPull = Annotated[str, typer.Argument(metavar="NAME", help=_NAMES, autocompletion=names.pullable)]


@app.command("list")
def list_(json: Json = False) -> None:
    """Lists the models at hand.

    Examples:
      talkgen model list
    """
    from talkgen.lm.files.catalog import list_models

    found = [files.about() for files in list_models(Path.cwd())]
    if json:
        out_json(found)
        return
    for about in found:
        out(f"{about['name']}: {about['label']}, {about['parameters'] or 0:,} parameters, {about['kind']}")


@app.command("pull")
def pull(name: ToPull, json: Json = False, quiet: Quiet = False) -> None:
    """Fetches a model into the user's cache, going on where an earlier try ended.

    Examples:
      talkgen model pull smollm2
    """
    from talkgen.lm.files.pull import pull as fetch

    file = fetch(name, silence if quiet else Meter(name))
    out_json({"name": name, "path": str(file)}) if json else out(f"{name}: {file}")


@app.command("show")
def show(name: Name, json: Json = False) -> None:
    """Describes a model, and compares the forms it can answer in with float32, once on a machine.

    A form is good where no probability moves by more than 0.02 and 99 of 100 first choices stay; the quickest good
    one answers in `talkgen present`.

    Examples:
      talkgen model show small
    """
    from talkgen.lm.fast.comparing import measure
    from talkgen.lm.fast.forms import describe_kernels
    from talkgen.lm.files.catalog import find_model

    files = find_model(name, Path.cwd())
    about = {**files.about(), "path": str(files.path), "digest": files.digest(), "kernels": describe_kernels()}
    forms = measure(files)
    if json:
        out_json({**about, "forms": [{**asdict(form), "good": form.good} for form in forms]})
        return
    for key, value in about.items():
        out(f"{key}: {value}")
    for form in forms:
        verdict = "" if form.good else " (too far from float32, never used by itself)"
        speed = "" if form.milliseconds is None else f", {form.milliseconds:.2g} ms a token"
        size = "" if form.megabytes is None else f", {form.megabytes:,.1f} MB"
        out(f"{form.form}: max |Δp| {form.max_change:.4f}, top-1 {form.top_1:.1%}{speed}{size}{verdict}")
