"""The numbers of figures that measure models: in the course of training, in time, and by their gradients."""

import contextlib
import json
import math
import shutil
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml

from talkgen.assets import pretrained_dir
from talkgen.errors import ModelError
from talkgen.figures import checkpoint_film, gradient_flow, sequence_latency
from talkgen.figures.measure import timing
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.train.corpus import FILE_BREAK
from talkgen.lm.train.loop import train
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.run import RunFolder, read_metrics
from talkgen.pipeline import keys as pipeline_keys

from .conftest import figure_key, film, project


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
def test_film_of_the_shipped_model_ends_at_its_summary(inputs):
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
    inputs = SimpleNamespace(run=lambda _: tmp_path / "run")
    data = checkpoint_film.compute(checkpoint_film.Params(prompt="to be", tokens=3), inputs)
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
    data = data_of("sequence_latency")
    for size, (d, lstm, rnn) in enumerate(((128, 157, 314), (640, 784, 1568))):
        counts = {
            "transformer": 2 * (12 * d**2 + 2 * d) + d,
            "lstm": 2 * (8 * lstm**2 + 8 * lstm),
            "rnn": 2 * (2 * rnn**2 + 2 * rnn),
        }
        assert {name: sizes[size] for name, sizes in data["parameters"].items()} == counts
        assert max(counts.values()) / min(counts.values()) < 1.02
    assert len(data["parameters"]["lstm"]) == 2


def test_latency_says_what_it_measured(data_of):
    """Each time lies between its extremes; text and data name the processor, the kernels and torch."""
    data = data_of("sequence_latency")
    for times in data["timings"].values():
        for found in (*times["read"], *times["train"], *times["write"]):
            assert 0 < found["lowest"] <= found["median"] <= found["highest"]
            assert found["all_cores"] > 0
        assert times["exponent"] == sorted(times["exponent"])
    text = sequence_latency.describe(data)
    assert all(part in text for part in (data["machine"], "one thread", torch.__version__, "n steps"))
    assert data["kernels"]["rnn"] == "a loop over tokens"
    assert f"Transformer ({data['kernels']['transformer']})" in text


@pytest.mark.parametrize("power", [-0.0732, 0.0051, 0.92, 1.0, -1.234])
@pytest.mark.parametrize("unit", [1e-5, 1e-3, 0.5])
def test_latency_has_room_for_any_machine(data_of, canvas, power, unit):
    """Whatever a slow, a quick or a busy machine measures: the names at the lines' ends stay on the canvas."""
    data = json.loads(json.dumps(data_of("sequence_latency")))
    for times in data["timings"].values():
        for what in ("read", "train", "write"):
            for size, found in enumerate(times[what]):
                found.update(dict.fromkeys(found, unit * 20**size))
        times["exponent"] = [power - 0.2, power, power + 0.3]
    picture = sequence_latency.draw(data, canvas)
    box = picture.get_tightbbox().padded(-1.5 / picture.dpi)
    assert min(box.x0, box.y0) >= 0
    assert box.x1 * picture.dpi <= canvas.width
    assert box.y1 * picture.dpi <= canvas.height


@pytest.mark.parametrize("name", ["rnn", "lstm", "transformer"])
def test_what_is_timed_is_reading_training_and_writing(name):
    """Reading n tokens and stepping on gives the logits of one forward pass; training gives every weight a gradient."""
    model = sequence_latency.build(name, 0, 64)
    ids = torch.arange(20)[None]
    state = sequence_latency.read(model, ids[:, :15])
    assert state.length == 15
    sequence_latency.write_on(model, state, ids[:, 15:16])
    assert state.length == 19
    with torch.inference_mode():
        whole, _ = model(torch.cat((ids[:, :15], ids[:, 15:16].repeat(1, 5)), dim=1))
        assert torch.allclose(model(ids[:, 15:16], state)[0][:, -1], whole[:, -1], atol=1e-4)
    sequence_latency.train(model, ids)
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_is_the_slope_of_the_logarithms(power):
    """Times that grow as a power give that power."""
    lengths = [64, 128, 256]
    assert sequence_latency.exponent(lengths, [n**power for n in lengths]) == pytest.approx(power)


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
        keys[name] = [figure_key(name, tmp_path)]
        monkeypatch.setattr(pipeline_keys, "machine", lambda: "another processor")
        keys[name].append(figure_key(name, tmp_path))
        monkeypatch.undo()
    here, there = keys["sequence_latency"]
    assert here.parts["device"] == timing.machine()
    assert here.hexdigest != there.hexdigest
    assert len({key.hexdigest for key in keys["parameter_counts"]}) == 1


