"""Trains one model from a recipe into a run folder; knows no command line and no slides.

The folder is never left without something to go on from: a checkpoint appears whole, then the state that `--resume`
reads, and only then are older ones removed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from talkgen.errors import ModelError
from talkgen.files import write_bytes
from talkgen.lm.files.checkpoint import load_checkpoint
from talkgen.lm.train.data import load_data
from talkgen.lm.train.distributed import join_world, leave_world
from talkgen.lm.train.evaluate import held_out_loss
from talkgen.lm.train.optimize import last_constant_step
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.run import RunFolder, kept_steps
from talkgen.lm.train.summary import summarise
from talkgen.lm.train.trainer import Trainer

LOGGED = 200  # a run's log has about so many lines, whatever its length


@dataclass(frozen=True)
class Progress:
    """Where a run stands; losses in nats a token."""

    name: str
    step: int
    steps: int
    loss: float
    val_loss: float | None
    tokens_per_second: float
    seconds_left: float


class InterruptedRunError(ModelError):
    """The run was stopped on purpose, after saving."""

    exit_code = 130


Report = Callable[[Progress], None]


def train(
    recipe: Recipe,
    run: RunFolder,
    *,
    resume: bool = False,
    trunk: RunFolder | None = None,
    closely: bool = True,
    device: str = "auto",
    report: Report = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Trains `recipe` into `run` and returns its summary; `stopping` is asked after every step.

    `resume` goes on with a run that was begun, and begins one that was not: where there is a `trunk`, from where its
    rate began to fall, with its log and its seconds. What is not measured `closely` is measured by its loss alone.

    Raises:
        ModelError: the data, the folder or a resumed run is at fault, the disk is full, or the loss is not a number.
        InterruptedRunError: `stopping` said so; the run is saved.
    """
    world = join_world(device)
    try:
        with run.held(world.leads):
            trainer = Trainer(recipe, load_data(recipe), world)
            _open(trainer, run, resume, trunk)
            _loop(trainer, run, report, stopping)
            summary = _close(trainer, run, closely)
            world.wait()  # who leaves while another still measures can leave that one hanging
            return summary
    finally:
        leave_world(world)


def _open(trainer: Trainer, run: RunFolder, resume: bool, trunk: RunFolder | None) -> None:
    begun = resume and run.config.is_file()
    trainer.world.wait()
    if begun:
        run.check_recipe(trainer.recipe)
        if run.state.is_file():
            trainer.restore(run.state)
    if trunk is not None and trainer.step == 0:
        trainer.restore(trunk.trunk)
        trainer.best, trainer.best_step = math.inf, 0  # the best so far is a checkpoint of the other run's
        if trainer.world.leads:
            write_bytes(run.metrics, trunk.metrics.read_bytes())
    if trainer.world.leads:
        run.begin(trainer.recipe, again=begun)
        run.forget_after(trainer.step)


def _loop(trainer: Trainer, run: RunFolder, report: Report, stopping: Callable[[], bool]) -> None:
    recipe, schedule = trainer.recipe, trainer.recipe.schedule
    kept = kept_steps(recipe.keep, schedule.steps)
    log_every = max(1, schedule.steps // LOGGED)
    if trainer.step == 0 and 0 in kept:
        _save(trainer, run, kept)
    while trainer.step < schedule.steps and not _out_of_patience(trainer):
        norm = _advance(trainer, run)
        done = trainer.step == schedule.steps
        evaluates = done or trainer.step % schedule.evaluate_every == 0
        if evaluates or trainer.step % log_every == 0:
            _log(trainer, run, norm, _evaluate(trainer) if evaluates else None, report)
        if trainer.step == last_constant_step(schedule):
            _keep_trunk(trainer, run)
        stopped = trainer.world.any(stopping())
        if evaluates or stopped or trainer.step in kept:
            _save(trainer, run, kept)
        if stopped and not done:
            where = f"{recipe.name} is saved at step {trainer.step} of {schedule.steps}"
            raise InterruptedRunError(where, "go on with --resume")


def _advance(trainer: Trainer, run: RunFolder) -> float:
    loss, norm = trainer.advance()
    if math.isfinite(loss) and math.isfinite(norm):
        return norm
    steps = run.steps()
    kept = f"the checkpoint of step {steps[-1]} is kept" if steps else "no checkpoint was due yet"
    raise ModelError(
        f"{trainer.recipe.name}: the loss is not a number at step {trainer.step + 1}; {kept}",
        "take a smaller optimizer.rate or a longer schedule.warmup",
    )


def _evaluate(trainer: Trainer) -> float:
    batches = trainer.data.held_out(trainer.recipe.model.block_size)
    loss, _ = held_out_loss(trainer.model, batches, trainer.world.device)
    if loss < trainer.best:
        trainer.best, trainer.best_step = loss, trainer.step
    return loss


def _log(trainer: Trainer, run: RunFolder, norm: float, val_loss: float | None, report: Report) -> None:
    schedule = trainer.recipe.schedule
    loss = math.fsum(trainer.losses) / len(trainer.losses)
    trainer.losses.clear()
    if not trainer.world.leads:
        return
    row = {"step": trainer.step, "tokens": trainer.tokens, "loss": loss, "val_loss": val_loss}
    spent = {"seconds": round(trainer.seconds, 3), "cpu_seconds": round(trainer.cpu_seconds, 3)}
    run.log({**row, "lr": trainer.rate, "gradient_norm": norm, **spent})
    left = trainer.seconds / trainer.step * (schedule.steps - trainer.step)
    speed = trainer.tokens / max(trainer.seconds, 1e-9)
    report(Progress(trainer.recipe.name, trainer.step, schedule.steps, loss, val_loss, speed, left))


def _save(trainer: Trainer, run: RunFolder, kept: set[int]) -> None:
    state, model = trainer.pack(), trainer.whole_model()  # in parts, this takes every process
    if not trainer.world.leads:
        return
    # The state is what a resumed run begins at, and never names a step whose checkpoint is not there; what is older
    # goes last, so that a kill between any two of these leaves something to go on from.
    if not run.checkpoint(trainer.step).exists():
        trainer.publish(model, run.checkpoint(trainer.step))
    run.write_state(state)
    run.prune(kept | {trainer.best_step, trainer.step})


def _keep_trunk(trainer: Trainer, run: RunFolder) -> None:
    state = trainer.pack()
    if trainer.world.leads:
        run.write_trunk(state)


def _out_of_patience(trainer: Trainer) -> bool:
    schedule = trainer.recipe.schedule
    waited = (trainer.step - trainer.best_step) // schedule.evaluate_every
    return schedule.patience is not None and trainer.best_step > 0 and waited >= schedule.patience


def _close(trainer: Trainer, run: RunFolder, closely: bool) -> dict[str, Any]:
    """Measures the newest checkpoint, which is the model; stopped early, a run ends at its best evaluation."""
    if not trainer.world.leads:
        return {}
    kept = kept_steps(trainer.recipe.keep, trainer.recipe.schedule.steps)
    early = _out_of_patience(trainer)
    last = trainer.best_step if early else trainer.step
    run.prune({step for step in kept | {last} if step <= last})
    # What is measured is the file as anybody loads it, rounded to the type it was published in.
    model, _ = load_checkpoint(run.checkpoint(last))
    summary = summarise(trainer, model.to(trainer.world.device), last, closely=closely)
    run.finish(summary)
    return summary
