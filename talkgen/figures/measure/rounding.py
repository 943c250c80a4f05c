"""Rounds a model's matrices to few bits, as the simplest quantization does, and says what is lost; knows no figure.

Symmetric rounding to the nearest of 2ᵇ − 1 multiples of a scale: one scale for a whole matrix, or one for each of its
rows (its output channels), so that the largest number in it is kept.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from talkgen.lm.models.base import LanguageModel


def round_matrix(weight: torch.Tensor, bits: int, *, by_row: bool) -> torch.Tensor:
    """`weight` [n, k] with every number one of 2ᵇ − 1 multiples of a scale, of the whole or of its row."""
    import torch

    levels = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(1, keepdim=True) if by_row else weight.abs().amax()
    scale = torch.where(largest > 0, largest / levels, 1.0)
    return (weight / scale).round().clamp(-levels, levels) * scale


def matrices(model: LanguageModel) -> Iterator[tuple[str, torch.Tensor]]:
    """Every matrix of a model once, with its name: embeddings too."""
    return ((name, parameter.detach()) for name, parameter in model.named_parameters() if parameter.dim() == 2)


def round_model(model: LanguageModel, bits: int, *, by_row: bool) -> LanguageModel:
    """A copy of the model with all its matrices rounded."""
    rounded = copy.deepcopy(model)
    for _, weight in matrices(rounded):
        weight.copy_(round_matrix(weight, bits, by_row=by_row))
    return rounded


def rounded_bytes(model: LanguageModel, bits: int, *, by_row: bool) -> int:
    """Bytes of that copy: its matrices packed, a scale of four bytes each, what is no matrix in float32."""
    packed = sum((bits * weight.numel() + 7) // 8 + 4 * (len(weight) if by_row else 1) for _, weight in matrices(model))
    return packed + sum(4 * parameter.numel() for parameter in model.parameters() if parameter.dim() != 2)


def relative_error(weight: torch.Tensor, bits: int, *, by_row: bool) -> float:
    """The norm of what rounding changes, over that of the matrix."""
    change = (weight - round_matrix(weight, bits, by_row=by_row)).double().norm()
    return float(change / weight.double().norm().clamp_min(1e-300))
