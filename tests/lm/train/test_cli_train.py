"""`talkgen train` as it is typed: exit codes, places, Ctrl-C, two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from talkgen.lm.train.recipe_file import read_recipe
from talkgen.lm.train.run import RunFolder, read_metrics

pytestmark = pytest.mark.slow

RECIPE = """\
name: tiny
tokenizer: {kind: bytes}
model: {n_layer: 1, n_embd: 16, n_head: 2, block_size: 16}
schedule: {steps: %d, warmup: 2, rows: 4, evaluate_every: 10}
seed: 3
"""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def _talkgen(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "talkgen", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=ENVIRONMENT)


def test_every_problem_of_a_recipe_is_said_with_its_place(tmp_path):
    """File, line, column, what is wrong and the nearest known name; exit code 1, no traceback, no run."""
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nmodel: {n_layr: 2}\nschedule: {steps: many}\nseed: -1\ndata: notes.txt\n"
    )
    done = _talkgen("train", "bad.yaml", cwd=tmp_path)

    assert done.returncode == 1
    for expected in (
        "bad.yaml:2:9: model: unknown key",
        "did you mean 'n_layer'",
        "bad.yaml:3:",
        "bad.yaml:4:1: seed",
        "hint: text:FILE, hf:ORG/NAME, python",
    ):
        assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_recipe_that_is_not_there_names_the_shipped_ones(tmp_path):
    """A near miss of a shipped name gets it as the hint."""
    done = _talkgen("train", "smal-lstm", cwd=tmp_path)
    assert done.returncode == 1
    assert "did you mean 'small-lstm'?" in done.stderr


def test_a_run_reports_what_came_out_of_it_as_json(tmp_path):
    """The report is the run's summary; progress goes to standard error, without colour codes."""
    (tmp_path / "tiny.yaml").write_text(RECIPE % 20)
    done = _talkgen("train", "tiny.yaml", "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [json.loads((tmp_path / "runs/tiny/summary.json").read_text(encoding="utf-8"))]
    assert "tiny: step 20/20" in done.stderr
    assert "\x1b" not in done.stderr

    again = _talkgen("train", "tiny.yaml", cwd=tmp_path)
    assert again.returncode == 1
    assert "holds a run already" in again.stderr


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
    """Exit code 130; the resumed run ends where an uninterrupted one would."""
    (tmp_path / "tiny.yaml").write_text(RECIPE % 4000)
    run = RunFolder(tmp_path / "runs/tiny")
    command = [sys.executable, "-m", "talkgen", "train", "tiny.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as child:
        while not run.steps():
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)

    assert child.returncode == 130
    assert "is saved at step" in said
    assert "--resume" in said
    saved = run.steps()[-1]
    (tmp_path / "tiny.yaml").write_text(RECIPE % (saved + 5))
    done = _talkgen("train", "tiny.yaml", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert run.steps()[-1] == saved + 5


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", ["ddp", "fsdp"])
def test_two_processes_give_the_losses_of_one(tmp_path, wrapped):
    """Torchrun with two gloo processes: the same loss at every step, one log, one summary; resumable."""
    text = RECIPE % 12 + f"distributed: {wrapped}\n"
    (tmp_path / "one.yaml").write_text(text)
    alone = _talkgen("train", "one.yaml", "--device", "cpu", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for steps, resume in ((12, []), (16, ["--resume"])):
        (tmp_path / "two.yaml").write_text(text.replace("steps: 12", f"steps: {steps}"))
        command = [*torchrun, "-m", "talkgen", "train", "two.yaml", "--out", "pair", "--device", "cpu", *resume]
        both = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, timeout=200)
        assert both.returncode == 0, both.stderr

    one, two = read_metrics(tmp_path / "runs/tiny"), read_metrics(tmp_path / "pair/tiny")
    assert len(one) == 12
    assert len(two) == 16
    for row, other in zip(one, two, strict=False):
        numbers = {key: value for key, value in row.items() if "seconds" not in key and value is not None}
        assert {key: other[key] for key in numbers} == pytest.approx(numbers, rel=1e-4)


def test_the_documentations_recipe_can_be_trained(tmp_path):
    """What is there to be copied is a recipe, as it stands."""
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "models.md").read_text(encoding="utf-8")
    (recipe,) = (block for block in page.split("```yaml\n")[1:] if block.startswith("name: "))
    (tmp_path / "mine.yaml").write_text(recipe.partition("```")[0], encoding="utf-8")
    assert read_recipe(tmp_path / "mine.yaml").data == f"text:{tmp_path / 'notes.txt'}"
