"""Rotary positions (Su et al. 2021): queries and keys are turned, so that their product sees how far apart they are."""

from __future__ import annotations

import torch
from torch import Tensor

from talkgen.lm.models.config import ModelConfig

Rotary = tuple[Tensor, Tensor]
"""Cosines and sines [T, D] of the new tokens' positions."""


def rotary_angles(config: ModelConfig, past: int, T: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The cosine and sine [T, D] of positions `past` … `past + T - 1` (Su et al. 2021, halves laid side by side)."""
    # In float32 whatever the model's type: bfloat16 counts exactly to 256 only.
    half = torch.arange(0, config.head_dim, 2, device=like.device, dtype=torch.float32) / config.head_dim
    position = torch.arange(past, past + T, device=like.device, dtype=torch.float32)
    angle = torch.outer(position, config.rope_theta**-half)  # [T, D/2]
    angle = torch.cat((angle, angle), dim=1)  # [T, D]: `rotate` meets both of a pair with the same angle
    return angle.cos().to(like.dtype), angle.sin().to(like.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns each pair (i, i + D/2) of `x` [B, H, T, D] by its position's angle."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin
