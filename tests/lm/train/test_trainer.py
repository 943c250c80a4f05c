"""One step of training: what happens to gradients between the backward pass and the optimizers."""

import pytest
import torch
from torch import nn

from talkgen.lm.train.data import load_data
from talkgen.lm.train.distributed import World
from talkgen.lm.train.recipe import ModelRecipe, OptimizerRecipe, Recipe, ScheduleRecipe
from talkgen.lm.train.trainer import Trainer


def make_trainer(clip: float) -> Trainer:
    """Of a small model on a task, which needs no text."""
    recipe = Recipe(
        name="tiny",
        data="recall",
        model=ModelRecipe(n_layer=1, n_embd=16, n_head=2, block_size=32, init_std=0.5),
        optimizer=OptimizerRecipe(clip=clip),
        schedule=ScheduleRecipe(steps=4, warmup=0, rows=4),
    )
    return Trainer(recipe, load_data(recipe), World(0, 1, torch.device("cpu")))


def gradients(trainer: Trainer) -> list[torch.Tensor]:
    """Those that the optimizers were given."""
    return [parameter.grad for parameter in trainer.model.parameters()]


def test_gradients_are_clipped_to_the_recipes_norm():
    """The optimizers get gradients of the norm asked for, in the direction they had; a smaller norm stays."""
    wide, narrow = make_trainer(clip=1e6), make_trainer(clip=0.01)
    _, norm = wide.advance()
    assert narrow.advance()[1] == norm > 0.01
    assert float(nn.utils.get_total_norm(gradients(wide))) == pytest.approx(norm)
    assert float(nn.utils.get_total_norm(gradients(narrow))) == pytest.approx(0.01, rel=1e-3)
    for clipped, whole in zip(gradients(narrow), gradients(wide), strict=True):
        torch.testing.assert_close(clipped, whole * 0.01 / norm, rtol=1e-3, atol=1e-7)
