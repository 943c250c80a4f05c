"""The elements `qkv`, `kv_cache`, `race`, `training`, `translate`: their numbers by another way, what they refuse."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.answer.callers import Caller, GoneError
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.models.base import Taps
from talkgen.lm.train.run import read_metrics

from .conftest import TEXT


def test_the_numbers_of_a_head_give_its_weights(ask, engines):
    """softmax(QKᵀ/√d) of the numbers shown is the model's own attention, and the output follows from them."""
    answer, engine = ask("qkv", layer=2, head=3), engines["small"]
    taps = Taps("attention")
    engine.model(torch.tensor([engine.encode(TEXT)]), taps=taps)
    q, k, v, output = (np.array(answer[name]) for name in ("q", "k", "v", "output"))
    scores = np.where(np.tri(len(q)) > 0, q @ k.T / np.sqrt(answer["width"]), -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert weights == pytest.approx(taps.values["attention"][1][0, 2].detach().numpy(), abs=1e-3)
    assert weights @ v == pytest.approx(output, abs=2e-3)
    with pytest.raises(ModelError, match="there is no head 9 in layer 1"):
        ask("qkv", head=9)


def test_the_cache_changes_no_token(ask, engines):
    """What is written is the greedy text, a time for each token on both ways, and the bytes are the state's own."""
    parts, engine = [], engines["small"]
    answer = ask("kv_cache", parts=parts, tokens=5)
    text, _ = engine.beams(TEXT, width=1, max_tokens=5)[0]
    assert "".join(answer["tokens"]) == text
    assert len(answer["cached"]) == len(answer["again"]) == 5
    assert min(*answer["cached"], *answer["again"]) > 0
    state = engine.model.new_state(1, 7)
    assert answer["bytes"] == (state.k.nbytes + state.v.nbytes) / 7
    assert [len(part["tokens"]) for part in parts] == [1, 2, 3, 4, 5]
    with pytest.raises(ModelError, match="keeps no keys"):
        ask("kv_cache", model="small-lstm", tokens=4)


def test_a_race_measures_longer_and_longer_texts(ask):
    """Eight lengths up to the longest, each told as it is measured."""
    parts = []
    answer = ask("race", parts=parts, longest=64)
    assert [lap["length"] for lap in answer["laps"]] == [8, 16, 24, 32, 40, 48, 56, 64]
    assert all(lap["read"] > 0 and lap["step"] > 0 for lap in answer["laps"])
    assert [len(part["laps"]) for part in parts] == list(range(1, 9))


def test_a_race_stops_for_nobody(ask):
    """Who leaves ends it."""
    with pytest.raises(GoneError):
        ask("race", longest=64, caller=Caller(gone=lambda: True))


def test_a_run_is_looked_back_on(ask, engines):
    """The curve is the run's log, thinned; the samples stand at its checkpoints; the last is the model's own text."""
    parts = []
    answer, engine = ask("training", parts=parts, tokens=6), engines["small"]
    log = {row["step"]: row["loss"] for row in read_metrics(engine.files.path)}
    assert 90 <= len(answer["curve"]) <= 110
    assert all(point["loss"] == pytest.approx(log[point["step"]], abs=1e-4) for point in answer["curve"])
    assert [sample["step"] for sample in answer["samples"]] == [10, 48, 222, 1000]
    assert [len(part["samples"]) for part in parts] == [1, 2, 3, 4]
    assert answer["parameters"] == engine.model.count_parameters()
    last = engine.generate(TEXT, max_tokens=6, seed=1, sampling=Sampling(0.7))
    assert answer["samples"][-1]["text"] == last.text


def test_a_training_here_learns(ask):
    """Its loss falls; samples stand before the first step and after the last; before all and at each it is told."""
    parts = []
    answer = ask("training", parts=parts, train=3, steps=30, tokens=8)
    assert answer["curve"][-1]["loss"] < answer["curve"][0]["loss"] - 0.5
    assert (answer["samples"][0]["step"], answer["samples"][-1]["step"]) == (0, 30)
    assert len(parts) == 32
    assert (parts[0]["parameters"], parts[0]["curve"]) == (0, [])
    assert answer == ask("training", train=3, steps=30, tokens=8)


def test_a_training_stops_for_nobody(ask):
    """Who leaves ends it at the next step."""
    parts = []
    with pytest.raises(GoneError):
        ask("training", parts=parts, train=1, steps=50, caller=Caller(gone=lambda: len(parts) > 3))
    assert len(parts) == 4


def test_a_translation_looks_at_every_word(ask):
    """Each word's weights sum to 1; an order never learned is told, an unknown word and another model are refused."""
    answer = ask("translate")
    assert answer["text"] == "le chat noir la voit"
    assert [sum(row) for row in answer["weights"]] == pytest.approx([1] * len(answer["target"]), abs=1e-3)
    assert answer["strange"] == []
    assert ask("translate", prompt="the cat black sleeps")["strange"] == ["the", "cat", "black"]
    with pytest.raises(ModelError, match="English words, and not “transformer”"):
        ask("translate", prompt="the transformer sees her")
    with pytest.raises(ModelError, match="does not translate"):
        ask("translate", model="small")