def small_model(architecture: str, **shape):
    """A model of 8 units with fresh weights, large enough for its gates and nonlinearities to matter."""
    torch.manual_seed(3)
    config = ModelConfig(12, architecture, n_layer=1, n_embd=8, n_head=2, block_size=16, tied_head=False, **shape)
    model = build_model(config).eval()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.5)
    return model


def test_gradient_of_an_rnn_is_the_product_of_its_jacobians():
    """dL/dx at distance k: the softmax's error, back through k matrices diag(1 - h²) W, and through the input's."""
    model = small_model("rnn")
    windows = torch.tensor([[1, 5, 2, 7, 7, 3, 0, 11]])
    w = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    to_hidden, back, bias = w["rnn.weight_ih_l0"], w["rnn.weight_hh_l0"], w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"]
    h, states = np.zeros(8), []
    for token in windows[0, :-1].tolist():
        h = np.tanh(to_hidden @ w["embed.weight"][token] + back @ h + bias)
        states.append(h)
    p = np.exp(w["head.weight"] @ h)
    error = w["head.weight"].T @ (p / p.sum() - np.eye(12)[11])
    expected = []
    for h in reversed(states):
        expected.insert(0, np.linalg.norm(to_hidden.T @ ((1 - h**2) * error)))
        error = back.T @ ((1 - h**2) * error)
    assert gradient_flow.gradient_norms(model, windows)[0].tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("architecture", "shape"), [("rnn", {}), ("lstm", {}), ("lstm", {"attention": True}), ("transformer", {})]
)
def test_gradient_is_what_a_nudge_does(architecture, shape):
    """Each embedding moved a little in each direction, by central differences; no token occurs twice."""
    model = small_model(architecture, **shape)
    windows = torch.tensor([[1, 5, 2, 7, 3, 11]])
    measured = gradient_flow.gradient_norms(model, windows)[0]
    model.double()
    expected = []
    for token in windows[0, :-1].tolist():
        slopes = []
        for unit in range(8):
            losses = []
            for nudge in (1e-3, -1e-3):
                with torch.no_grad():
                    model.embed.weight[token, unit] += nudge
                    logits = model(windows[:, :-1], last_only=True)[0][0, -1].double()
                    losses.append(float(-logits.log_softmax(0)[windows[0, -1]]))
                    model.embed.weight[token, unit] -= nudge
            slopes.append((losses[0] - losses[1]) / 2e-3)
        expected.append(math.hypot(*slopes))
    assert measured.tolist() == pytest.approx(expected, rel=0.01, abs=1e-4)


def test_gradient_shrinks_by_the_matrix_where_tanh_is_straight():
    """An RNN that halves its state halves the gradient at each step, over two hundred of them without rounding to 0."""
    model = small_model("rnn")
    model.rnn.weight_hh_l0.data = 0.5 * torch.linalg.qr(torch.randn(8, 8))[0]
    model.rnn.weight_ih_l0.data = torch.eye(8)
    for part in (model.embed.weight, model.rnn.bias_ih_l0, model.rnn.bias_hh_l0):
        part.data *= 1e-6
    norms = gradient_flow.gradient_norms(model, torch.arange(202)[None] % 12)[0].flip(0)
    assert (norms / norms[0]).log2().tolist() == pytest.approx([-k for k in range(201)], abs=1e-3)
    found = gradient_flow.recurrent_matrix([model])
    assert found == {"singular_value": 0.5, "spectral_radius": 0.5}


def test_theory_stands_beside_what_is_measured(data_of, canvas):
    """The matrix's largest eigenvalue is drawn and named where it is below 1; above, nothing would fade."""
    data = data_of("gradient_flow")

    def said(radius: float) -> list[str]:
        rnn = {state: {**data["models"]["rnn"][state], "spectral_radius": radius} for state in ("new", "trained")}
        picture = gradient_flow.draw({**data, "models": {**data["models"], "rnn": rnn}}, canvas)
        return [text.get_text() for axes in picture.axes for text in axes.texts if "theory" in text.get_text()]

    assert [text.rpartition("dotted: ")[2] for text in said(0.5)] == ["theory ×0.50"] * 2
    assert said(1.2) == []


