"""What each part of a transformer adds to a token's logit: direct logit attribution (Elhage et al. 2021).

The residual stream is a sum: what comes in, and what each layer's attention and MLP add to it. The last norm divides
the sum by one number. With that number as it is, the norm and the output layer are linear, so the logit of a token is
the sum of what they make of each part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from talkgen.lm.models.transformer import Block, Transformer


@dataclass(frozen=True)
class LogitParts:
    """Of N tokens: what adds up to their logits, at a text's last place.

    `embedding` [N] is what comes into the first layer, positions included; `attention` and `mlp` [L, N] what each layer
    adds; `bias` [N] is the last norm's, 0 where it has none.
    """

    embedding: Tensor
    attention: Tensor
    mlp: Tensor
    bias: Tensor

    @property
    def total(self) -> Tensor:
        """The logits [N]."""
        return self.embedding + self.attention.sum(0) + self.mlp.sum(0) + self.bias


def read_parts(model: Transformer, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The logits [V] after `ids`, and the parts [1 + 2 L, C] of the residual stream there, in order."""
    with torch.inference_mode(), _kept(model) as parts:
        logits, _ = model(torch.tensor([list(ids)], device=model.device), last_only=True)
    return logits[0, -1].cpu(), torch.stack(parts).cpu().double()


@contextmanager
def _kept(model: Transformer) -> Iterator[list[Tensor]]:
    """A list of what the modules add at the last place, while the model reads."""
    parts: list[Tensor] = []
    blocks = [block for block in model.blocks if isinstance(block, Block)]
    modules = [module for block in blocks for module in (block.attention, block.mlp)]
    hooks = [
        blocks[0].register_forward_pre_hook(lambda _module, given: parts.append(given[0][0, -1])),
        *(module.register_forward_hook(lambda _module, _given, made: parts.append(made[0, -1])) for module in modules),
    ]
    try:
        yield parts
    finally:
        for hook in hooks:
            hook.remove()


def split_logits(model: Transformer, parts: Tensor, tokens: Sequence[int]) -> LogitParts:
    """The logits of `tokens` as sums over the parts [1 + 2 L, C] of a residual stream."""
    norm, directions = model.norm, model.head.weight[list(tokens)].detach().cpu().double()  # [N, C]
    bias = torch.zeros(len(directions), dtype=torch.float64)
    if isinstance(norm, nn.LayerNorm) and norm.bias is not None:
        bias = directions @ norm.bias.detach().cpu().double()
    added = pass_last_norm(model, parts, parts.sum(0)) @ directions.T
    return LogitParts(added[0], added[1::2], added[2::2], bias)


def pass_last_norm(model: Transformer, parts: Tensor, stream: Tensor) -> Tensor:
    """What the last norm makes of `parts` [..., C] of the whole `stream` [C], without its bias, which is no part's."""
    if isinstance(model.norm, nn.LayerNorm):
        parts, stream = (x - x.mean(-1, keepdim=True) for x in (parts, stream))  # a sum's mean is the sum of means
    scale = (stream.square().mean() + model.config.norm_eps).rsqrt()
    return parts * scale * model.norm.get_parameter("weight").detach().to(parts)
