"""The element `attention`: its weights are the model's, a head that is off adds nothing, and what a rollout is."""

import base64
import copy

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.models.base import Taps

from .conftest import TEXT


def triangles(text: str, count: int, size: int) -> np.ndarray:
    """The lower triangles [count, size, size] behind base64 bytes."""
    values = np.frombuffer(base64.b64decode(text), np.uint8).reshape(count, -1) / 255
    full = np.zeros((count, size, size))
    full[(slice(None), *np.tril_indices(size))] = values
    return full


def test_the_weights_are_the_models_own(ask, engines):
    """Every head's weights, to half a step of a byte."""
    answer, engine = ask("attention"), engines["small"]
    taps = Taps("attention")
    engine.model(torch.tensor([engine.encode(TEXT)]), taps=taps)
    wanted = torch.cat([layer.detach()[0] for layer in taps.values["attention"]]).numpy()
    got = triangles(answer["weights"], answer["layers"] * answer["heads"], len(answer["tokens"]))
    assert np.abs(got - wanted).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(("layer", "head"), [(1, 2), (3, 4)])
def test_a_head_that_is_off_is_one_without_output_weights(ask, engines, layer, head):
    """The bars equal those of a model whose output projection has zeros where that head comes in."""
    engine = engines["small"]
    projection = engine.model.blocks[layer - 1].attention.proj.weight
    size = engine.model.config.head_dim
    columns = slice((head - 1) * size, head * size)
    kept = projection.detach().clone()
    try:
        with torch.no_grad():
            projection[:, columns] = 0
            p = engine.model(torch.tensor([engine.encode(TEXT)]))[0][0, -1].softmax(-1)
    finally:
        with torch.no_grad():
            projection.copy_(kept)
    answer = ask("attention", off=[f"{layer}.{head}"])
    best = engine.tokenizer.pieces([int(p.argmax())])[0]
    found = {bar["text"]: bar["p"] for bar in answer["bars"]}
    assert found[best] == pytest.approx(float(p.max()), abs=1e-5)
    assert any(bar["p"] != bar["before"] for bar in answer["bars"])


def test_nothing_off_is_the_next_token(ask, engines):
    """With every head on, the bars are those of the element `next_token`."""
    bars = ask("attention")["bars"]
    candidates = engines["small"].next_token(TEXT, bars=5).candidates
    assert [bar["text"] for bar in bars] == [candidate.text for candidate in candidates]
    assert [bar["p"] for bar in bars] == pytest.approx([candidate.p for candidate in candidates], abs=1e-5)


def test_the_rollout_is_the_product_of_half_and_half(ask):
    """Its rows sum to 1, and it is the product of the layers' means with the residual path."""
    answer = ask("attention")
    size = len(answer["tokens"])
    layers = triangles(answer["weights"], answer["layers"] * answer["heads"], size)
    means = layers.reshape(answer["layers"], answer["heads"], size, size).mean(1)
    wanted = np.linalg.multi_dot([0.5 * (layer + np.eye(size)) for layer in means[::-1]])
    got = triangles(answer["rollout"], 1, size)[0]
    assert np.abs(got.sum(1) - 1).max() < 0.03
    assert np.abs(got - wanted).max() < 0.01


@pytest.mark.parametrize("off", [(), ("2.3",)])
def test_what_the_next_token_rests_on_is_slope_times_input(ask, engines, off):
    """Each token's share is that of the norm of its embedding times the logit's slope, here by finite differences."""
    engine, step = engines["small"], 1e-5
    model = copy.deepcopy(engine.model).double()
    size = model.config.head_dim
    for layer, head in (map(int, switch.split(".")) for switch in off):
        model.blocks[layer - 1].attention.proj.weight.data[:, (head - 1) * size : head * size] = 0
    ids = torch.tensor([engine.encode(TEXT)])
    with torch.inference_mode():
        best = int(model(ids)[0][0, -1].argmax())
        given = model.embed(ids)[0]  # [T, C]
        moved = torch.eye(given.numel(), dtype=given.dtype).view(-1, *given.shape) * step  # one number at a time
        slopes = []
        for batch in moved.split(128):
            ends = []
            for sign in (1, -1):
                put_in = model.embed.register_forward_hook(lambda *_, rows=given + sign * batch: rows)
                ends.append(model(ids.expand(len(batch), -1))[0][:, -1, best])
                put_in.remove()
            slopes.append((ends[0] - ends[1]) / (2 * step))
    norms = (torch.cat(slopes).view_as(given) * given).norm(dim=1)
    assert ask("attention", off=off)["rests"] == pytest.approx((norms / norms.sum()).tolist(), abs=2e-3)


def test_what_has_no_attention_says_so(ask):
    """A recurrent model is refused with a hint, as is a head that is not there."""
    with pytest.raises(ModelError, match="no attention to show"):
        ask("attention", model="small-lstm")
    with pytest.raises(ModelError, match="there is no head 9 in layer 1"):
        ask("attention", off=["1.9"])
