"""Sweeps: the grid, the pilots, what is finished is not done again, what failed is said."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from talkgen.errors import ModelError
from talkgen.lm.models.architectures import build_model
from talkgen.lm.train.recipe import ModelRecipe, OptimizerRecipe, ScheduleRecipe, TokenizerRecipe
from talkgen.lm.train.recipe_file import find_sweep
from talkgen.lm.train.run import RunFolder, read_metrics
from talkgen.lm.train.sweep import Cell, SweepRecipe, run_cell, run_locally, sweep

pytestmark = pytest.mark.slow

GRID = SweepRecipe(
    name="grid",
    tokenizer=TokenizerRecipe(kind="bytes"),
    models=[
        ModelRecipe(n_layer=1, n_embd=8, n_head=2, block_size=16),
        ModelRecipe(architecture="lstm", n_layer=1, n_embd=8, n_head=1, block_size=16),
    ],
    rates=[1e-5, 1e-2],
    pilot=0.5,
    schedule=ScheduleRecipe(steps=40, warmup=2, rows=4, evaluate_every=20),
    seeds=[1, 2],
)


def _here(started: list[str]):
    """Trains in this process and notes what was started."""

    def execute(work):
        for cell in work:
            started.append(cell.recipe.name)
            yield run_cell(cell, 1)

    return execute


def test_a_sweep_trains_every_cell_at_the_rate_its_pilot_chose(tmp_path):
    """Two models by two seeds; the rate that learns something in the pilot is taken for both seeds."""
    started: list[str] = []
    summary = sweep(GRID, tmp_path / "grid", _here(started))

    assert [run["name"] for run in summary["runs"]] == [
        f"{model}-1x8-seed{seed}" for model in ("transformer", "lstm") for seed in (1, 2)
    ]
    assert {run["rate"] for run in summary["runs"]} == {1e-2}
    assert len(started) == 8
    assert len(summary["runs"][0]["loss_by_position"]) == 16
    assert json.loads((tmp_path / "grid" / "sweep.json").read_text(encoding="utf-8")) == summary


def test_larger_models_read_more_where_a_sweep_asks_for_tokens_a_parameter():
    """Each as many steps as read twenty tokens a parameter, at most the schedule's; a pilot its share of them."""
    models = [*GRID.models, ModelRecipe(n_layer=2, n_embd=16, n_head=2, block_size=16)]
    parts = GRID.model_dump() | {"models": models, "tokens_per_parameter": 20, "schedule": {"steps": 1000, "rows": 4}}
    grid = SweepRecipe.model_validate(parts)
    for model in models:
        recipe = grid.recipe(model, 1e-2, 1)
        size = build_model(recipe.model.config(97)).count_parameters(embeddings=False)
        assert recipe.schedule.steps == min(1000, math.ceil(20 * size / (4 * 16)))
        assert grid.recipe(model, 1e-2, 1, pilot=True).schedule.steps == math.ceil(recipe.schedule.steps / 2)
    with pytest.raises(ValidationError, match="take one"):
        SweepRecipe.model_validate(parts | {"budgets": [10]})
    with pytest.raises(ValidationError, match="goes with transformers"):
        SweepRecipe.model_validate(parts | {"models": [{"architecture": "lstm", "attention": True}]})


@pytest.mark.parametrize(("given", "matrix_rate"), [({}, 0.05), ({"rate": 0.02}, 0.025)], ids=["alone", "with AdamW's"])
def test_muons_rate_goes_with_the_other_where_the_sweep_says_what_it_is_made_for(given, matrix_rate):
    """Half of AdamW's rate halves Muon's if the sweep names both."""
    muon = OptimizerRecipe(kind="muon", matrix_rate=0.05, **given)
    pilot = GRID.model_copy(update={"optimizer": muon}).recipe(GRID.models[0], 0.01, 1, pilot=True).optimizer
    assert (pilot.rate, pilot.matrix_rate) == (0.01, matrix_rate)


