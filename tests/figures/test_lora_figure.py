"""The figure of low-rank adaptation: what it trains on, its counts, its directions."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import lora


def test_sentences_are_french_and_held_out_ones_are_new(inputs):
    """Windows follow one another by a token; training and held-out texts differ, and each repeats."""
    loaded = inputs.model("translator")
    learned = lora.french_batches(loaded, 2, 3, 10, unseen=False, seed=1)
    held_out = lora.french_batches(loaded, 1, 3, 10, unseen=True, seed=1)
    assert [tuple(x.shape) for x, _ in learned] == [(3, 10)] * 2
    assert torch.equal(learned[0][0][:, 1:], learned[0][1][:, :-1])
    assert not torch.equal(learned[0][0], held_out[0][0])
    again = lora.french_batches(loaded, 2, 3, 10, unseen=False, seed=1)
    assert all(torch.equal(x, y) for (x, _), (y, _) in zip(learned, again, strict=True))
    words = loaded.tokenizer.pieces(learned[0][0].flatten().tolist())
    assert {"le", "la", "les"} & {word.strip() for word in words}


def test_counts_losses_and_directions(data_of, inputs):
    """Trained parameters by the paper's formula, the loss before by torch, energies that add up to one."""
    data = data_of("lora", model="tiny", ranks=[2, 1], steps=4)
    assert [each["rank"] for each in data["ranks"]] == [1, 2]
    per_rank = sum(n + k for n, k in ((48, 16), (16, 16), (64, 16), (16, 64))) * 2
    assert [each["trained"] for each in data["ranks"]] == [per_rank, 2 * per_rank]
    loaded = inputs.model("tiny")
    x, y = lora.french_batches(loaded, 1, 16, 32, unseen=True, seed=1)[0]
    with torch.no_grad():
        p = loaded.model(x)[0].double().softmax(-1).numpy()
    expected = -np.log(np.take_along_axis(p, y.numpy()[..., None], 2)).mean()
    assert data["before"] == pytest.approx(expected, rel=1e-3)
    assert data["values"] == sorted(data["values"], reverse=True)
    assert data["energy"][-1] == pytest.approx(1)
    squares = np.array(data["values"]) ** 2
    assert data["energy"][0] == pytest.approx(squares[0] / squares.sum(), rel=0.01)
    assert squares[: lora.half_energy(data)].sum() >= 0.49 * squares.sum()


def test_headlines_are_quotients_of_the_losses(data_of, canvas):
    """The best rank's share of what full fine-tuning gains; without a gain it is not told."""
    data = data_of("lora") | {"before": 8.0, "full": {"trained": 1000, "loss": 2.0}}
    data["ranks"] = [{"rank": 1, "trained": 10, "loss": 6.5}, {"rank": 4, "trained": 40, "loss": 3.5}]
    assert lora.headline(data) == "Rank 4 trains 4% of the parameters and gets 75% of the gain"
    assert "8.00 to 3.50" in lora.headline(data | {"step": 1})
    assert "8.00 to 3.50" in lora.headline(data | {"full": {"trained": 1000, "loss": 9.0}})
    for step in (1, 2, 3):
        lora.draw(data | {"step": step}, canvas)


def test_a_recurrent_model_is_refused(data_of):
    """It has no such matrices; a hint names one that has."""
    with pytest.raises(ModelError, match="no transformer") as caught:
        data_of("lora", model="small-lstm", steps=1)
    assert caught.value.problems[0].hint
