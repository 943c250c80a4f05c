"""What a context is worth to whom: the same targets at every length, by what they are, and a line token by token."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import token_loss_by_position, who_copies


def test_context_losses_are_the_runs(data_of, inputs):
    """Losses and gains are those that training measured; the same targets for both, at least 1,500."""
    data = data_of("token_loss_by_position")
    assert data["targets"] >= 1500
    assert data["context"] == [8, 32, 128, 256, 512]
    for model, name in zip(data["models"], ("library", "library-lstm"), strict=True):
        run = max(inputs.sweep(name)["runs"], key=lambda run: run["tokens"])
        assert model["losses"] == run["loss_by_context"]["loss"]
        assert model["gain"] == run["loss_by_context"]["gain_in_all"]
        assert model["tokens"] == run["tokens"]


def test_a_gain_is_said_only_where_its_errors_leave_it(data_of):
    """Two standard errors of the difference have to lie between what both gain."""
    data = data_of("token_loss_by_position")
    assert "512 tokens of context instead of 8 give Transformer with shift" in token_loss_by_position.verdict(data)
    unsure = copy.deepcopy(data)
    for model in unsure["models"]:
        model["gain"]["standard_error"] = 1.0
    assert "gain alike" in token_loss_by_position.verdict(unsure)


def test_sweeps_without_contexts_are_said(data_of):
    """A sweep that was measured otherwise is named."""
    with pytest.raises(ModelError, match="'scaling' has no losses by length"):
        data_of("token_loss_by_position", attention="scaling")
    with pytest.raises(ModelError, match="'scaling' has no losses by what"):
        data_of("who_copies", attention_sweep="scaling", attention="tiny", recurrent="small-lstm")


def test_kinds_share_out_the_targets(data_of, inputs):
    """Each kind's loss is the run's; attention's lead is where something can be copied."""
    data = data_of("who_copies")
    run = max(inputs.sweep("library")["runs"], key=lambda run: run["tokens"])
    for kind, found in data["attention"]["kinds"].items():
        assert found == run["loss_by_copying"][kind]
    assert data["targets"] == run["loss_by_context"]["targets"]
    assert "nats on what it has seen" in who_copies.verdict(data)


def test_probabilities_of_a_line_are_the_models(inputs):
    """Each token's is what the model gives it after all before it, read one by one."""
    loaded = inputs.model("tiny")
    tokens, found = who_copies.read_line(loaded, "to be or ", "not to")
    assert "".join(tokens).replace("·", " ") == "not to"
    ids = loaded.tokenizer.encode("to be or not to")
    for place, p in enumerate(found, len(ids) - len(found)):
        with torch.inference_mode():
            logits, _ = loaded.model(torch.tensor([ids[:place]]))
        assert p == pytest.approx(float(logits[0, -1].softmax(-1)[ids[place]]), rel=1e-2)


def test_a_line_that_cannot_be_drawn_is_said(inputs):
    """Too many tokens, or one without anything before it."""
    with pytest.raises(ModelError, match="at most 20"):
        who_copies.read_line(inputs.model("tiny"), "", "to be or not to be that")
    with pytest.raises(ModelError, match="nothing before it"):
        who_copies.read_line(inputs.model("tiny"), "", "t")


def test_the_verdict_follows_the_losses(data_of):
    """Who leads where, whichever way it falls."""
    data = data_of("who_copies")
    swapped = {**data, "attention": data["recurrent"], "recurrent": data["attention"]}
    assert who_copies.verdict(swapped) != who_copies.verdict(data)
    better = copy.deepcopy(data)
    for kind in better["recurrent"]["kinds"].values():
        kind["loss"] = 0.1
    assert "on every kind" in who_copies.verdict(better)
    assert SimpleNamespace(**data).context == 512
