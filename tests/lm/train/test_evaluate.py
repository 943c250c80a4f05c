"""The measures, against what they must be for models whose answers are known."""

from __future__ import annotations

import math

import pytest
import torch

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tasks import TASKS
from talkgen.lm.train.data import TextData, load_data
from talkgen.lm.train.evaluate import (
    accuracy_by_distance,
    bits_per_byte,
    held_out_loss,
    loss_by_position,
    token_losses,
)
from talkgen.lm.train.recipe import ModelRecipe, Recipe, TokenizerRecipe

CPU = torch.device("cpu")
SHAPE = ModelRecipe(n_layer=1, n_embd=8, n_head=1, block_size=16)
RECIPE = Recipe(name="test", tokenizer=TokenizerRecipe(kind="bytes"), model=SHAPE)


def _model(vocab_size: int, **shape):
    torch.manual_seed(0)
    config = {"n_layer": 1, "n_embd": 8, "n_head": 1, "block_size": 16, **shape}
    return build_model(ModelConfig(vocab_size=vocab_size, **config)).eval()


def _flat(vocab_size: int):
    """A model that holds every token equally likely."""
    model = _model(vocab_size)
    with torch.no_grad():
        model.embed.weight.zero_()
    return model


@pytest.mark.parametrize("length", [1000, 1003, 190])
def test_a_model_that_knows_nothing_needs_the_bits_of_its_vocabulary(length):
    """Every byte, the first included, is paid for exactly once: log2 of the vocabulary a token."""
    data = TextData("abcdefgh " * (length // 9) + "x" * (length % 9), RECIPE)
    assert bits_per_byte(_flat(257), data, CPU) == pytest.approx(math.log2(257))


def test_bits_per_byte_is_the_loss_of_one_long_window_when_the_text_fits():
    """For a held-out text of one context there is nothing to slide over."""
    data = TextData("the quick brown fox " * 9, RECIPE)
    assert len(data.held_out_ids) == 18
    model = _model(257, block_size=17)
    ids = torch.from_numpy(data.held_out_ids.astype("int64"))[None]
    nats = float(token_losses(model, ids[:, :-1], ids[:, 1:]).detach().sum()) + math.log(257)
    assert bits_per_byte(model, data, CPU) == pytest.approx(nats / math.log(2) / 18)


def test_the_held_out_loss_is_the_mean_over_scored_targets():
    """A flat model's loss is log of its vocabulary whatever is scored; its mode is left as it was."""
    model = _flat(63).train()
    data = load_data(RECIPE.model_copy(update={"data": "recall"}))
    loss, accuracy = held_out_loss(model, data.held_out(16), CPU)
    assert loss == pytest.approx(math.log(63))
    assert 0 <= accuracy <= 1
    assert model.training


def test_loss_by_position_has_a_mean_that_is_the_held_out_loss():
    """The same losses, summed the other way."""
    data = TextData("the quick brown fox " * 40, RECIPE)
    model = _model(257)
    losses = loss_by_position(model, data.held_out(16), CPU)
    assert len(losses) == 16
    assert sum(losses) / 16 == pytest.approx(held_out_loss(model, data.held_out(16), CPU)[0], rel=1e-5)


def test_an_untrained_model_recalls_at_chance():
    """Accuracy is near one in the alphabet, far below a half, at every distance."""
    data = load_data(RECIPE.model_copy(update={"data": "recall"}))
    shares = accuracy_by_distance(_model(data.tokenizer.vocab_size), data.tokenizer, "recall", [2, 8, 14])
    assert len(shares) == 3
    assert max(shares) < 0.5
    assert TASKS["recall"].choices == 10
