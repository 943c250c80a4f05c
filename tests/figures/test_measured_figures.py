"""The numbers of figures that measure models: in the course of training, in time, and by their gradients."""

import json
import math
import shutil
from types import SimpleNamespace

import pytest
import yaml

from talkgen.assets import pretrained_dir
from talkgen.errors import ModelError
from talkgen.figures import checkpoint_film
from talkgen.lm.engine import Engine
from talkgen.lm.hub import ModelFiles
from talkgen.lm.recipe import Recipe
from talkgen.lm.run import RunFolder, read_metrics
from talkgen.lm.sample import Sampling
from talkgen.lm.train import train
from talkgen.lm.weights import load_model

from .conftest import film


def test_film_shows_what_each_checkpoint_says(data_of):
    """Each row but the first is what an engine over that step's checkpoint generates; the losses are the log's."""
    data = data_of("checkpoint_film")
    kept = RunFolder(film()).steps()
    assert [row["step"] for row in data["rows"]] == [0, *kept]
    for row in data["rows"][1:]:
        folder = RunFolder(film()).checkpoint(row["step"])
        engine = Engine(load_model(ModelFiles("film", "checkpoint", folder, "film")))
        assert row["text"] == engine.generate("to be", max_tokens=12, sampling=Sampling(0.7)).text
    assert data["rows"][-1]["loss"] == pytest.approx(read_metrics(film())[-1]["val_loss"], abs=2e-3)


def test_film_begins_with_the_models_fresh_weights(data_of, tmp_path):
    """The first row is that of a run that kept its weights before the first step; about as good as guessing."""
    data = data_of("checkpoint_film")
    recipe = yaml.safe_load((film() / "config.yaml").read_text())
    recipe |= {"keep": {"count": 2, "first": 0}, "schedule": {"steps": 1, "warmup": 0}}
    train(Recipe.model_validate(recipe), RunFolder(tmp_path))
    params = checkpoint_film.Params(prompt="to be", tokens=12)
    kept = checkpoint_film.compute(params, SimpleNamespace(run=lambda _: tmp_path))
    assert (kept["rows"][0]["text"], kept["rows"][0]["step"]) == (data["rows"][0]["text"], 0)
    assert kept["rows"][0]["loss"] == pytest.approx(data["rows"][0]["loss"], abs=1e-3)
    assert data["rows"][0]["loss"] == pytest.approx(math.log(15), abs=0.1)
    losses = [row["loss"] for row in data["rows"]]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.slow
def test_film_of_the_shipped_model_ends_at_its_summary(given):
    """The last row's loss is the one that training wrote down."""
    folder = pretrained_dir() / "small"
    data = checkpoint_film.compute(checkpoint_film.Params(tokens=1), SimpleNamespace(run=lambda _: folder))
    assert [row["step"] for row in data["rows"]] == [0, 10, 48, 222, 1000]
    assert data["rows"][-1]["loss"] == pytest.approx(
        json.loads((folder / "summary.json").read_text())["val_loss"], abs=1e-3
    )


def test_film_without_the_text_shows_no_loss(tmp_path):
    """Where the source holds another text than the one trained on, there is nothing to measure honestly."""
    shutil.copytree(film(), tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    summary["data"]["sha256"] = "0" * 64
    (tmp_path / "run" / "summary.json").write_text(json.dumps(summary))
    given = SimpleNamespace(run=lambda _: tmp_path / "run")
    data = checkpoint_film.compute(checkpoint_film.Params(prompt="to be", tokens=3), given)
    assert {row["loss"] for row in data["rows"]} == {None}
    assert "loss" not in checkpoint_film.describe(data)


def test_film_needs_checkpoints(tmp_path):
    """A folder without any is a message."""
    with pytest.raises(ModelError, match="no checkpoints"):
        checkpoint_film.compute(checkpoint_film.Params(), SimpleNamespace(run=lambda _: tmp_path))


@pytest.mark.parametrize(
    ("steps", "count", "chosen"),
    [([0, 10, 48, 222, 1000], 5, [0, 10, 48, 222, 1000]), ([0, 1, 2, 999, 1000], 3, [0, 2, 1000]), ([0, 7], 4, [0, 7])],
)
def test_rows_are_spaced_by_the_logarithm(steps, count, chosen):
    """Both ends are kept, and what lies between is spread in log(step + 1) as far as there are checkpoints."""
    assert checkpoint_film.spaced_steps(steps, count) == chosen
