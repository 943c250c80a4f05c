"""RNNsearch: equal to the paper's equations written out, padding and all, and a language model like the others."""

import numpy as np
import pytest
import torch
from translations import SEARCH, make, rows

from talkgen.errors import ModelError
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import SEPARATOR, ModelConfig
from talkgen.lm.train.recipe import ModelRecipe


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def gru(w, prefix, suffix, x, h):
    """Cho et al. (2014), as torch numbers it: reset and update gates, then the candidate."""
    gates_x = w[f"{prefix}weight_ih{suffix}"] @ x + w[f"{prefix}bias_ih{suffix}"]
    gates_h = w[f"{prefix}weight_hh{suffix}"] @ h + w[f"{prefix}bias_hh{suffix}"]
    (rx, zx, nx), (rh, zh, nh) = np.split(gates_x, 3), np.split(gates_h, 3)
    z = sigmoid(zx + zh)
    return (1 - z) * np.tanh(nx + sigmoid(rx + rh) * nh) + z * h


def written_out(model, source, target):
    """Bahdanau et al. (2015), A.2, for one sentence without padding: logits and weights, in float64 and numpy."""
    w = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    words, size = [w["embed.weight"][i] for i in (*source, SEPARATOR)], SEARCH.n_embd
    forward, backward = [np.zeros(size)], [np.zeros(size)]
    for word in words:
        forward.append(gru(w, "encoder.", "_l0", word, forward[-1]))
    for word in reversed(words):
        backward.append(gru(w, "encoder.", "_l0_reverse", word, backward[-1]))
    h = np.array([np.concatenate(both) for both in zip(forward[1:], backward[:0:-1], strict=True)])
    s = np.tanh(w["start.weight"] @ backward[-1] + w["start.bias"])
    logits, looked = [], []
    for token in (SEPARATOR, *target):
        before = w["embed.weight"][token]
        e = np.array([w["fit.weight"][0] @ np.tanh(w["ask.weight"] @ s + w["key.weight"] @ each) for each in h])
        a = np.exp(e) / np.exp(e).sum()
        s = gru(w, "decoder.", "", np.concatenate((before, a @ h)), s)
        t = np.tanh(w["mix.weight"] @ np.concatenate((s, a @ h, before)) + w["mix.bias"])
        logits.append(w["embed.weight"] @ t)
        looked.append(a)
    return np.array(logits), np.array(looked)


@torch.no_grad()
def test_logits_and_weights_equal_the_papers_equations():
    """Sources of three lengths in one batch give what each gives by itself, where nothing is filled up."""
    model, ids, taps = make(SEARCH), rows(), Taps("cross")
    logits, _ = model(ids, taps=taps)
    (weights,) = taps.values["cross"]
    assert weights.shape == (3, 1, 10, 8)
    for row, words in enumerate((7, 4, 1)):
        expected, looked = written_out(model, ids[row, 7 - words : 7].tolist(), ids[row, 8:].tolist())
        assert np.abs(logits[row, 7:].numpy() - expected).max() < 1e-4
        assert np.abs(weights[row, 0, :, 7 - words :].numpy() - looked).max() < 1e-5
        assert not weights[row, 0, :, : 7 - words].any()
    assert not logits[:, :7].any()


def test_training_gives_gradients_to_every_weight():
    """The loss after the separator reaches both directions of the encoder, the alignment and the decoder."""
    torch.manual_seed(1)
    model = build_model(SEARCH).train()
    model(rows())[0][:, 7:].logsumexp(-1).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("changed", [{"n_layer": 2}, {"shift": True}])
def test_what_it_cannot_be_is_refused(changed):
    """A second layer or a shift is refused, in a recipe and in a checkpoint's config."""
    shape = {"architecture": "rnnsearch", "n_layer": 1, "n_embd": 16, "n_head": 1, **changed}
    with pytest.raises(ValueError, match=r"one layer|no one-token shift"):
        ModelRecipe(**shape)
    with pytest.raises(ModelError, match=r"one layer|no one-token shift"):
        ModelConfig(60, **shape)