def test_a_sweep_that_was_stopped_goes_on(tmp_path):
    """Only the run whose folder is gone is trained again, and the summary is the same but for its time."""
    first = sweep(GRID, tmp_path / "grid", _here([]))
    (tmp_path / "grid" / "lstm-1x8-seed2" / "summary.json").unlink()
    started: list[str] = []
    again = sweep(GRID, tmp_path / "grid", _here(started))

    assert started == ["lstm-1x8-seed2"]
    assert [run["val_loss"] for run in again["runs"]] == [run["val_loss"] for run in first["runs"]]


def test_a_run_that_fails_does_not_take_the_others_with_it(tmp_path):
    """The failure is named at the end; the finished runs stay finished."""
    broken = tmp_path / "grid" / "transformer-1x8-seed1"
    broken.parent.mkdir()
    broken.write_text("a file where a folder should be", encoding="utf-8")

    with pytest.raises(ModelError, match="1 of 4 runs failed: transformer-1x8-seed1"):
        sweep(GRID.model_copy(update={"rates": [1e-2]}), tmp_path / "grid", _here([]))
    assert RunFolder(tmp_path / "grid" / "lstm-1x8-seed2").summary.is_file()


@pytest.mark.slow
def test_local_processes_give_the_same_losses(tmp_path):
    """A pool of two processes trains what one process trains."""
    grid = GRID.model_copy(update={"rates": [1e-2]})
    alone = sweep(grid, tmp_path / "alone", _here([]))
    pool = sweep(grid, tmp_path / "pool", lambda work: run_locally(work, 2, 1))
    assert [run["val_loss"] for run in pool["runs"]] == pytest.approx([run["val_loss"] for run in alone["runs"]])


def test_the_shipped_sweep_covers_two_decades_with_both_architectures():
    """At least six sizes each, and every one is a valid recipe."""
    recipe = find_sweep(None)
    for architecture in ("transformer", "lstm"):
        widths = [m.n_layer * m.n_embd**2 for m in recipe.models if m.architecture == architecture]
        assert len(widths) >= 6
        assert max(widths) / min(widths) > 90


