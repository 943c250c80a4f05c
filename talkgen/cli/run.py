"""`talkgen run list` and `talkgen run add`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from talkgen.cli.console import Json, out, out_json
from talkgen.cli.given import variables

if TYPE_CHECKING:
    from talkgen.lm.files.run import Run

app = typer.Typer(help="Lists training runs, and adds those of other programs.", no_args_is_help=True)


@app.command("list")
def list_(json: Json = False) -> None:
    """Lists the training runs that figures and {{ runs.NAME }} can name.

    Examples:
      talkgen run list
    """
    from talkgen.lm.files.catalog import find_run, list_runs

    found = {name: describe(find_run(name, Path.cwd())) for name in list_runs(Path.cwd())}
    if json:
        out_json(found)
        return
    for name, about in found.items():
        out(f"{name}: {in_words(about)}")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What talks call it; SWEEP/NAME for one of a sweep.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The run's folder, or its log.")],
    column: Annotated[
        list[str] | None,
        typer.Option("--column", "-c", metavar="OURS=THEIRS", help="Which of the log's columns is which of ours."),
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option("--about", "-a", metavar="NAME=VALUE", help="What it does not say, as in tokens_per_step=4096."),
    ] = None,
    json: Json = False,
) -> None:
    """Makes a run that another program trained one of this project: figures and {{ runs.NAME }} read it where it lies.

    It reads logs as JSON lines, CSV, a Hugging Face Trainer's state and TensorBoard's events; weights as transformers
    writes them in safetensors. Columns are ours (step, tokens, loss, val_loss, lr, gradient_norm, seconds); usual names
    are known. Nothing is copied, so that what is trained again there makes stale what depends on it here.

    Examples:
      talkgen run add mine ../experiments/gpt2-tiny
      talkgen run add mine log.csv --column loss="train nll" --about architecture=lstm --about tokens_per_step=4096
    """
    from talkgen.lm.files.adding import add_run

    columns = {ours: str(theirs) for ours, theirs in variables(column, "--column").items()}
    run = add_run(name, path, Path.cwd(), columns, variables(about, "--about"))
    found = describe(run)
    if json:
        out_json({"name": name, **found})
        return
    out(f"runs/{name}: {in_words(found)}")
    for ours, theirs in found["columns"].items():
        out(f"  {ours} is {theirs}")
    for ours in found["missing"]:
        out(f"  {ours} is not in it")


def describe(run: Run) -> dict[str, Any]:
    """What can be read of a run."""
    from talkgen.lm.files.run import COLUMNS

    has_log = bool(run.log_files)
    rows, columns = (run.log(), run.columns) if has_log else ([], {})
    return {
        "folder": str(run.source),
        "log": [str(file) for file in run.log_files],
        "rows": len(rows),
        "columns": columns,
        "missing": [name for name in COLUMNS if name not in columns] if has_log else list(COLUMNS),
        "checkpoints": list(run.weights),
    }


def in_words(found: dict[str, Any]) -> str:
    """One line of it."""
    steps = found["checkpoints"]
    count = f"{len(steps)} checkpoint{'s' * (len(steps) != 1)}"
    weights = f"{count}, the last of step {steps[-1]:,}" if steps else "no weights"
    return f"{found['rows']:,} logged steps, {weights}, in {found['folder']}"
