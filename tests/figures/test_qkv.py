"""The numbers of one head against the model's own forward pass, and what each step shows."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import qkv
from talkgen.figures.registry import load_figure


@pytest.mark.parametrize(("layer", "head"), [(1, 1), (2, 2)])
def test_numbers_give_the_models_output(layer, head, data_of, inputs):
    """What the head hands to the output projection is softmax(QKᵀ/√d) V of the printed numbers, to a millionth."""
    data = data_of("qkv", sentence="to be", layer=layer, head=head)
    loaded, handed = inputs.model(""), []
    projection = loaded.model.blocks[layer - 1].attention.proj
    hook = projection.register_forward_pre_hook(lambda _module, given: handed.append(given[0]))
    with torch.no_grad():
        loaded.model(torch.tensor([loaded.tokenizer.encode("to be")]))
    hook.remove()
    q, k, v = (np.array(data[name]) for name in ("q", "k", "v"))
    weights = np.exp(np.where(np.tri(5), q @ k.T / np.sqrt(data["width"]), -np.inf))
    weights /= weights.sum(1, keepdims=True)
    expected = handed[0][0, :, (head - 1) * data["width"] : head * data["width"]].numpy()
    assert weights @ v == pytest.approx(expected, abs=1e-6)
    assert np.array(data["output"]) == pytest.approx(expected, abs=1e-6)
    assert np.array(data["weights"]) == pytest.approx(weights, abs=1e-7)


def test_each_step_shows_more(data_of, canvas):
    """Six steps: every one has what the one before had, and the mask empties what lies ahead."""
    words = []
    for step in range(1, 7):
        data = data_of("qkv", sentence="to be", layer=1, head=1, step=step)
        words.append({text.get_text() for text in qkv.draw(data, canvas).axes[0].texts})
    shown = ["queries Q", "scores QKᵀ", "÷ √8", "÷ √8, masked", "softmax", "weights · V"]
    for step, title in enumerate(shown):
        assert [title in texts for texts in words[:step]] == [False] * step
        assert title in words[step]
    full = qkv._panels(data_of("qkv", sentence="to be", layer=1, head=1, step=3), wide=True)[1][1]
    masked = qkv._panels(data, wide=True)[1][1]
    assert sum(x is None for row in full for x in row) == 0
    assert [[x is None for x in row] for row in masked] == [[c > r for c in range(5)] for r in range(5)]


def test_heads_share_keys_in_groups():
    """With four query heads and two of keys, heads 3 and 4 read the second one's keys."""
    taps = {"q": [torch.arange(4.0).view(1, 4, 1, 1)], "k": [torch.arange(2.0).view(1, 2, 1, 1)]}
    taps["v"] = taps["k"]
    for head, key in ((1, 0), (2, 0), (3, 1), (4, 1)):
        q, k, _ = qkv._head(taps, qkv.Params(layer=1, head=head))
        assert (float(q), float(k)) == (head - 1, key)


def test_one_token(data_of, canvas):
    """A token alone takes all from itself."""
    data = data_of("qkv", sentence="a", layer=1, head=1)
    assert data["weights"] == [[1.0]]
    assert data["output"] == data["v"]
    load_figure("qkv").draw(data, canvas)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layer": 9}, "no layer 9"),
        ({"head": 9}, "no head 9"),
        ({"model": "small-lstm"}, "no attention to show"),
        ({"sentence": "to be or not"}, "12 tokens"),
    ],
)
def test_what_is_missing_is_said(params, message, data_of):
    """A layer, a head or attention that is not there, or too many tokens, is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("qkv", **{"sentence": "to be", "layer": 1, "head": 1, **params})
    assert caught.value.problems[0].hint
