"""What models learned in a time: how many pairs they hold, and where one curve of losses passes another."""

from __future__ import annotations

import numpy as np
import pytest

from talkgen.errors import ModelError
from talkgen.figures import data_curve, memory_bottleneck


def test_memory_is_the_mean_of_each_models_seeds(data_of, inputs):
    """Shares, seconds and seeds are those of the sweep's runs; more is stored than a recurrent state holds."""
    models = {(model["model"], model["state"]): model for model in data_of("memory_bottleneck")["models"]}
    assert list(models) == [
        ("Transformer with shift", None),
        ("LSTM with shift", 256),
        ("LSTM with shift", 128),
        ("RNN with shift", 128),
        ("Transformer", None),
    ]
    runs = inputs.sweep("mqar-lstm")["runs"]
    lstm = models["LSTM with shift", 256]
    shares = np.array([run["recall_by_pairs"]["accuracy"] for run in runs])
    assert lstm["accuracy"] == pytest.approx(shares.mean(0), abs=1e-4)
    assert (lstm["least"], lstm["most"]) == (
        pytest.approx(shares.min(0), abs=1e-4),
        pytest.approx(shares.max(0), abs=1e-4),
    )
    assert lstm["seeds"] == 3
    assert models["Transformer with shift", None]["holds"] == 128 > lstm["holds"] > models["Transformer", None]["holds"]


def test_memory_says_how_long_was_trained(data_of):
    """Each model's seconds stand in its line's name and in the words; nothing says that one cannot."""
    data = data_of("memory_bottleneck")
    said = memory_bottleneck.describe(data)
    for model in data["models"]:
        assert f"{model['seconds']:g} s" in memory_bottleneck.title(model)
        assert f"trained for {model['seconds']:g} s of one core" in said
    assert "cannot" not in said


def test_every_models_curve_is_at_hand(data_of, inputs):
    """The log of each run of each sweep is shipped, and is a run's like any other: `SWEEP/RUN`."""
    for sweep in memory_bottleneck.Params().model_dump().values():
        for run in inputs.sweep(sweep)["runs"]:
            curve = data_of("training_curve", run=f"{sweep}/{run['name']}")["runs"][0]
            assert (curve["name"], curve["architecture"]) == (run["name"], run["architecture"])
            assert curve["held_out_tokens"][-1] == run["tokens"]


def test_memory_wants_a_sweep_on_pairs(data_of):
    """A sweep that was trained on a text is told apart from one that forgets."""
    with pytest.raises(ModelError, match="'scaling' has no recall by pairs"):
        data_of("memory_bottleneck", recurrent="scaling")


def curve(architecture, losses, seconds, **more):
    """A model of `data_curve` after 1, 10 and 100 tokens."""
    points = {"tokens": [1, 10, 100], "seconds": seconds, "losses": losses}
    return {"model": architecture, "architecture": architecture, **points, **more}


@pytest.mark.parametrize(
    ("losses", "seconds", "passes"),
    [
        ([5, 4, 2], [1, 10, 100], {"tokens": 22, "seconds": 22}),  # a third of the way from 10 to 100
        ([5, 4, 2], [2, 20, 200], {"tokens": 22, "seconds": 54}),
        ([5, 4, 2], [50, 500, 5000], {"tokens": 22, "seconds": None}),  # together only while it is behind
        ([3, 2, 1], [1, 10, 100], {"tokens": 1, "seconds": 1}),
        ([5, 4, 3.5], [1, 10, 100], {"tokens": None, "seconds": None}),
    ],
)
def test_where_a_curve_passes_another(losses, seconds, passes):
    """For good, on straight lines over the logarithm; where it does not, nothing is said to be passed."""
    data = {"models": [curve("transformer", losses, seconds), curve("lstm", [4, 3.5, 3], [1, 10, 100])]}
    found = data_curve.meet(data["models"])
    assert {axis: found["passes"][axis] for axis in passes} == passes
    said = data_curve.verdict(found | data)
    assert ("leads at every length" in said) is (passes["tokens"] is None)
    assert ("not yet by the clock" in said) is (passes["tokens"] is not None and passes["seconds"] is None)


def test_data_curve_is_what_the_sweeps_say(data_of, inputs, canvas):
    """Losses, tokens and seconds of a core are those of the runs; both that are compared were trained on one text."""
    data = data_of("data_curve")
    models, drawn = {model["model"]: model for model in data["models"]}, data_curve.draw(data, canvas)
    assert list(models) == ["Transformer with shift", "LSTM", "Transformer", "LSTM with shift"]
    sweeps = [inputs.sweep(name) for name in ("library", "library-lstm", "library-plain", "library-lstm-shift")]
    more = [inputs.sweep(f"{sweep['name']}-seeds") for sweep in sweeps]
    more += [inputs.sweep(f"{name}-long") for name in ("library", "library-lstm")]
    for place, sweep in enumerate(more):
        sweeps[place % 4]["runs"] += sweep["runs"]
    for model, sweep in zip(models.values(), sweeps, strict=True):
        assert model["tokens"] == sorted({run["tokens"] for run in sweep["runs"]})
        for place, tokens in enumerate(model["tokens"]):
            runs = [run for run in sweep["runs"] if run["tokens"] == tokens]
            losses = [run["val_loss"] for run in runs]
            spread = [model[key][place] for key in ("losses", "least", "most")]
            assert spread == pytest.approx([np.mean(losses), min(losses), max(losses)], abs=1e-4)
            assert model["seconds"][place] == pytest.approx(np.median([run["cpu_seconds"] for run in runs]), rel=0.01)
            assert model["seeds"][place] == len(runs)
    assert len(sweeps[0]["files"]) == 608
    assert all(sweep["files"] == sweeps[0]["files"] for sweep in (*sweeps, *more))
    assert {count for model in models.values() for count in model["seeds"]} == {3}
    said = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert "held-out loss, nats a token; 3 seeds, at most 0.07 apart" in said


def test_data_curve_wants_runs_of_several_lengths(data_of):
    """A sweep that does not say how long a core worked is named."""
    with pytest.raises(ModelError, match="'scaling' does not say how long"):
        data_of("data_curve", attention="scaling")
