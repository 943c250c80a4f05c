"""The run folder: whole files only, checkpoints by rule, one writer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from talkgen.errors import ModelError, TalkgenError
from talkgen.files import write_bytes
from talkgen.lm.train.recipe import KeepRecipe, Recipe
from talkgen.lm.train.run import RunFolder, kept_steps, read_metrics
from talkgen.machine import MachineError


def _run(tmp_path, steps=()) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    for step in steps:
        run.checkpoint(step).mkdir(parents=True)
    return run


def test_kept_steps_are_evenly_spaced_in_their_logarithm():
    """First and last are kept, and each ratio between neighbours is the same up to rounding."""
    assert kept_steps(KeepRecipe(count=4, first=9), 9999) == {9, 99, 999, 9999}
    assert kept_steps(KeepRecipe(count=3, first=0), 99) == {0, 9, 99}
    assert kept_steps(KeepRecipe(count=1), 500) == {500}
    assert kept_steps(KeepRecipe(count=50, first=10), 12) == {10, 11, 12}


def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path):
    """A second start names the ways out and leaves the recipe alone."""
    run = _run(tmp_path)
    run.begin(Recipe(name="a"), again=False)
    before = run.config.read_bytes()

    with pytest.raises(ModelError, match="--resume"):
        run.begin(Recipe(name="b"), again=False)
    assert run.config.read_bytes() == before


def test_resuming_with_another_recipe_names_what_changed(tmp_path):
    """Every changed value is named; only the number of steps may change."""
    run = _run(tmp_path)
    recipe = Recipe(name="a")
    run.begin(recipe, again=False)

    longer = recipe.model_copy(update={"schedule": recipe.schedule.model_copy(update={"steps": 5000})})
    run.check_recipe(longer)
    with pytest.raises(ModelError, match=r"seed was 0, is 7"):
        run.check_recipe(recipe.model_copy(update={"seed": 7}))


def test_what_a_killed_run_wrote_after_its_state_is_forgotten(tmp_path):
    """Log lines and checkpoints past the state go, a torn last line too."""
    run = _run(tmp_path, steps=(10, 20))
    run.metrics.write_text('{"step": 10}\n{"step": 20}\n{"step": 3', encoding="utf-8")

    run.forget_after(10)

    assert read_metrics(run.path) == [{"step": 10}]
    assert run.steps() == [10]


def test_pruning_keeps_what_is_asked_for(tmp_path):
    """Only the named checkpoints stay."""
    run = _run(tmp_path, steps=(1, 2, 3, 4))
    run.prune({2, 4, 99})
    assert run.steps() == [2, 4]


def test_two_trainings_cannot_write_to_one_folder(tmp_path):
    """The second is told so while the first goes on."""
    run = _run(tmp_path)
    refused = pytest.raises(TalkgenError, match=r"another talkgen \(process \d+\) is working on the run in")
    with run.held(), refused, RunFolder(run.path).held():
        pass


@pytest.mark.linux
def test_a_full_disk_is_said_in_words_with_the_checkpoint_that_is_kept(tmp_path):
    """No space left on the device becomes one message."""
    run = _run(tmp_path, steps=(40,))
    with pytest.raises(MachineError, match=r"disk is full\n  hint: the checkpoint of step 40 is kept"), run.held():
        write_bytes(Path("/dev/full"), b"x" * 100_000)


def test_what_a_killed_run_was_writing_goes_with_the_next_start(tmp_path):
    """Temporary files and half a checkpoint are gone as soon as another training holds the folder."""
    run = _run(tmp_path, steps=(10,))
    (run.path / ".state.safetensors-0123456789abcdef.tmp").write_bytes(b"half")
    (run.path / "checkpoints" / ".step-000020-0123456789abcdef.tmp").mkdir()

    with run.held():
        pass

    assert [path.name for path in run.path.glob(".*.tmp")] == []
    assert [path.name for path in (run.path / "checkpoints").iterdir()] == ["step-000010"]


def test_the_summary_is_json(tmp_path):
    """What is finished can be read back."""
    run = _run(tmp_path)
    run.finish({"val_loss": 1.5, "name": "…"})
    assert json.loads(run.summary.read_text(encoding="utf-8")) == {"val_loss": 1.5, "name": "…"}
