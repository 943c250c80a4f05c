"""Scaled dot-product attention of several heads (Vaswani et al. 2017), which every architecture here shares.

Twice: by torch's fused kernel, which keeps no weights, and written out, for whoever wants to see them. Shapes: B rows,
T new tokens, S tokens in all, C = n_embd, H query heads and H_kv key/value heads of size D.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from talkgen.lm.models.base import Taps
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.rotary import Rotary, rotate


@dataclass(frozen=True)
class Pass:
    """What every layer of one forward pass is given beside the residual stream."""

    rotary: Rotary | None = None
    cache: KVCache | None = None  # of the tokens read before, and for those read now
    taps: Taps | None = None
    visible: Tensor | None = None  # [B, 1, 1, S], true for what all may look at; None: each token looks back alone


class Attention(nn.Module):
    """Multi-head self-attention of layer `layer`, whose key/value heads may be shared by groups of query heads."""

    def __init__(self, config: ModelConfig, layer: int = 0) -> None:
        super().__init__()
        self.layer = layer  # its place in the cache
        self.n_head, self.n_kv_head, self.head_dim = config.n_head, config.n_kv_head, config.head_dim
        self.qkv = nn.Linear(config.n_embd, (self.n_head + 2 * self.n_kv_head) * self.head_dim, bias=config.bias)
        self.proj = nn.Linear(self.n_head * self.head_dim, config.n_embd, bias=config.bias)

    def forward(self, x: Tensor, given: Pass) -> Tensor:
        """Attends from `x` [B, T, C] to itself and to what the cache holds; [B, T, C]."""
        q, k, v = self.qkv(x).split([n * self.head_dim for n in (self.n_head, self.n_kv_head, self.n_kv_head)], dim=2)
        q, k, v = split_heads(q, self.n_head), split_heads(k, self.n_kv_head), split_heads(v, self.n_kv_head)
        if given.rotary is not None:
            q, k = rotate(q, *given.rotary), rotate(k, *given.rotary)  # before the cache: a key keeps its own position
        if given.cache is not None:
            k, v = given.cache.append(self.layer, k, v)  # [B, H_kv, S, D]
        if given.taps is None:
            y = attend(q, k, v, given.visible)
        else:
            for name, value in (("q", q), ("k", k), ("v", v)):
                given.taps.add(name, value)
            y = attend_openly(q, k, v, given.taps, given.visible)
        return self.proj(join_heads(y))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, T, heads · D] as [B, heads, T, D]."""
    return x.view(x.size(0), x.size(1), heads, x.size(2) // heads).transpose(1, 2)


def join_heads(y: Tensor) -> Tensor:
    """[B, H, T, D] as [B, T, H · D]."""
    return y.transpose(1, 2).flatten(2)


def attend(q: Tensor, k: Tensor, v: Tensor, visible: Tensor | None = None) -> Tensor:
    """What `attend_openly` computes, in torch's fused kernel, which keeps no weights; [B, H, T, D]."""
    T, S = q.size(2), k.size(2)
    # torch's `is_causal` counts from the first key: right without a past, and wrong after one.
    causal = visible is None and T == S and T > 1
    if visible is None and 1 < T < S:
        visible = causal_mask(T, S, q.device)
    # No dropout on the weights: it costs a CPU its fast kernel; the residual stream has its own.
    return F.scaled_dot_product_attention(q, k, v, visible, is_causal=causal, enable_gqa=k.size(1) != q.size(1))


def causal_mask(T: int, S: int, device: torch.device) -> Tensor:
    """[T, S], true where the t-th of the last T tokens may look: at itself and at all before it."""
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def attend_openly(
    q: Tensor, k: Tensor, v: Tensor, taps: Taps, visible: Tensor | None = None, name: str = "attention"
) -> Tensor:
    """softmax(QKᵀ/√D) V written out (Vaswani et al. 2017, eq. 1), so that the weights can be seen; [B, H, T, D].

    `visible`, broadcast to [B, H, T, S], is true where may be looked; without it a token looks back alone.
    """
    group = q.size(1) // k.size(1)
    # Query heads h·group … share key head h, as in Llama: neighbours, not every H_kv-th.
    k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)  # [B, H, S, D]
    scores = q @ k.transpose(2, 3) / q.size(3) ** 0.5  # [B, H, T, S]
    visible = causal_mask(q.size(2), k.size(2), q.device) if visible is None else visible
    weights = scores.masked_fill(~visible, float("-inf")).softmax(dim=-1)
    taps.add(name, weights)
    return weights @ v
