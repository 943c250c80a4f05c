"""Trains a grid of sizes, architectures and seeds, each into its own run folder; what is finished is not done again.

The rate of each size is chosen by pilots: the first part of the run is trained at every rate offered, and the best one
is trained to the end. A pilot of the whole run is that run already. Runs are independent, so an executor is anything
that maps a function over them.
"""

from __future__ import annotations

import math
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, model_validator

from talkgen.digest import digest_bytes
from talkgen.errors import ModelError, TalkgenError
from talkgen.files import read_json, write_json
from talkgen.lm.models.config import TRANSLATORS
from talkgen.lm.models.shapes import count_without_embeddings
from talkgen.lm.train.corpus import python_library
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
    "cpu_seconds",
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
    rates: list[float] = Field(
        min_length=1,
        max_length=20,
        description="peak rates a pilot chooses from; with `optimizer.rate`, Muon's goes with them",
    )
    pilot: float = Field(0.15, gt=0, le=1, description="share of the steps a pilot takes")
    schedule: ScheduleRecipe = ScheduleRecipe()
    budgets: list[Annotated[int, Field(ge=1, le=100_000_000)]] = Field(
        default_factory=list, max_length=100, description="each a run of so many steps, in place of schedule.steps"
    )
    tokens_per_parameter: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="as many steps as read so many tokens a parameter without embeddings, schedule.steps at most",
    )
    seeds: list[int] = Field([0], min_length=1, max_length=100)

    @model_validator(mode="after")
    def _each_is_a_recipe(self) -> Self:
        """Each has a run of its own: of two in one folder the second would be reported with the first one's loss."""
        if self.tokens_per_parameter and any(m.attention or m.architecture in TRANSLATORS for m in self.models):
            raise ValueError("'tokens_per_parameter' goes with transformers, and LSTMs and RNNs without attention")
        names = Counter(self.recipe(model, self.rates[0], self.seeds[0]).name for model in self.models)
        if twice := [name for name, count in names.items() if count > 1]:
            apart = "a sweep tells its models apart by architecture, shift, n_layer and n_embd"
            raise ValueError(f"two models would be trained as {twice[0]}: {apart}; others need another sweep")
        if any(len({*given}) < len(given) for given in (self.seeds, self.budgets)):
            raise ValueError("each seed and each budget can stand there once")
        if self.budgets and self.tokens_per_parameter is not None:
            raise ValueError("'budgets' and 'tokens_per_parameter' both say how long a run is: take one")
        return self

    def recipe(
        self, model: ModelRecipe, rate: float, seed: int, *, pilot: bool = False, budget: int | None = None
    ) -> Recipe:
        """The training run of one cell of the grid, or its pilot at `rate`."""
        schedule = self._schedule_of(model)
        shift = "-shift" if model.shift else ""
        name = f"{model.architecture}{shift}-{model.n_layer}x{model.n_embd}-seed{seed}"
        if pilot and self.pilot < 1:
            steps = max(1, math.ceil(schedule.steps * self.pilot))
            warmup = min(schedule.warmup, steps)
            schedule = schedule.model_copy(update={"steps": steps, "warmup": warmup, "evaluate_every": steps})
        if pilot:
            name = f"{name}-rate{rate:g}"
        if budget is not None:
            warmup = min(schedule.warmup, budget)
            schedule = schedule.model_copy(update={"steps": budget, "warmup": warmup})
            name = f"{name}-steps{budget}"
        return Recipe(
            name=name,
            data=self.data,
            held_out=self.held_out,
            pairs=self.pairs,
            tokenizer=self.tokenizer,
            model=model,
            optimizer=self._at_rate(rate),
            schedule=schedule,
            keep=KeepRecipe(count=1, dtype="float16"),
            seed=seed,
        )

    def _schedule_of(self, model: ModelRecipe) -> ScheduleRecipe:
        """As long as the model's size asks for."""
        if self.tokens_per_parameter is None:
            return self.schedule
        tokens = self.tokens_per_parameter * count_without_embeddings(model.config(vocab_size=1))
        steps = min(self.schedule.steps, math.ceil(tokens / (self.schedule.rows * model.block_size)))
        return self.schedule.model_copy(update={"steps": steps, "warmup": min(self.schedule.warmup, steps)})

    def _at_rate(self, rate: float) -> OptimizerRecipe:
        """Where the sweep says at which rate Muon's is right, both are moved together."""
        optimizer = self.optimizer
        share = rate / optimizer.rate if "rate" in optimizer.model_fields_set else 1
        return optimizer.model_copy(update={"rate": rate, "matrix_rate": share * optimizer.matrix_rate})


class Cell(NamedTuple):
    """A run to be trained; `closely` says that more than its loss is measured."""

    recipe: Recipe
    folder: Path
    closely: bool = True


Executor = Callable[[list[Cell]], Iterable[dict[str, Any]]]
Report = Callable[[str], None]