def test_a_sweep_file_names_every_problem_with_its_place(tmp_path):
    """File, line and column, and the nearest known name."""
    file = tmp_path / "sweep.yaml"
    file.write_text("name: s\nrates: [0.1]\nmodels:\n  - {n_layr: 2}\n  - {n_head: 3}\n", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        find_sweep(str(file))
    said = str(caught.value)
    assert f"{file}:4:6" in said
    assert "n_layer" in said
    assert f"{file}:5:5" in said
    assert "not a multiple of n_head 3" in said


def test_models_that_would_share_a_folder_are_refused():
    """Run again, the second would be reported with the first one's loss."""
    models = [ModelRecipe(n_layer=1, n_embd=8, n_head=heads, block_size=16) for heads in (1, 2)]
    with pytest.raises(ValidationError, match=r"two models would be trained as transformer-1x8-seed1"):
        SweepRecipe(**{**dict(GRID), "models": models})
    for twice in ({"seeds": [1, 1]}, {"budgets": [8, 8]}):
        with pytest.raises(ValidationError, match="can stand there once"):
            SweepRecipe(**{**dict(GRID), **twice})


class _Kills:
    """A run's folder that ends whichever process it is sent to, as a system without memory does."""

    def __reduce__(self):
        return os._exit, (1,)


def test_a_process_that_is_killed_is_an_outcome():
    """Of all runs that it takes with it."""
    recipe = GRID.recipe(GRID.models[0], 1e-2, 1)
    outcomes = list(run_locally([Cell(recipe, _Kills()), Cell(recipe, _Kills())], 1, 1))
    assert [outcome["name"] for outcome in outcomes] == [recipe.name] * 2
    assert all("was killed" in outcome["error"] for outcome in outcomes)


ENDLESS = """
name: endless
tokenizer: {kind: bytes}
models: [{n_layer: 1, n_embd: 8, n_head: 2, block_size: 16}]
rates: [0.01]
schedule: {steps: 1000000, warmup: 2, rows: 4, evaluate_every: 20}
seeds: [1, 2, 3]
"""
HEARS = """
import signal
from talkgen.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
raise SystemExit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("trained", [False, True], ids=["as processes start", "as they train"])
def test_an_interrupted_sweep_ends_with_all_its_processes(tmp_path, trained):
    """Ctrl-C, which each of them is sent: nothing is trained to its end first, and one word is said."""
    (tmp_path / "sweep.yaml").write_text(ENDLESS)
    command = [sys.executable, "-c", HEARS, "sweep", "sweep.yaml", "--workers", "2", "--threads", "1"]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    with child:
        while not (list(tmp_path.rglob("metrics.jsonl")) if trained else has_children(child.pid)):
            assert child.poll() is None
            time.sleep(0.02)
        os.killpg(child.pid, signal.SIGINT)
        _, said = child.communicate(timeout=60)  # which is when nobody has its standard error any more
    assert child.returncode == 130
    assert said == "talkgen: interrupted\n"


def has_children(pid: int) -> bool:
    """Whether a process has started another one."""
    return any(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children"))


def test_a_missing_sweep_file_is_said():
    """The name that was given is in the message."""
    with pytest.raises(ModelError, match=r"nowhere.yaml"):
        find_sweep("nowhere.yaml")
    assert not Path("nowhere.yaml").exists()


def test_a_longer_run_that_only_gets_worse_ends_at_a_checkpoint_of_its_own(tmp_path):
    """Where patience ends before an evaluation is better than all of the shorter run's, whose checkpoints are there."""
    schedule = ScheduleRecipe(steps=40, warmup=2, rows=4, evaluate_every=5, decay=0.25, patience=1)
    grid = {"rates": [2.0], "models": GRID.models[:1], "seeds": [0], "schedule": schedule, "budgets": [20, 60]}
    shorter, longer = sweep(GRID.model_copy(update=grid), tmp_path / "grid", _here([]))["runs"]
    assert shorter["tokens"] == 20 * 4 * 16
    assert longer["tokens"] < 60 * 4 * 16


def test_a_longer_run_begins_where_the_rate_of_a_shorter_one_fell(tmp_path):
    """Three budgets of one model and seed: each ends as if it had been trained alone, in fewer steps than that."""
    schedule = ScheduleRecipe(steps=40, warmup=2, rows=4, evaluate_every=40, decay=0.5)
    budgets = GRID.model_copy(update={"rates": [1e-2], "seeds": [1], "schedule": schedule, "budgets": [40, 8, 20]})
    summary = sweep(budgets, tmp_path / "grid", _here([]))

    assert [run["tokens"] for run in summary["runs"]] == [64 * steps for steps in (8, 20, 40)] * 2
    for run, steps in zip(summary["runs"], (8, 20, 40), strict=False):
        recipe = budgets.recipe(budgets.models[0], 1e-2, 1, budget=steps)
        alone = run_cell(Cell(recipe, tmp_path / "alone" / f"{steps}"), 1)
        assert run["val_loss"] == pytest.approx(alone["val_loss"], abs=1e-6)
        assert ("bits_per_byte" in run) == (steps == 40)
    log = read_metrics(tmp_path / "grid" / "transformer-1x8-seed1-steps40")
    assert [row["step"] for row in log] == list(range(1, 41))
    assert RunFolder(tmp_path / "grid" / "new").find_trunk(recipe).path.name == "transformer-1x8-seed1-steps20"


def test_a_pilot_of_the_whole_run_is_that_run(tmp_path):
    """It is measured closely and not trained again; its log is the run's, and the other seed is trained as ever."""
    whole = GRID.model_copy(update={"pilot": 1.0, "models": GRID.models[1:]})
    summary = sweep(whole, tmp_path / "grid", _here([]))

    pilot = read_metrics(tmp_path / "grid" / "pilots" / "lstm-1x8-seed1-rate0.01")
    assert read_metrics(tmp_path / "grid" / "lstm-1x8-seed1") == pilot
    assert read_metrics(tmp_path / "grid" / "lstm-1x8-seed2") != pilot
    alone = run_cell(Cell(whole.recipe(whole.models[0], 1e-2, 1), tmp_path / "alone"), 1)
    assert summary["runs"][0]["val_loss"] == pytest.approx(alone["val_loss"], abs=1e-6)
    assert summary["runs"][0]["loss_by_position"] == pytest.approx(alone["loss_by_position"], abs=1e-6)