def test_measuring_leaves_the_model_as_it_was():
    """Another figure may be given the same model: neither precision, nor mode, nor hooks, nor gradients stay."""
    model = small_model("transformer", dropout=0.5)
    ids = torch.arange(9)[None]
    before = model(ids)[0]
    twice = [gradient_flow.gradient_norms(model, ids).tolist() for _ in range(2)]
    assert twice[0] == twice[1]
    assert torch.equal(model(ids)[0], before)
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradient_flow_compares_new_and_trained_models(data_of, inputs):
    """Means lie between the seeds' extremes, begin at 1, and are those of the models asked directly."""
    data = data_of("gradient_flow")
    assert list(data["models"]) == ["transformer", "lstm", "rnn"]
    near, far = data["far"]
    for model in data["models"].values():
        assert (model["new"]["seeds"], model["trained"]["seeds"]) == (3, 2)
        for found in (model["new"], model["trained"]):
            assert found["mean"][0] == 1
            assert all(
                lo <= g <= hi for lo, g, hi in zip(*(found[k] for k in ("lowest", "mean", "highest")), strict=True)
            )
            step = (found["mean"][far] / found["mean"][near]) ** (1 / (far - near))
            assert found["factor"][1] == pytest.approx(step, rel=0.01)
    rnns = [loaded for loaded in inputs.sweep_models("flow") if loaded.model.config.architecture == "rnn"]
    windows = gradient_flow.read_windows(rnns[0], 4)
    logs = [gradient_flow.gradient_norms(loaded.model, windows).log().mean(0).flip(0) for loaded in rnns]
    expected = torch.stack([log - log[0] for log in logs]).mean(0).exp()
    assert data["models"]["rnn"]["trained"]["mean"] == pytest.approx(expected.tolist(), rel=0.01)


def test_windows_are_the_held_out_text(inputs):
    """The end of the text that was kept from training, side by side, each with the token to predict."""
    loaded = inputs.sweep_models("flow")[0]
    text = (project() / "text.txt").read_text()
    held_out = text[int(len(text) * 0.9) :]
    windows = gradient_flow.read_windows(loaded, 100)
    assert windows.shape == (len(held_out) // 24, 25)
    assert "".join(loaded.tokenizer.decode(row[:-1].tolist()) for row in windows) == held_out[: windows[:, 1:].numel()]


def test_windows_of_several_files_begin_where_training_ended(tmp_path, inputs):
    """After the end of a file: what stands before it in the last tenth was trained on."""
    loaded = inputs.sweep_models("flow")[0]
    shutil.copytree(loaded.files.path, tmp_path / "run")
    text = (project() / "text.txt").read_text()
    (tmp_path / "run" / "text.txt").write_text(text + FILE_BREAK + text, encoding="utf-8")
    recipe = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    changed = {"data": "text:text.txt", "held_out": 0.8}
    (tmp_path / "run" / "config.yaml").write_text(yaml.safe_dump({**recipe, **changed}))
    several = replace(loaded, files=ModelFiles("run", "checkpoint", tmp_path / "run", "run"))
    first = gradient_flow.read_windows(several, 1)[0]
    assert loaded.tokenizer.decode(first.tolist()) == text[:25]


def test_gradient_flow_needs_text(tmp_path, inputs):
    """Models of a synthetic task have no text to read."""
    loaded = inputs.sweep_models("flow")[0]
    shutil.copytree(loaded.files.path, tmp_path / "run")
    recipe = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    (tmp_path / "run" / "config.yaml").write_text(yaml.safe_dump({**recipe, "data": "copy"}))
    other = replace(loaded, files=ModelFiles("run", "checkpoint", tmp_path / "run", "run"))
    with pytest.raises(ModelError, match="synthetic task"):
        gradient_flow.read_windows(other, 4)


def test_weights_of_a_sweep_are_part_of_the_key(tmp_path):
    """Other weights under the same summary are another figure; weights that were not kept are a message."""
    shutil.copytree(project() / "runs" / "flow", tmp_path / "runs" / "flow")
    run = tmp_path / "runs" / "flow" / "rnn-1x16-seed2"
    key = figure_key("gradient_flow", tmp_path)
    weights = next(run.glob("checkpoints/*/model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert figure_key("gradient_flow", tmp_path).hexdigest != key.hexdigest
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(ModelError, match="without the weights of rnn-1x16-seed2"):
        figure_key("gradient_flow", tmp_path)
