"""Figures that look inside a model, each against a computation of its own: cut-off models, other formulas, loops."""

import copy

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import embeddings, kv_cache, layer_norm, logit_lens, softmax_temperature, train_vs_inference
from talkgen.lm.files.catalog import find_model
from talkgen.lm.models.attention import Attention, Pass
from talkgen.pipeline.inputs import ProjectInputs

LONG = "to be or not to be that is the question"  # 39 of the 40 tokens that the tiny models hold


def ids_of(loaded, text):
    """The ids [1, T] of a text."""
    return torch.tensor([loaded.tokenizer.encode(text)])


@pytest.mark.parametrize("model", ["tiny", "rotary", "small-lstm"])
def test_one_pass_foretells_what_single_passes_do(model, data_of):
    """All predictions are the same, whatever remembers the past; both times are there."""
    data = data_of("train_vs_inference", model=model, text=LONG, repeats=3)
    assert (data["count"], data["same"]) == (39, 39)
    assert min(data["timings"].values()) > 0


def test_bytes_of_the_cache_are_those_of_its_tensors(data_of, inputs):
    """Two numbers of four bytes for each layer, head, channel and token; a text that was written on is as before."""
    loaded = inputs.model("tiny")
    config = loaded.model.config
    data = data_of("kv_cache", repeats=3)
    assert data["lengths"] == [16, 32]
    assert data["bytes"] == [2 * 4 * config.n_layer * config.n_embd * n for n in data["lengths"]]
    ids = ids_of(loaded, LONG)
    with torch.no_grad():
        _, state = loaded.model(ids[:, :20])
        kept = state.k[:, :, :, :20].clone()
        kv_cache.write_on(loaded.model, state, ids[:, 20:24])
    assert state.length == 20
    assert torch.equal(state.k[:, :, :, :20], kept)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_lens_sees_what_a_model_cut_off_there_would_say(layers, data_of, inputs):
    """A copy without the blocks above gives the same tokens and probabilities; the whole one those of the model."""
    loaded = inputs.model("rotary")
    data = data_of("logit_lens", model="rotary", sentence="to be or")
    cut = copy.deepcopy(loaded.model)
    cut.blocks = cut.blocks[:layers]
    with torch.no_grad():
        p = cut(ids_of(loaded, "to be or"))[0][0].softmax(-1)
    assert data["layers"][layers]["p"] == pytest.approx(p.max(-1).values.tolist(), abs=2e-4)
    last = [layer["next"][-1] for layer in data["layers"]]
    assert last[data["settled"] :] == [last[-1]] * (len(last) - data["settled"])
    assert data["settled"] == 0 or last[data["settled"] - 1] != last[-1]


def test_rows_of_deep_models_are_spread_from_first_to_last(data_of):
    """Of thirty layers seven are drawn, both ends among them; a step shows the lowest ones."""
    layer = {"next": ["a"], "p": [1.0]}
    data = {"layers": [layer | {"layer": number} for number in range(31)], "step": None}
    assert [each["layer"] for each in logit_lens.shown_layers(data)] == [0, 5, 10, 15, 20, 25, 30]
    assert [each["layer"] for each in logit_lens.shown_layers(data | {"step": 2})] == [0, 5]


def test_temperatures_are_those_of_numpy(data_of, inputs):
    """exp(logit / T) over its sum, with the largest logit taken off; entropy by its sum."""
    loaded = inputs.model("tiny")
    data = data_of("softmax_temperature", prompt="to be", temperatures=[0.3, 1.0, 4.0])
    with torch.no_grad():
        logits = loaded.model(ids_of(loaded, "to be"))[0][0, -1].double().numpy()
    order = np.argsort(-logits)[:7]
    for each in data["at"]:
        powers = np.exp((logits - logits.max()) / each["temperature"])
        p = powers / powers.sum()
        assert each["p"] == pytest.approx(p[order].tolist(), rel=1e-3)
        assert each["entropy"] == pytest.approx(-(p * np.log2(p)).sum(), rel=1e-3)
    assert f"{100 * data['at'][2]['p'][0]:.0f}%" in softmax_temperature.headline(data)


