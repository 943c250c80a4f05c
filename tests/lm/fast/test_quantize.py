"""Matrices packed for torch's kernels: the products are those of the rounded weights."""

import pytest
import torch
from torch import nn

from talkgen.lm.fast.quantize import TORCH_FORMS, HalfLinear, Int4Linear, Int8Linear, packed_bytes, quantize, rounded
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer


@pytest.fixture
def linear():
    """A layer with rows of very different sizes."""
    torch.manual_seed(2)
    linear = nn.Linear(96, 64)
    with torch.no_grad():
        linear.weight.mul_(torch.logspace(-1, 1, 64)[:, None])
    return linear


@pytest.mark.parametrize(
    ("kind", "steps", "close"), [(HalfLinear, 2**11, 1e-3), (Int8Linear, 254, 1e-2), (Int4Linear, 15, 1e-2)]
)
@torch.no_grad()
def test_products_are_those_of_the_rounded_weights(kind, steps, close, linear):
    """Fed with unit vectors a layer shows its weights, half a step off at most; on others it is linear."""
    packed = kind(linear)
    weights = (packed(torch.eye(96)) - linear.bias).T
    spread = linear.weight.abs().amax(dim=1, keepdim=True) * 2
    assert ((weights - linear.weight).abs() <= 0.51 * spread / steps + 0.01 * linear.weight.abs() + 1e-6).all()
    x = torch.randn(2, 5, 96)
    expected = x @ weights.T + linear.bias
    error = (packed(x) - expected).abs().amax() / expected.abs().amax()
    assert error < close
    assert packed(x).shape == (2, 5, 64)
    assert packed(x).dtype == torch.float32


def make_model():
    """A model whose likeliest tokens are far apart."""
    torch.manual_seed(4)
    model = Transformer(ModelConfig(97, n_layer=2, n_embd=64, n_head=2, n_inner=160, block_size=64)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model


@torch.inference_mode()
def test_a_packed_model_answers_nearly_alike():
    """The fewer the bits, the further from float32 and the smaller; the model that was given stays as it was."""
    model = make_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ids = torch.randint(97, (1, 60))
    expected = model(ids)[0].softmax(-1)
    changes, sizes = [], [packed_bytes(model)]
    for form in TORCH_FORMS:
        packed = quantize(model, form)
        changes.append(float((packed(ids)[0].softmax(-1) - expected).abs().max()))
        sizes.append(packed_bytes(packed))
    assert changes[0] < 0.02 < 0.5
    assert changes == sorted(changes)
    assert sizes == sorted(sizes, reverse=True)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert sum(p.numel() * p.element_size() for p in model.parameters()) == packed_bytes(model)


@torch.inference_mode()
def test_rounding_is_what_exact_weights_lose():
    """Weights that 8 bits hold exactly lose by their products' bfloat16 alone; afterwards nothing is rounded."""
    model = make_model()
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "positions" not in name:
            parameter.copy_((parameter * 64).round().clamp(-127, 127))
            parameter[:, 0] = 127  # so that a row's scale is 1
            parameter.div_(64)
    ids = torch.randint(97, (1, 60))
    exact, packed = model(ids)[0], quantize(model, "int8")(ids)[0]
    with rounded(model) as alike:
        assert (alike(ids)[0] - packed).abs().max() < 0.3 * (exact - packed).abs().max()
    assert torch.equal(model(ids)[0], exact)
