"""Principal components: the directions along which vectors differ most; knows no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def project(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The vectors [W, C] along their two first principal components [W, 2], and the share of the variance of each [2].

    Of each component the sign is the one that makes its largest entry positive, so that pictures repeat.
    """
    import torch

    centred = vectors - vectors.mean(0)
    _, sizes, directions = torch.linalg.svd(centred, full_matrices=False)
    axes = directions[:2]
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    shares = (sizes**2 / (sizes**2).sum())[:2]
    return centred @ (axes * largest.sign()).T, shares
