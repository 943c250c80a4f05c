"""The optimizers and the schedule, against their definitions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.train.optimize import Muon, make_optimizers, orthogonalise, rate_factor
from talkgen.lm.train.recipe import OptimizerRecipe, ScheduleRecipe


def test_the_rate_rises_linearly_then_falls_along_half_a_cosine():
    """Warm-up reaches the peak at its last step; halfway down is the mean of peak and end; the end is `final`."""
    schedule = ScheduleRecipe(steps=110, warmup=10, final=0.2)
    assert [rate_factor(step, schedule) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert rate_factor(10, schedule) == pytest.approx(1.0)
    assert rate_factor(60, schedule) == pytest.approx(0.6)
    assert rate_factor(110, schedule) == pytest.approx(0.2)


@pytest.mark.parametrize("shape", [(3, 8, 24), (2, 24, 8), (1, 16, 16)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape):
    """Whatever the scale and the side that is longer."""
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonalise(1e-3 * torch.randn(shape)))
    assert singular.shape == (shape[0], min(shape[1:]))
    assert singular.min() > 0.3
    assert singular.max() < 1.3


def test_gains_and_biases_do_not_decay_and_tables_are_not_orthogonalised():
    """Every parameter is in exactly one group."""
    model = build_model(ModelConfig(vocab_size=20, n_layer=1, n_embd=8, n_head=2, bias=True))
    adamw, muon = make_optimizers(model, OptimizerRecipe(kind="muon", weight_decay=0.3))
    names = {id(p): name for name, p in model.named_parameters()}
    grouped = [names[id(p)] for optimizer in (adamw, muon) for group in optimizer.param_groups for p in group["params"]]

    assert sorted(grouped) == sorted(names.values())
    assert {names[id(p)] for p in adamw.param_groups[0]["params"]} == {"embed.weight", "positions.weight"}
    assert adamw.param_groups[1]["weight_decay"] == 0
    assert all(p.ndim == 2 for p in muon.param_groups[0]["params"])


def test_muon_finds_the_minimum_of_a_quadratic():
    """Two matrices of one shape move together and both arrive."""
    torch.manual_seed(0)
    targets = torch.randn(2, 6, 4)
    weights = [nn.Parameter(torch.zeros(6, 4)) for _ in range(2)]
    muon = Muon(weights, lr=0.05)
    for step in range(200):
        muon.param_groups[0]["lr"] = 0.05 * (1 - step / 200)
        muon.zero_grad()
        torch.autograd.backward(sum((w - t).square().sum() for w, t in zip(weights, targets, strict=True)))
        muon.step()
    for weight, target in zip(weights, targets, strict=True):
        assert torch.dist(weight, target) < 0.1 * target.norm()
