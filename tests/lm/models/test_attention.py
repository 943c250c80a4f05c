"""Attention and rotary positions against torch's fused kernel and against their formulas in complex numbers."""

import numpy as np
import pytest
import torch

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.attention import attend, attend_openly
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.rotary import rotary_angles, rotate


@pytest.mark.parametrize("n_kv_head", [6, 2, 1])
@pytest.mark.parametrize("tokens", [1, 5, 9])
def test_attention_written_out_is_torchs(tokens, n_kv_head):
    """The weights that can be seen give what the fused kernel gives, for the last tokens of nine and shared keys."""
    torch.manual_seed(1)
    q = 3 * torch.randn(2, 6, tokens, 16)
    k, v = torch.randn(2, 2, n_kv_head, 9, 16)
    taps = Taps("attention")
    torch.testing.assert_close(attend_openly(q, k, v, taps), attend(q, k, v))
    weights = taps.values["attention"][0]
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 6, tokens))
    assert not weights.triu(9 - tokens + 1).any()


def test_attention_to_all_that_is_visible_is_torchs():
    """Filled-up rows are not looked at, and nothing else is hidden."""
    torch.manual_seed(2)
    q, k, v = torch.randn(3, 2, 4, 7, 8)
    visible = torch.tensor([[0, 0, 1, 1, 1, 1, 1], [1] * 7], dtype=torch.bool)[:, None, None]
    taps = Taps("attention")
    torch.testing.assert_close(attend_openly(q, k, v, taps, visible), attend(q, k, v, visible))
    assert ((taps.values["attention"][0] > 0) == visible).all()


@pytest.mark.parametrize("base", [100.0, 10_000.0, 1_000_000.0])
def test_rotary_positions_turn_by_their_base(base):
    """Pair j of a head at position m is multiplied by exp(i m base^(-2j/D)), Su et al. 2021, eq. 34."""
    config = ModelConfig(9, n_embd=32, n_head=2, positions="rotary", rope_theta=base)
    x = torch.randn(1, 1, 40, 16, generator=torch.Generator().manual_seed(3))
    turned = rotate(x, *rotary_angles(config, 7, 40, x))[0, 0].double().numpy()
    m, j = np.arange(7, 47)[:, None], np.arange(8)
    numbers = x[0, 0].double().numpy()
    expected = (numbers[:, :8] + 1j * numbers[:, 8:]) * np.exp(1j * m * base ** (-2 * j / 16))
    np.testing.assert_allclose(turned, np.hstack((expected.real, expected.imag)), atol=1e-4)


def test_a_model_uses_its_configs_base():
    """Two models that differ in the base alone answer differently."""
    logits = []
    for base in (100.0, 10_000.0):
        torch.manual_seed(4)
        config = ModelConfig(9, n_embd=16, n_head=2, positions="rotary", rope_theta=base, init_std=0.5)
        logits.append(build_model(config).eval()(torch.arange(8)[None])[0])
    assert (logits[0] - logits[1]).abs().max() > 0.01
