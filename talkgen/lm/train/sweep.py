"""Trains a grid of sizes, architectures and seeds, each into its own run folder; what is finished is not done again.

The rate of each size is chosen by pilots: the first part of the run is trained at every rate offered, and the best one
is trained to the end. Runs are independent, so an executor is anything that maps a function over them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from talkgen.errors import ModelError, TalkgenError
from talkgen.files import read_json, write_json
from talkgen.lm.train.recipe import (
    KeepRecipe,
    ModelRecipe,
    Name,
    OptimizerRecipe,
    PairsRecipe,
    Part,
    Recipe,
    ScheduleRecipe,
    TokenizerRecipe,
)
from talkgen.lm.train.run import RunFolder

_SUMMARY = (
    "name",
    "architecture",
    "parameters",
    "parameters_without_embeddings",
    "tokens",
    "val_loss",
    "bits_per_byte",
    "loss_by_position",
    "loss_by_context",
    "loss_by_copying",
    "recall_by_pairs",
    "seed",
    "seconds",
)


class SweepRecipe(Part):
    """A grid of training runs that share data, tokenizer and schedule."""

    name: Name
    data: str = "python"
    held_out: float = Field(0.1, gt=0, lt=0.9)
    pairs: PairsRecipe | None = None
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    models: list[ModelRecipe] = Field(min_length=1, max_length=1000)
    optimizer: OptimizerRecipe = OptimizerRecipe()
    rates: list[float] = Field(min_length=1, max_length=20, description="peak rates a pilot chooses from")
    pilot: float = Field(0.15, gt=0, le=1, description="share of the steps a pilot takes")
    schedule: ScheduleRecipe = ScheduleRecipe()
    seeds: list[int] = Field([0], min_length=1, max_length=100)

    @model_validator(mode="after")
    def _each_is_a_recipe(self) -> Self:
        for model in self.models:
            self.recipe(model, self.rates[0], self.seeds[0])
        return self

    def recipe(self, model: ModelRecipe, rate: float, seed: int, *, pilot: bool = False) -> Recipe:
        """The training run of one cell of the grid, or its pilot at `rate`."""
        schedule = self.schedule
        shift = "-shift" if model.shift else ""
        name = f"{model.architecture}{shift}-{model.n_layer}x{model.n_embd}-seed{seed}"
        if pilot:
            steps = max(1, math.ceil(schedule.steps * self.pilot))
            warmup = min(schedule.warmup, steps)
            schedule = schedule.model_copy(update={"steps": steps, "warmup": warmup, "evaluate_every": steps})
            name = f"{name}-rate{rate:g}"
        return Recipe(
            name=name,
            data=self.data,
            held_out=self.held_out,
            pairs=self.pairs,
            tokenizer=self.tokenizer,
            model=model,
            optimizer=self.optimizer.model_copy(update={"rate": rate}),
            schedule=schedule,
            keep=KeepRecipe(count=1, dtype="float16"),
            seed=seed,
        )


Executor = Callable[[list[tuple[Recipe, Path]]], Iterable[dict[str, Any]]]
Report = Callable[[str], None]


def sweep(recipe: SweepRecipe, folder: Path, execute: Executor, report: Report = lambda _: None) -> dict[str, Any]:
    """Trains the whole grid into `folder` and returns its summary, which is also written to sweep.json.

    Raises:
        TalkgenError: one or more runs failed; the others are finished and kept.
    """
    first = recipe.seeds[0]
    pilots = [recipe.recipe(m, rate, first, pilot=True) for m in recipe.models for rate in recipe.rates]
    tried = _finish(pilots if len(recipe.rates) > 1 else [], folder / "pilots", execute, report)
    best = [_best_rate(recipe, model, tried) for model in recipe.models]
    cells = [(m, rate, seed) for m, rate in zip(recipe.models, best, strict=True) for seed in recipe.seeds]
    done = _finish([recipe.recipe(*cell) for cell in cells], folder, execute, report)
    runs = [
        {**{key: s[key] for key in _SUMMARY if key in s}, "rate": rate}
        for s, (_, rate, _) in zip(done, cells, strict=True)
    ]
    summary = {"name": recipe.name, "recipe": recipe.model_dump(mode="json"), "runs": runs}
    write_json(folder / "sweep.json", summary)
    return summary


def _best_rate(recipe: SweepRecipe, model: ModelRecipe, tried: list[dict[str, Any]]) -> float:
    """The rate whose pilot ended with the lowest held-out loss."""
    losses = {pilot["name"]: pilot["val_loss"] for pilot in tried}
    names = {rate: recipe.recipe(model, rate, recipe.seeds[0], pilot=True).name for rate in recipe.rates}
    return min(recipe.rates, key=lambda rate: losses.get(names[rate], math.inf))


def _finish(recipes: list[Recipe], folder: Path, execute: Executor, report: Report) -> list[dict[str, Any]]:
    """Trains what has no summary yet; returns the summaries in the order of `recipes`."""
    waiting = [(r, folder / r.name) for r in recipes if not RunFolder(folder / r.name).summary.is_file()]
    failed: list[str] = []
    for number, outcome in enumerate(execute(waiting), 1):
        if "error" in outcome:
            failed.append(f"{outcome['name']}: {outcome['error']}")
        report(f"{number} of {len(waiting)}: {outcome['name']}: " + _tell(outcome))
    if failed:
        raise ModelError(f"{len(failed)} of {len(recipes)} runs failed: {'; '.join(failed)}", "run it again to go on")
    return [read_json(RunFolder(folder / r.name).summary, ModelError) for r in recipes]


def _tell(outcome: dict[str, Any]) -> str:
    return str(outcome["error"]) if "error" in outcome else f"held-out loss {outcome['val_loss']:.3f}"


def run_cell(recipe: Recipe, folder: Path, threads: int) -> dict[str, Any]:
    """Trains one cell, going on where it was stopped; a diverged run is an outcome, not an end of the sweep."""
    import torch

    from talkgen.lm.train.loop import train

    torch.set_num_threads(threads)
    try:
        return train(recipe, RunFolder(folder), resume=True)
    except TalkgenError as error:
        return {"name": recipe.name, "error": error.problems[0].message}


def run_locally(work: list[tuple[Recipe, Path]], workers: int) -> Iterator[dict[str, Any]]:
    """Trains in `workers` processes of this machine, the cores shared among them."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    # Spawned: a forked process would inherit torch's locks, held by threads that it does not have.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run_cell, recipe, folder, threads) for recipe, folder in work]
        try:
            yield from (future.result() for future in as_completed(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
