"""The decoder-only transformer of GPT-2 (Radford et al. 2019) and of Llama/SmolLM2 (Touvron et al. 2023) in one file.

Where they differ the config chooses: LayerNorm or RMSNorm, learned or rotary positions (Su et al. 2021), GELU or SwiGLU
(Shazeer 2020), and key/value heads that groups of query heads share (Ainslie et al. 2023). Shapes: B rows, T new
tokens, S tokens in all, C = n_embd, H heads of size D.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from talkgen.lm.fast.native_block import can_run, run_block
from talkgen.lm.models.base import LanguageModel, State, Taps, init_weights
from talkgen.lm.models.config import ModelConfig


class KVCache(State):
    """Keys and values of the tokens read so far, of every layer: [n_layer, B, H_kv, capacity, D]; grows when full."""

    def __init__(self, config: ModelConfig, batch: int, capacity: int, like: Tensor) -> None:
        shape = (config.n_layer, batch, config.n_kv_head, max(capacity, 1), config.head_dim)
        self.k, self.v = like.new_empty(shape), like.new_empty(shape)
        self.length = 0

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Stores `k`, `v` [B, H_kv, T, D] of a layer after `length`; returns all of that layer, [B, H_kv, S, D]."""
        end = self.length + k.size(2)
        self.reserve(end)
        self.k[layer, :, :, self.length : end] = k
        self.v[layer, :, :, self.length : end] = v
        return self.k[layer, :, :, :end], self.v[layer, :, :, :end]

    def reserve(self, capacity: int) -> None:
        """Makes room for at least `capacity` tokens in all."""
        if capacity <= self.k.size(3):
            return
        capacity = max(capacity, 2 * self.k.size(3))
        for name in ("k", "v"):
            old = getattr(self, name)
            new = old.new_empty((*old.shape[:3], capacity, old.size(4)))
            new[:, :, :, : self.length] = old[:, :, :, : self.length]
            setattr(self, name, new)

    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`; costs nothing."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        self.length = length

    def _copy(self, k: Tensor, v: Tensor) -> KVCache:
        copy = object.__new__(KVCache)
        copy.k, copy.v, copy.length = k, v, self.length
        return copy

    def clone(self) -> KVCache:
        """A copy that shares no memory."""
        return self._copy(self.k.clone(), self.v.clone())

    def select(self, rows: Tensor) -> KVCache:
        """The cache of the batch rows `rows`."""
        return self._copy(self.k[:, rows], self.v[:, rows])


class Attention(nn.Module):
    """Multi-head self-attention, causal unless told otherwise, with grouped key/value heads."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_head, self.n_kv_head, self.head_dim = config.n_head, config.n_kv_head, config.head_dim
        self.qkv = nn.Linear(config.n_embd, (self.n_head + 2 * self.n_kv_head) * self.head_dim, bias=config.bias)
        self.proj = nn.Linear(self.n_head * self.head_dim, config.n_embd, bias=config.bias)

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor] | None,
        cache: KVCache | None,
        layer: int,
        taps: Taps | None,
        visible: Tensor | None = None,
    ) -> Tensor:
        """Attends from `x` [B, T, C] to itself and to what the cache holds; [B, T, C].

        `visible` [B, 1, 1, S] is true for the tokens that all may look at; without it a token looks back alone.
        """
        q, k, v = self.qkv(x).split([n * self.head_dim for n in (self.n_head, self.n_kv_head, self.n_kv_head)], dim=2)
        q, k, v = split_heads(q, self.n_head), split_heads(k, self.n_kv_head), split_heads(v, self.n_kv_head)
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        if cache is not None:
            k, v = cache.append(layer, k, v)  # [B, H_kv, S, D]
        if taps is None:
            y = attend(q, k, v, visible)
        else:
            for name, value in (("q", q), ("k", k), ("v", v)):
                taps.add(name, value)
            y = attend_openly(q, k, v, taps, visible)
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
    k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)  # [B, H, S, D]
    scores = q @ k.transpose(2, 3) / q.size(3) ** 0.5  # [B, H, T, S]
    visible = causal_mask(q.size(2), k.size(2), q.device) if visible is None else visible
    weights = scores.masked_fill(~visible, float("-inf")).softmax(dim=-1)
    taps.add(name, weights)
    return weights @ v


class MLP(nn.Module):
    """The position-wise network: GELU, or SwiGLU with its gate."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gated = config.activation == "swiglu"
        self.up = nn.Linear(config.n_embd, config.n_inner * (2 if self.gated else 1), bias=config.bias)
        self.down = nn.Linear(config.n_inner, config.n_embd, bias=config.bias)
        self.approximate = "none" if config.activation == "gelu" else "tanh"

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]; with SwiGLU `up` holds the gate's rows first."""
        h = self.up(x)
        if self.gated:
            gate, h = h.chunk(2, dim=-1)
            return self.down(F.silu(gate) * h)
        return self.down(F.gelu(h, approximate=self.approximate))


def make_norm(config: ModelConfig) -> nn.Module:
    """LayerNorm (Ba et al. 2016) or RMSNorm (Zhang & Sennrich 2019) over C."""
    if config.norm == "rms":
        return nn.RMSNorm(config.n_embd, eps=config.norm_eps)
    return nn.LayerNorm(config.n_embd, eps=config.norm_eps, bias=config.bias)


class Block(nn.Module):
    """Communicate, then compute; each reads a normalized residual stream and adds to it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm_1, self.attention = make_norm(config), Attention(config)
        self.norm_2, self.mlp = make_norm(config), MLP(config)
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor] | None,
        cache: KVCache | None,
        layer: int,
        taps: Taps | None,
        visible: Tensor | None = None,
    ) -> Tensor:
        """[B, T, C] to [B, T, C]; `visible` as in `Attention`."""
        if cache is None and taps is None and visible is None and can_run(self, x):
            return run_block(self, x, rotary)
        x = x + self.drop(self.attention(self.norm_1(x), rotary, cache, layer, taps, visible))
        return x + self.drop(self.mlp(self.norm_2(x)))


class Transformer(LanguageModel):
    """Token embedding, blocks, norm, output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = make_norm(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        init_weights(self, config)
        self.tie_head()

    def new_state(self, batch: int, capacity: int) -> KVCache:
        """An empty cache for `batch` rows with room for `capacity` tokens."""
        return KVCache(self.config, batch, capacity, self.embed.weight.detach())

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; without a state and in training no keys are kept."""
        if state is not None and not isinstance(state, KVCache):
            raise TypeError("a transformer's state is a KVCache")
        cache = state if state is not None or self.training else self.new_state(ids.size(0), ids.size(1))
        T, past = ids.size(1), cache.length if cache is not None else 0
        x = self.embed(ids)  # [B, T, C]
        rotary = None
        if self.config.positions == "learned":
            x = x + self.positions.weight[past : past + T]
        else:
            rotary = rotary_angles(self.config, past, T, x)
        for layer, block in enumerate(self.blocks):
            x = block(x, rotary, cache, layer, taps)
            if taps is not None:
                taps.add("hidden", x)
        if cache is not None:
            cache.length = past + T
        x = self.norm(x[:, -1:] if last_only else x)
        return self.head(x).float(), cache if cache is not None else self.new_state(ids.size(0), 0)


def rotary_angles(config: ModelConfig, past: int, T: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The cosine and sine [T, D] of positions `past` … `past + T - 1` (Su et al. 2021, halves laid side by side)."""
    half = torch.arange(0, config.head_dim, 2, device=like.device, dtype=torch.float32) / config.head_dim
    position = torch.arange(past, past + T, device=like.device, dtype=torch.float32)
    angle = torch.outer(position, config.rope_theta**-half)  # [T, D/2]
    angle = torch.cat((angle, angle), dim=1)
    return angle.cos().to(like.dtype), angle.sin().to(like.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns each pair (i, i + D/2) of `x` [B, H, T, D] by its position's angle."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin
