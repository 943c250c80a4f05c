"""The layers of Vaswani et al. (2017, table 1) as plain functions, their FLOPs as torch counts them, and their steps.

Without projections, as the table counts: what mixes positions alone. Rows are positions: [n, d] to [n, d].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

KERNEL, NEIGHBOURHOOD = 3, 8  # k and r


def layer_of(name: str, width: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """The layer of that name in the table, of `width` features, with weights of a fixed seed."""
    import torch
    from torch.nn import functional as F

    draw = torch.Generator().manual_seed(0)
    weight = torch.randn(width, width, generator=draw) / width**0.5
    kernel = torch.randn(width, width, KERNEL, generator=draw) / width**0.5

    def attend(x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = (x @ x.T / width**0.5).softmax(1) @ x
        return mixed

    def recur(x: torch.Tensor) -> torch.Tensor:
        states = [x[:1]]
        for t in range(1, len(x)):
            states.append(torch.tanh(x[t : t + 1] + states[-1] @ weight))
        return torch.cat(states)

    def convolve(x: torch.Tensor) -> torch.Tensor:
        return F.conv1d(F.pad(x.T[None], (KERNEL - 1, 0)), kernel)[0].T

    def attend_nearby(x: torch.Tensor) -> torch.Tensor:
        near = F.pad(x, (0, 0, NEIGHBOURHOOD - 1, 0)).unfold(0, NEIGHBOURHOOD, 1)  # [n, d, r]
        weights = (x[:, None] @ near / width**0.5).softmax(2)  # [n, 1, r]
        mixed: torch.Tensor = (weights @ near.transpose(1, 2))[:, 0]
        return mixed

    return {
        "self-attention": attend,
        "recurrent": recur,
        "convolution": convolve,
        "restricted attention": attend_nearby,
    }[name]


def count_flops(name: str, length: int, width: int) -> int:
    """FLOPs of a pass over `length` positions."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    layer, x = layer_of(name, width), torch.randn(length, width, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), counter:
        layer(x)
    return int(counter.get_total_flops())


def count_steps(name: str, length: int) -> int:
    """How many steps have to wait for one another, in the traced layer."""
    import torch

    from talkgen.figures.measure.dependencies import trace_units

    x = torch.randn(length, 4, generator=torch.Generator().manual_seed(1))
    graph = trace_units(layer_of(name, 4), x)
    return max(int(about["level"]) for _, about in graph.nodes(data=True))
