"""What a transformer remembers of the tokens it has read: their keys and values; knows no layer that makes them."""

from __future__ import annotations

from torch import Tensor

from talkgen.lm.models.base import State
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

    @property
    def room(self) -> int:
        """The tokens that fit before it grows."""
        return self.k.size(3)

    def _copy(self, k: Tensor, v: Tensor, length: int) -> KVCache:
        copy = object.__new__(KVCache)
        copy.k, copy.v, copy.length = k, v, length
        return copy

    def clone(self, length: int | None = None) -> KVCache:
        """A copy that shares no memory, of all tokens or of the first `length`; it has room for no more."""
        length = self.length if length is None else length
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        return self._copy(self.k[:, :, :, :length].clone(), self.v[:, :, :, :length].clone(), length)

    def select(self, rows: Tensor) -> KVCache:
        """The cache of the batch rows `rows`."""
        return self._copy(self.k[:, rows], self.v[:, rows], self.length)
