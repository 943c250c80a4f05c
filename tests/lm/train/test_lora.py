"""Low-rank adaptation: it begins at the old model, trains two matrices a layer, and can be added into the weights."""

import pytest
import torch
from torch import nn

from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer
from talkgen.lm.train.lora import LowRank, adapt, count_trained, finetune, merge

IDS = torch.arange(12).view(2, 6) % 10


@pytest.fixture
def model() -> Transformer:
    """A small model with weights of a fixed seed."""
    torch.manual_seed(5)
    return Transformer(ModelConfig(10, n_layer=2, n_embd=16, n_head=2, block_size=16)).eval()


def test_it_begins_at_the_old_model_and_leaves_it_alone(model):
    """Before the first step nothing differs; afterwards only the adapted copy does."""
    before = {name: p.clone() for name, p in model.named_parameters()}
    adapted = adapt(model, rank=2)
    with torch.no_grad():
        assert torch.equal(adapted(IDS)[0], model(IDS)[0])
    finetune(adapted, [(IDS, IDS.flip(1))] * 5, 0.05)
    with torch.no_grad():
        assert not torch.allclose(adapted(IDS)[0], model(IDS)[0], atol=1e-3)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    frozen = [p for name, p in adapted.named_parameters() if name[-2:] != ".a" and name[-2:] != ".b"]
    assert not any(p.requires_grad for p in frozen)


@pytest.mark.parametrize("rank", [1, 4])
def test_trained_numbers_are_those_of_the_paper(model, rank):
    """R (n + k) a matrix: the four of each block, and neither embeddings nor norms."""
    shapes = [(48, 16), (16, 16), (64, 16), (16, 64)]
    assert count_trained(adapt(model, rank)) == 2 * sum(rank * (n + k) for n, k in shapes)
    assert count_trained(model) == model.count_parameters()


def test_what_was_learned_can_be_added_into_the_weights(model):
    """A plain model with the same logits; the change of a matrix has the rank that was asked for."""
    adapted = adapt(model, rank=2, seed=3)
    finetune(adapted, [(IDS, IDS.flip(1))] * 5, 0.05)
    merged = merge(adapted)
    with torch.no_grad():
        assert torch.allclose(merged(IDS)[0], adapted(IDS)[0], atol=1e-5)
    assert not any(isinstance(module, LowRank) for module in merged.modules())
    assert {name for name, _ in merged.named_parameters()} == {name for name, _ in model.named_parameters()}
    change = merged.blocks[0].mlp.up.weight - model.blocks[0].mlp.up.weight
    assert int(torch.linalg.matrix_rank(change.detach(), atol=1e-6)) == 2


def test_gradients_are_those_of_the_product():
    """B A beside a frozen weight, written out as one matrix: the same output, and the chain rule for A and B."""
    torch.manual_seed(0)
    layer = LowRank(nn.Linear(5, 7), rank=3, alpha=6.0)
    nn.init.normal_(layer.b)
    x = torch.randn(4, 5)
    whole = (layer.frozen.weight + 2.0 * layer.b @ layer.a).detach().requires_grad_()
    expected = x @ whole.T + layer.frozen.bias
    assert torch.allclose(layer(x), expected, atol=1e-5)
    layer(x).pow(2).sum().backward()
    expected.pow(2).sum().backward()
    assert torch.allclose(layer.a.grad, 2.0 * layer.b.T @ whole.grad, rtol=1e-4, atol=1e-4)
    assert torch.allclose(layer.b.grad, 2.0 * whole.grad @ layer.a.T, rtol=1e-4, atol=1e-4)
    assert layer.frozen.weight.grad is None


def test_training_repeats(model):
    """The same seed gives the same losses, whatever the generator outside stands at; the loss falls."""
    losses = []
    for start in (1, 2):
        torch.manual_seed(start)
        losses.append(finetune(adapt(model, 4, seed=7), [(IDS, IDS.flip(1))] * 30, 0.05))
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0] - 0.1
