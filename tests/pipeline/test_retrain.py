"""After retraining, the next build redraws exactly what depends on the run: real training by the real command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = """\
name: mine
tokenizer: {{kind: bytes}}
model: {{n_layer: 1, n_embd: 16, n_head: 2, block_size: 32}}
schedule: {{steps: {steps}, warmup: 4, rows: 4, evaluate_every: 8}}
keep: {{count: 2, first: 2}}
seed: 3
"""
OUTLINE = """\
title: Retrained
model: small
slides:
  - title: "Loss {{ runs.mine.val_loss | round(3) }}"
    body:
      - figure: training_curve
        params: {run: mine}
  - title: Mine
    body:
      - figure: next_token
        id: ours
        params: {prompt: The statement, model: mine}
      - tokens: The statement
        id: chips
        model: mine
  - title: Others
    body:
      - figure: next_token
        id: theirs
        params: {prompt: The statement}
      - figure: parameter_counts
  - title: Live
    body:
      - live: next_token
        id: answered
        prompt: The
        model: mine
        bars: 3
      - live: next_token
        id: elsewhere
        prompt: The
        model: small
        bars: 3
"""
DEPENDS = {"figure training_curve", "figure ours", "tokens chips", "recording answered"}
DOES_NOT = {"figure theirs", "figure parameter_counts", "recording elsewhere", "model in the page small"}


def talkgen(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the real command in the project."""
    command = [sys.executable, "-m", "talkgen", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)


def train(project: Path, steps: int) -> None:
    """Trains on to `steps` steps."""
    (project / "mine.yaml").write_text(RECIPE.format(steps=steps), encoding="utf-8")
    done = talkgen(project, "train", "mine.yaml", "--resume")
    assert done.returncode == 0, done.stderr


def build(project: Path) -> dict:
    """Builds the talk's source and returns the report."""
    done = talkgen(project, "build", "slides/talk", "--format", "md", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loss_in_prose(project: Path) -> str:
    """The number that stands in the first title."""
    deck = (project / "slides" / "talk" / "dist" / "marp" / "deck.md").read_text(encoding="utf-8")
    return next(line for line in deck.splitlines() if line.startswith("# Loss")).removeprefix("# Loss ")


@pytest.fixture
def project(tmp_path, own_cache) -> Path:
    """A project with a talk about a run of its own."""
    folder = tmp_path / "slides" / "talk"
    folder.mkdir(parents=True)
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_only_what_depends_on_the_run_is_made_again(project):
    """Train, build, train on, build: the run's figures, recording, tokens and numbers change; nothing else does."""
    train(project, 16)
    assert set(build(project)["computed"]) == DEPENDS | DOES_NOT
    assert build(project)["computed"] == []
    before = loss_in_prose(project)
    train(project, 32)
    status = talkgen(project, "status", "slides/talk", "--why", "--json")
    assert status.returncode == 1
    changes = json.loads(status.stdout)["artifacts"]
    stale = {change["name"]: change["why"] for change in changes if change["state"] != "fresh"}
    assert set(stale) == DEPENDS | {"values runs", "rendering marp"}
    assert any("step 16 → 32" in reason for reason in stale["figure ours"])
    report = build(project)
    assert set(report["computed"]) == DEPENDS
    assert set(report["reused"]) == DOES_NOT
    summary = json.loads((project / "runs" / "mine" / "summary.json").read_text(encoding="utf-8"))
    assert float(loss_in_prose(project)) == pytest.approx(summary["val_loss"], abs=6e-4)
    assert loss_in_prose(project) != before
    assert talkgen(project, "status", "slides/talk").returncode == 0
