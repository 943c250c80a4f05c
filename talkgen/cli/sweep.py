"""`talkgen sweep`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.console import Json, Quiet, out, out_json, reporter


class ExecutorKind(StrEnum):
    """Where the runs of a sweep are trained."""

    local = "local"
    ray = "ray"


def sweep(
    config: Annotated[
        str | None, typer.Argument(metavar="CONFIG", help="A sweep.yaml; the shipped one when left out.")
    ] = None,
    executor: Annotated[ExecutorKind, typer.Option(help="This machine's processes, or a running Ray cluster.")] = (
        ExecutorKind.local
    ),
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processes at once; as many as cores when left out.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads of each; the cores shared among them when left out.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The sweep's folder; a cluster needs it shared.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Trains a grid of sizes, architectures and seeds, one run folder each; run again, it goes on where it stopped.

    Examples:
      talkgen sweep
      talkgen sweep scaling.yaml --executor ray
    """
    from talkgen.lm.train.cluster import run_on_ray
    from talkgen.lm.train.recipe_file import find_sweep
    from talkgen.lm.train.sweep import run_locally
    from talkgen.lm.train.sweep import sweep as run_sweep

    recipe = find_sweep(config)
    count = workers or os.cpu_count() or 1
    each = threads or max(1, (os.cpu_count() or 1) // count)

    summary = run_sweep(
        recipe,
        folder or Path("runs") / recipe.name,
        lambda work: run_on_ray(work, each) if executor is ExecutorKind.ray else run_locally(work, count, each),
        reporter(quiet),
    )
    if json:
        out_json(summary)
        return
    for run in summary["runs"]:
        size = run["parameters_without_embeddings"]
        out(f"{run['name']}: {size:,} parameters, rate {run['rate']:g}, held-out loss {run['val_loss']:.3f}")
