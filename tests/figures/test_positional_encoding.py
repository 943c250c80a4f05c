"""What a position alone does, against the encodings themselves and a model that reads one token again and again."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import positional_encoding
from talkgen.figures.registry import load_figure
from talkgen.lm.models.base import Taps


def test_similarity_is_the_dot_product_of_the_papers_table(data_of):
    """Sines and cosines written out, from two different positions on."""
    positions, width = np.arange(200)[:, None], 16
    angles = positions / 10_000 ** (np.arange(0, width, 2) / width)
    table = np.concatenate((np.sin(angles), np.cos(angles)), axis=1)
    for start in (0, 77):
        expected = table[start : start + 64] @ table[start] / (table[start] @ table[start])
        assert data_of("positional_encoding")["sinusoid"] == pytest.approx(expected.tolist(), abs=1e-3)


@pytest.mark.parametrize("layer", [1, 2])
def test_heads_score_as_on_equal_tokens(layer, inputs):
    """Where all tokens are the same, the content is the mean: the model's own scores are the ones shown.

    In the second layer, too: equal tokens that look at equal ones stay equal.
    """
    loaded = inputs.model("rotary")
    taps = Taps("q", "k")
    ids = torch.tensor([loaded.tokenizer.encode("a" * 32)])
    with torch.no_grad():
        loaded.model(ids, taps=taps)
    q, k = taps.values["q"][layer - 1][0], taps.values["k"][layer - 1][0]  # [H, T, D], turned
    scores = (q[:, -1:] @ k.transpose(1, 2))[:, 0].flip(1) / q.size(2) ** 0.5  # [H, T], by offset
    shown = positional_encoding.position_scores(loaded, layer - 1, "a" * 32, 32)
    assert torch.allclose(shown.float(), scores, atol=1e-4)


def test_the_layer_is_that_of_the_most_local_head(data_of):
    """No head of any layer likes near tokens more than the coloured one; a layer can be named."""
    each = [data_of("positional_encoding", model="rotary", text="to be", layer=layer) for layer in (1, 2)]
    chosen = data_of("positional_encoding", model="rotary", text="to be")
    advantages = [max(map(positional_encoding.advantage, data["heads"])) for data in each]
    assert chosen["layer"] == 1 + advantages.index(max(advantages))
    assert [data["layer"] for data in each] == [1, 2]


@pytest.mark.parametrize("params", [{"text": "a", "offsets": 8}, {"text": "to be or not " * 3, "offsets": 64}])
def test_short_and_long_texts(params, data_of, canvas):
    """A text of one token and one that fills the context can be drawn; the scores begin at nothing."""
    data = data_of("positional_encoding", model="rotary", **params)
    assert {head[0] for head in data["heads"]} == {0.0}
    load_figure("positional_encoding").draw(data, canvas)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": "small-lstm"}, "no positions"),
        ({"layer": 9}, "no layer 9"),
    ],
)
def test_what_is_missing_is_said(params, message, data_of):
    """A model without positions, or without the layer, is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("positional_encoding", **{"model": "rotary", "text": "to be", **params})
    assert caught.value.problems[0].hint


@pytest.mark.parametrize("model", ["tiny", "translator"])
def test_learned_positions_along_their_components(model, data_of, inputs, canvas):
    """Eigenvectors of the table's covariance give the same lines, and the shares of the variance."""
    data = data_of("positional_encoding", model=model, text="to be", offsets=8)
    table = inputs.model(model).model.positions.weight.detach().double().numpy()
    values, vectors = np.linalg.eigh(np.cov(table.T))
    expected = (table - table.mean(0)) @ vectors[:, [-1, -2]]
    assert np.abs(data["components"]) == pytest.approx(np.abs(expected.T), rel=2e-3, abs=2e-3)
    assert data["shares"] == pytest.approx((values[[-1, -2]] / values.sum()).tolist(), rel=1e-3)
    assert f"{100 * sum(data['shares']):.0f}% of what tells {len(table)}" in positional_encoding.headline(data)
    positional_encoding.draw(data, canvas)
    assert "learned" in positional_encoding.describe(data)
