"""The numbers of figures that measure models: in the course of training, in time, and by their gradients."""

import contextlib
import json
import math
import shutil
import time
from types import SimpleNamespace

import pytest
import torch
import yaml

from talkgen.assets import pretrained_dir
from talkgen.errors import ModelError
from talkgen.figures import checkpoint_film, sequence_latency, timing
from talkgen.figures.registry import load_figure
from talkgen.lm.engine import Engine
from talkgen.lm.hub import ModelFiles
from talkgen.lm.recipe import Recipe
from talkgen.lm.run import RunFolder, read_metrics
from talkgen.lm.sample import Sampling
from talkgen.lm.train import train
from talkgen.lm.weights import load_model
from talkgen.pipeline import plan
from talkgen.pipeline.plan import figure_data_key

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


def test_latency_compares_models_of_one_size(data_of):
    """Two layers each; the parameters beside embeddings, counted from the papers' equations, differ by two percent."""
    recurrent = {"rnn": 2 * (2 * 314**2 + 2 * 314), "lstm": 2 * (8 * 157**2 + 8 * 157)}
    counts = {**recurrent, "transformer": 2 * (12 * 128**2 + 2 * 128) + 128}
    data = data_of("sequence_latency")
    assert data["parameters"] == counts
    assert max(counts.values()) / min(counts.values()) < 1.02
    assert data["lengths"] == [16, 32, 64]


def test_latency_says_what_it_measured(data_of):
    """Each time lies between its extremes; text and data name the processor, the thread and torch."""
    data = data_of("sequence_latency")
    for times in data["timings"].values():
        for found in (times["read"], times["write"]):
            assert all(0 < low <= middle <= high for low, middle, high in zip(*_three(found), strict=True))
            assert found["exponent"] == sorted(found["exponent"])
    text = sequence_latency.describe(data)
    assert all(part in text for part in (data["machine"], "one thread", torch.__version__, "n steps"))


def _three(found):
    return found["lowest"], found["median"], found["highest"]


@pytest.mark.parametrize("name", ["rnn", "lstm", "transformer"])
def test_what_is_timed_is_reading_and_writing(name):
    """The timed calls read n tokens and then step on, with the logits of one forward pass over all of them."""
    model = sequence_latency.build(name, 64)
    ids = torch.arange(20)[None]
    state = sequence_latency.read(model, ids[:, :15])
    assert state.length == 15
    sequence_latency.write_on(model, state, ids[:, 15:16])
    assert state.length == 19
    whole, _ = model(torch.cat((ids[:, :15], ids[:, 15:16].repeat(1, 5)), dim=1))
    assert torch.allclose(model(ids[:, 15:16], state)[0][:, -1], whole[:, -1], atol=1e-4)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_is_that_of_the_longer_half(power):
    """A constant cost that hides the growth of short sequences does not count."""
    lengths = [16, 32, 64, 128, 256, 512]
    seconds = [1.0, 1.0, 1.0, *(n**power for n in lengths[3:])]
    assert sequence_latency.exponent(lengths, seconds) == pytest.approx(power)


def test_calls_are_interleaved_and_waiting_is_not_counted():
    """Once to warm up, then in turn, forwards and backwards; a call that sleeps costs a core nothing."""
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: (order.append("b"), time.sleep(0.1))}
    seconds = timing.core_seconds(calls, 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert [len(times) for times in seconds.values()] == [3, 3]
    assert max(seconds["b"]) < 0.09


def test_threads_are_given_back():
    """Torch has one thread while the clock runs, and as many as before when something failed there."""
    before = torch.get_num_threads()
    with contextlib.suppress(ZeroDivisionError), timing.one_thread():
        assert torch.get_num_threads() == 1
        1 / 0  # noqa: B018
    assert torch.get_num_threads() == before


def test_times_are_kept_for_one_machine(tmp_path, monkeypatch):
    """Elsewhere a figure that measures time is computed anew; one that does not is taken from the store."""
    keys = {}
    for name in ("sequence_latency", "parameter_counts"):
        params = load_figure(name).Params()
        keys[name] = [figure_data_key(name, params, None, tmp_path)]
        monkeypatch.setattr(plan, "machine", lambda: "another processor")
        keys[name].append(figure_data_key(name, params, None, tmp_path))
        monkeypatch.undo()
    here, there = keys["sequence_latency"]
    assert here.parts["device"] == timing.machine()
    assert here.hexdigest != there.hexdigest
    assert len({key.hexdigest for key in keys["parameter_counts"]}) == 1