@pytest.mark.parametrize("model", ["tiny", "rms"])
def test_norms_are_their_papers(model, data_of, inputs, tmp_path):
    """LayerNorm and RMSNorm written out on the embedding and on what the first block adds to it."""
    if model == "rms":
        inputs = ProjectInputs(tmp_path, find_model("small", tmp_path))
    loaded = inputs.model("" if model == "rms" else model)
    text = "the name is bound" if model == "rms" else "to be or not"
    data = layer_norm.compute(layer_norm.Params(model="" if model == "rms" else model, text=text), inputs)
    block, ids = loaded.model.blocks[0], ids_of(loaded, text)
    seen = []
    hook = block.register_forward_pre_hook(lambda _module, given: seen.append(given))
    with torch.no_grad():
        loaded.model(ids)
        hook.remove()
        x, given = seen[0]
        middle = x + block.attention(block.norm_1(x), Pass(given.rotary))
    for number, (stream, norm) in enumerate(((x, block.norm_1), (middle, block.norm_2))):
        v = stream[0].detach().double().numpy()
        gain = norm.weight.detach().double().numpy()
        if model == "rms":
            out = v / np.sqrt((v**2).mean(1, keepdims=True) + norm.eps) * gain
        else:
            bias = norm.bias.detach().double().numpy()
            out = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + norm.eps) * gain + bias
        found = data["norms"][number]
        for part, rows in (("before", v), ("after", out)):
            sizes = np.sqrt((rows**2).mean(1))
            assert found[part]["low"] == pytest.approx(sizes.min(), rel=5e-3)
            assert found[part]["high"] == pytest.approx(sizes.max(), rel=5e-3)
    assert data["kind"] == ("RMSNorm" if model == "rms" else "LayerNorm")
    assert isinstance(block.attention, Attention)


def test_the_plane_is_that_of_the_covariance(data_of, inputs):
    """Eigenvectors of the covariance span it; cosines are those of pairs, one by one."""
    words = ["a", "b", "c", "d", "e", "f"]
    loaded = inputs.model("tiny")
    data = data_of("embeddings", words=words)
    table = loaded.model.embed.weight.detach().double().numpy()
    v = table[[loaded.tokenizer.encode(word)[0] for word in words]] - table.mean(0)
    values, vectors = np.linalg.eigh(np.cov(v.T))
    expected = (v - v.mean(0)) @ vectors[:, [-1, -2]]
    assert np.abs(data["plane"]) == pytest.approx(np.abs(expected), rel=2e-3, abs=1e-4)
    assert data["shares"] == pytest.approx((values[[-1, -2]] / values.sum()).tolist(), rel=1e-3)
    for index, (near, cosine) in enumerate(zip(data["nearest"], data["cosine"], strict=True)):
        every = {
            other: v[index] @ v[other] / np.linalg.norm(v[index]) / np.linalg.norm(v[other])
            for other in range(len(words))
            if other != index
        }
        assert near == max(every, key=every.get)
        assert cosine == pytest.approx(every[near], rel=1e-3)
    assert max(data["cosine"]) == data["cosine"][embeddings.most_alike(data)[0]]


@pytest.mark.parametrize(
    ("module", "short", "long"),
    [
        (train_vs_inference, {"text": "t"}, {"text": LONG}),
        (logit_lens, {"sentence": "t"}, {"sentence": "to be or n"}),
        (softmax_temperature, {"prompt": "t", "temperatures": [1.0]}, {"prompt": LONG, "temperatures": [1, 2, 3, 4]}),
        (layer_norm, {"text": "t"}, {"text": LONG}),
        (embeddings, {"words": ["a", "a", "a"]}, {"words": list("abcdefghijklmnopqrstuvwxyz")}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_short_and_long_texts(module, short, long, data_of, canvas):
    """One token and many can be drawn and said, step by step where there are steps."""
    name = module.__name__.rpartition(".")[2]
    for params in (short, long):
        data = data_of(name, **params)
        for step in range(1, 3):
            module.draw(data | ({"step": step} if "step" in data else {}), canvas)
        assert module.headline(data)


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("kv_cache", {"model": "small-lstm"}, "keeps no keys"),
        ("logit_lens", {"model": "small-lstm", "sentence": "to"}, "no residual stream"),
        ("logit_lens", {"sentence": "to be or not"}, "12 tokens"),
        ("layer_norm", {"model": "small-lstm", "text": "to"}, "no norms"),
        ("embeddings", {"words": ["a", "b", "ab"]}, "“ab” is 2 tokens"),
    ],
)
def test_what_is_missing_is_said(name, params, message, data_of):
    """A model of another kind, or words that do not fit, are a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of(name, **params)
    assert caught.value.problems[0].hint
