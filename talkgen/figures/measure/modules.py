"""Runs a model once and says of each of its modules what it holds, what it computes and what goes in and out.

FLOPs are counted by torch as its operations run (a multiplication and an addition are two), of matrix products alone;
attention runs in single operations, so that what the mask will hide is counted, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from talkgen.lm.models.base import LanguageModel


@dataclass(frozen=True)
class Part:
    """A module: its parameters, the FLOPs of the pass, the width of the rows that go in and of those that come out."""

    parameters: int
    flops: int
    width_in: int
    width_out: int


def trace_modules(model: LanguageModel, ids: torch.Tensor) -> dict[str, Part]:
    """Every module of `model` that is called in a pass over `ids` [1, T], by its name, in the order they are called."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    widths: dict[str, tuple[int, int]] = {}
    hooks = []
    for name, module in model.named_modules():

        def keep(_module: object, given: tuple[Any, ...], result: Any, name: str = name) -> None:
            if isinstance(result, torch.Tensor) and isinstance(given[0], torch.Tensor):
                widths.setdefault(name, (given[0].size(-1), result.size(-1)))

        if name:
            hooks.append(module.register_forward_hook(keep))
    counter = FlopCounterMode(display=False)
    try:
        with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:  # fused kernels are not counted
            model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    flops = {name.partition(".")[2]: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    return {
        name: Part(
            sum(parameter.numel() for parameter in model.get_submodule(name).parameters()), flops.get(name, 0), *width
        )
        for name, width in widths.items()
    }