def sweep(recipe: SweepRecipe, folder: Path, execute: Executor, report: Report = lambda _: None) -> dict[str, Any]:
    """Trains the whole grid into `folder` and returns its summary, which is also written to sweep.json.

    Raises:
        TalkgenError: one or more runs failed; the others are finished and kept.
    """
    pilots = [recipe.recipe(m, rate, recipe.seeds[0], pilot=True) for m in recipe.models for rate in recipe.rates]
    trials = [Cell(pilot, folder / "pilots" / pilot.name, closely=False) for pilot in pilots]
    tried = _finish(trials if len(recipe.rates) > 1 else [], execute, report)
    budgets: list[int | None] = [*sorted(recipe.budgets)] or [None]
    largest = budgets[-1]
    cells = [
        Cell(each, folder / each.name, closely=budget == largest)
        for model in recipe.models
        for seed in recipe.seeds
        for budget in budgets
        for each in [recipe.recipe(model, _best_rate(recipe, model, tried), seed, budget=budget)]
    ]
    _begin_with_pilots(cells, trials)
    done = _finish(cells, execute, report)
    runs = [
        {**{key: s[key] for key in _SUMMARY if key in s}, "rate": cell.recipe.optimizer.rate}
        for s, cell in zip(done, cells, strict=True)
    ]
    summary = {"name": recipe.name, "recipe": recipe.model_dump(mode="json"), "runs": runs}
    if recipe.data == "library":
        summary["files"] = {name: digest_bytes(text.encode()) for name, text in python_library().items()}
    write_json(folder / "sweep.json", summary)
    return summary


def _best_rate(recipe: SweepRecipe, model: ModelRecipe, tried: list[dict[str, Any]]) -> float:
    """The rate whose pilot ended with the lowest held-out loss."""
    losses = {pilot["name"]: pilot["val_loss"] for pilot in tried}
    names = {rate: recipe.recipe(model, rate, recipe.seeds[0], pilot=True).name for rate in recipe.rates}
    return min(recipe.rates, key=lambda rate: losses.get(names[rate], math.inf))


def _begin_with_pilots(cells: list[Cell], trials: list[Cell]) -> None:
    """Where a pilot was the whole run, the run begins at its end, and is only measured more closely."""
    for cell in cells:
        for trial in trials:
            same = trial.recipe.model_copy(update={"name": cell.recipe.name}) == cell.recipe
            if same and RunFolder(trial.folder).state.is_file():
                RunFolder(cell.folder).begin_as(RunFolder(trial.folder), cell.recipe)


def _finish(cells: list[Cell], execute: Executor, report: Report) -> list[dict[str, Any]]:
    """Trains what has no summary yet, the shorter runs first; returns the summaries in the order of `cells`."""
    waiting = [cell for cell in cells if not RunFolder(cell.folder).summary.is_file()]
    # The shorter is what the longer begins with, and a sweep that is stopped has of each model and seed as many.
    waiting.sort(key=lambda cell: cell.recipe.schedule.steps)
    failed: list[str] = []
    for number, outcome in enumerate(execute(waiting), 1):
        if "error" in outcome:
            failed.append(f"{outcome['name']}: {outcome['error']}")
        report(f"{number} of {len(waiting)}: {outcome['name']}: " + _tell(outcome))
    if failed:
        raise ModelError(f"{len(failed)} of {len(cells)} runs failed: {'; '.join(failed)}", "run it again to go on")
    return [read_json(RunFolder(cell.folder).summary, ModelError) for cell in cells]


def _tell(outcome: dict[str, Any]) -> str:
    return str(outcome["error"]) if "error" in outcome else f"held-out loss {outcome['val_loss']:.3f}"


def run_cell(cell: Cell, threads: int) -> dict[str, Any]:
    """Trains one cell, going on where it was stopped; a diverged run is an outcome, not an end of the sweep."""
    import torch

    from talkgen.lm.train.loop import train

    torch.set_num_threads(threads)
    try:
        run = RunFolder(cell.folder)
        return train(cell.recipe, run, resume=True, trunk=run.find_trunk(cell.recipe), closely=cell.closely)
    except TalkgenError as error:
        return {"name": cell.recipe.name, "error": error.problems[0].message}


def run_locally(work: list[Cell], workers: int, threads: int) -> Iterator[dict[str, Any]]:
    """Trains in `workers` processes of this machine, of so many threads each; a killed one is an outcome as well."""
    # Spawned: a forked process would inherit torch's locks, held by threads that it does not have.
    others = {*active_children()}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            with _deaf_to_interrupts():
                futures = {pool.submit(run_cell, cell, threads): cell for cell in work}
            yield from (_outcome(future, futures[future]) for future in as_completed(futures))
        except BaseException:  # else each would train to its end first; run again, it goes on where it was saved
            for process in {*active_children()} - others:
                process.terminate()
            raise


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started inside never hear Ctrl-C: who started them hears it afterwards, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _outcome(future: Future[dict[str, Any]], cell: Cell) -> dict[str, Any]:
    """What a process returned; where one was killed, its pool ends with it."""
    try:
        return future.result()
    except BrokenProcessPool:
        return {"name": cell.recipe.name, "error": "a process was killed, maybe for memory; fewer --workers need less"}
