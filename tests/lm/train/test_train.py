"""Training: it learns, it can be stopped and killed, and it goes on as if nothing had happened."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from talkgen.errors import ModelError, TalkgenError
from talkgen.lm.files.checkpoint import load_checkpoint
from talkgen.lm.train.loop import InterruptedRunError, train
from talkgen.lm.train.recipe import (
    KeepRecipe,
    ModelRecipe,
    OptimizerRecipe,
    Recipe,
    ScheduleRecipe,
    TokenizerRecipe,
)
from talkgen.lm.train.run import RunFolder, read_metrics

TINY = Recipe(
    name="tiny",
    tokenizer=TokenizerRecipe(kind="bytes"),
    model=ModelRecipe(n_layer=1, n_embd=16, n_head=2, block_size=16, dropout=0.1),
    schedule=ScheduleRecipe(steps=24, warmup=4, rows=4, evaluate_every=8),
    keep=KeepRecipe(count=3, first=2),
    seed=3,
)
RECURRENT = {"architecture": "lstm", "n_layer": 2, "attention": True}
FLAVOURS = {
    "transformer": TINY,
    "muon": TINY.model_copy(update={"optimizer": OptimizerRecipe(kind="muon")}),
    "lstm": TINY.model_copy(update={"model": TINY.model.model_copy(update=RECURRENT)}),
    "accumulated": TINY.model_copy(update={"schedule": TINY.schedule.model_copy(update={"accumulate": 2})}),
    "task": TINY.model_copy(update={"data": "recall"}),
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _with(recipe: Recipe, **changes) -> Recipe:
    return recipe.model_copy(update={"schedule": recipe.schedule.model_copy(update=changes)})


def _after(count: int):
    """Says stop at the `count`-th question."""
    questions = iter(range(count - 1, -1, -1))
    return lambda: next(questions) == 0


def _content(run: RunFolder) -> dict[str, object]:
    """Everything a run leaves, timings left out."""
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in read_metrics(run.path)]
    weights = {step: (run.checkpoint(step) / "model.safetensors").read_bytes() for step in run.steps()}
    state = {name: tensor.numpy().tobytes() for name, tensor in load_file(run.state).items()}
    return {"rows": rows, "weights": weights, "state": state}


def test_a_run_learns_and_leaves_a_whole_folder(tmp_path):
    """The held-out loss falls below a uniform guess, and every file of a run is there."""
    run = RunFolder(tmp_path / "tiny")
    recipe = _with(TINY, steps=150)
    seen = []
    summary = train(recipe, run, report=seen.append)

    rows = read_metrics(run.path)
    assert rows[-1]["val_loss"] < rows[0]["loss"] - 1.2
    assert {"step", "tokens", "loss", "val_loss", "lr", "gradient_norm", "seconds", "cpu_seconds"} == set(rows[0])
    assert rows[-1]["tokens"] == 150 * 4 * 16
    assert run.steps() == [2, 20, 150]
    assert json.loads(run.summary.read_text(encoding="utf-8")) == summary
    assert summary["val_loss"] == pytest.approx(rows[-1]["val_loss"], rel=0.05)
    assert 0 < summary["bits_per_byte"] < 8
    assert seen[-1].step == 150
    assert seen[-1].seconds_left == 0


def test_the_newest_checkpoint_is_the_model_that_was_measured(tmp_path):
    """Published in half precision, the weights are half as large and the summary is theirs."""
    recipe = TINY.model_copy(update={"keep": KeepRecipe(count=1, dtype="float16")})
    run = RunFolder(tmp_path / "tiny")
    summary = train(recipe, run)

    tensors = load_file(run.checkpoint(24) / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    model, tokenizer = load_checkpoint(run.checkpoint(24))
    assert model.count_parameters() == summary["parameters"]
    assert tokenizer.vocab_size == summary["vocabulary"]


@pytest.mark.parametrize("flavour", [*sorted(FLAVOURS.keys() - {"task"}), pytest.param("task", marks=pytest.mark.slow)])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, flavour):
    """Stopped twice, at steps that are neither evaluated nor logged, the run ends with the same bytes."""
    recipe = _with(FLAVOURS[flavour], steps=450, evaluate_every=90) if flavour == "task" else FLAVOURS[flavour]
    whole, parts = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "parts")
    train(recipe, whole)

    for stop in (5, 6):
        with pytest.raises(InterruptedRunError, match="go on with --resume"):
            train(recipe, parts, resume=True, stopping=_after(stop))
    train(recipe, parts, resume=True)

    assert _content(parts) == _content(whole)


def test_a_finished_run_can_be_trained_on(tmp_path):
    """With more steps than before, the run goes on from where it ended."""
    run = RunFolder(tmp_path / "tiny")
    train(TINY, run)
    train(_with(TINY, steps=40), run, resume=True)
    assert [row["step"] for row in read_metrics(run.path)] == list(range(1, 41))
    assert run.steps()[-1] == 40


def test_training_stops_early_at_its_best(tmp_path):
    """When the held-out loss no longer falls, the run ends, and its newest checkpoint is the best one."""
    (tmp_path / "text.txt").write_text(
        "ab" * 500 + "ba" + "aabb" * 40, encoding="utf-8"
    )  # the end is unlike the beginning
    recipe = _with(TINY, steps=400, evaluate_every=5, patience=2).model_copy(
        update={"data": "text:text.txt", "optimizer": OptimizerRecipe(rate=0.05)}
    )
    run = RunFolder(tmp_path / "tiny")
    summary = train(recipe.anchored(tmp_path), run)

    evaluated = {row["step"]: row["val_loss"] for row in read_metrics(run.path) if row["val_loss"] is not None}
    assert max(evaluated) < 400
    assert summary["step"] == run.steps()[-1] == min(evaluated, key=evaluated.get)


def test_a_loss_that_is_not_a_number_is_said_and_the_last_checkpoint_kept(tmp_path):
    """A weight that became infinite stops the run before anything is written over."""
    run = RunFolder(tmp_path / "tiny")
    with pytest.raises(InterruptedRunError):
        train(TINY, run, stopping=_after(10))
    kept = _content(run)["weights"]
    _poison(run)

    with pytest.raises(ModelError, match=r"not a number at step 11; the checkpoint of step 10 is kept"):
        train(TINY, run, resume=True)
    assert _content(run)["weights"] == kept


def _poison(run: RunFolder) -> None:
    from safetensors import safe_open

    with safe_open(run.state, "pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – not a mapping
    tensors["model.embed.weight"][:] = float("inf")
    save_file(tensors, run.state, about)


def test_a_full_disk_is_said_and_the_last_checkpoint_kept(tmp_path, monkeypatch):
    """The disk fills up while the second checkpoint is written; the first can be loaded and gone on from."""
    run = RunFolder(tmp_path / "tiny")
    real, calls = os.fsync, iter(range(1000))

    def full(handle: int) -> None:
        if next(calls) >= 7:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TalkgenError, match=r"(?s)the disk is full.*step 2 is kept"):
        train(TINY, run)
    monkeypatch.undo()
    load_checkpoint(run.checkpoint(2))
    train(TINY, run, resume=True)
    assert run.steps()[-1] == 24


@pytest.mark.parametrize(
    ("later", "said"),
    [("hgfedcba", {"sha256"}), ("abcdefghijkl", {"sha256", "tokenizer", "train_tokens", "held_out_bytes"})],
)
def test_a_run_goes_on_with_its_own_data_alone(tmp_path, later, said):
    """A text that changed since the run began is refused with what is different, also where its size is the same."""
    text = tmp_path / "text.txt"
    text.write_text("abcdefgh" * 100, encoding="utf-8")
    changes = {"data": "text:text.txt", "tokenizer": TokenizerRecipe(kind="characters")}
    recipe = TINY.model_copy(update=changes).anchored(tmp_path)
    run = RunFolder(tmp_path / "tiny")
    with pytest.raises(InterruptedRunError):
        train(recipe, run, stopping=_after(3))
    kept = _content(run)
    text.write_text(later * 100, encoding="utf-8")

    with pytest.raises(ModelError, match="was trained on other data") as caught:
        train(recipe, run, resume=True)
    assert all(f"{key} was" in str(caught.value) for key in said)
    assert _content(run) == kept
    text.write_text("abcdefgh" * 100, encoding="utf-8")
    train(recipe, run, resume=True)


def test_a_damaged_state_is_said(tmp_path):
    """A state cut short is refused and not overwritten."""
    run = RunFolder(tmp_path / "tiny")
    with pytest.raises(InterruptedRunError):
        train(TINY, run, stopping=_after(3))
    run.state.write_bytes(run.state.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"state.safetensors is damaged"):
        train(TINY, run, resume=True)
    assert run.state.stat().st_size == 500


@pytest.mark.slow
def test_killed_fifty_times_no_run_is_lost(tmp_path):
    """Killed at fifty random moments, the run still ends with the bytes of an uninterrupted one."""
    kills = Path(__file__).with_name("killed_run.py")
    done = subprocess.run([sys.executable, kills, tmp_path / "killed"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) == 50

    train(_with(TINY, steps=400), RunFolder(tmp_path / "whole"))
    assert _content(RunFolder(tmp_path / "killed")) == _content(RunFolder(tmp_path / "whole"))
