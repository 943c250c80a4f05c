"""What a changed token moves, against the model asked beginning by beginning."""

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures.causal_mask import describe, headline
from talkgen.figures.registry import load_figure


@pytest.mark.parametrize("model", ["", "rotary", "small-lstm"])
def test_predictions_move_as_far_as_those_of_beginnings(model, data_of, inputs):
    """Each beginning of the text read by itself, before and after the change: the same distances, and none before."""
    loaded = inputs.model(model)
    data = data_of("causal_mask", model=model, sentence="to be")
    ids = loaded.tokenizer.encode("to be")

    def predict(read):
        with torch.no_grad():
            return loaded.model(torch.tensor([read]), last_only=True)[0][0, -1].double().softmax(-1)

    for i, token in enumerate(ids):
        other = [*ids[:i], (token + loaded.tokenizer.vocab_size // 2) % loaded.tokenizer.vocab_size, *ids[i + 1 :]]
        expected = [float((predict(ids[: j + 1]) - predict(other[: j + 1])).abs().sum() / 2) for j in range(len(ids))]
        assert data["moved"][i] == pytest.approx(expected, abs=1e-3)
        assert data["moved"][i][:i] == [0.0] * i
        assert data["moved"][i][i] > 0
    assert (data["earlier"], data["earlier_moved"]) == (10, 0)


def test_without_the_mask_it_would_be_seen(data_of, monkeypatch):
    """A transformer whose tokens look ahead moves predictions before the change, and the headline says so."""
    monkeypatch.setattr(
        "talkgen.lm.models.attention.attend",
        lambda q, k, v, visible=None: torch.nn.functional.scaled_dot_product_attention(q, k, v),
    )
    data = data_of("causal_mask", model="rotary", sentence="to be")
    assert data["earlier_moved"] == 10
    assert "moves 10 of 10" in headline(data)


def test_one_token(data_of, canvas):
    """A token alone has one prediction."""
    data = data_of("causal_mask", sentence="a")
    load_figure("causal_mask").draw(data, canvas)
    assert headline(data) == "One token, one prediction"
    assert "“a”" in describe(data)


def test_too_many_tokens_are_a_message(data_of):
    """What cannot be read is refused with its number."""
    with pytest.raises(ModelError, match="13 tokens"):
        data_of("causal_mask", sentence="to be or not ")
