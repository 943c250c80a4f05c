"""What a transformer remembers of the tokens it has read: their keys and values; knows no layer that makes them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.state import State


class KVCache(State):
    """Keys and values of the tokens read so far, of every layer: [n_layer, B, H_kv, capacity, D]; grows when full.

    For a model with a one-token shift also the tokens themselves [B, capacity], since the next one needs the last.
    """

    def __init__(self, config: ModelConfig, batch: int, capacity: int, like: Tensor) -> None:
        shape = (config.n_layer, batch, config.n_kv_head, max(capacity, 1), config.head_dim)
        # One tensor for all layers: whoever reads it from C++ walks it by two strides.
        self.k, self.v = like.new_empty(shape), like.new_empty(shape)
        self.ids = like.new_empty(batch, shape[3], dtype=torch.long) if config.shift else None
        self.length = 0

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Stores `k`, `v` [B, H_kv, T, D] of a layer after `length`; returns all of that layer, [B, H_kv, S, D]."""
        end = self.length + k.size(2)
        self.reserve(end)
        self.k[layer, :, :, self.length : end] = k
        self.v[layer, :, :, self.length : end] = v
        return self.k[layer, :, :, :end], self.v[layer, :, :, :end]

    def remember(self, ids: Tensor) -> Tensor | None:
        """Keeps tokens [B, T] that are about to be read; returns the token [B] before them, None where they begin."""
        self.reserve(self.length + ids.size(1))
        if self.ids is None:
            raise TypeError("this cache was made for a model without a shift")
        self.ids[:, self.length : self.length + ids.size(1)] = ids
        return self.ids[:, self.length - 1] if self.length else None

    def reserve(self, capacity: int) -> None:
        """Makes room for at least `capacity` tokens in all."""
        if capacity <= self.k.size(3):
            return
        capacity = max(capacity, 2 * self.k.size(3))  # doubled: a text written token by token is copied a few times
        for name in ("k", "v"):
            old = getattr(self, name)
            new = old.new_empty((*old.shape[:3], capacity, old.size(4)))
            new[:, :, :, : self.length] = old[:, :, :, : self.length]
            setattr(self, name, new)
        if self.ids is not None:
            old, self.ids = self.ids, self.ids.new_empty(self.ids.size(0), capacity)
            self.ids[:, : self.length] = old[:, : self.length]

    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`; costs nothing."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        self.length = length

    @property
    def bytes_a_token(self) -> int:
        """Of its keys and values."""
        return 2 * self.k[:, 0, :, 0].nbytes

    @property
    def room(self) -> int:
        """The tokens that fit before it grows."""
        return self.k.size(3)

    def _copy(self, k: Tensor, v: Tensor, ids: Tensor | None, length: int) -> KVCache:
        copy = object.__new__(KVCache)
        copy.k, copy.v, copy.ids, copy.length = k, v, ids, length
        return copy

    def clone(self, length: int | None = None) -> KVCache:
        """A copy that shares no memory, of all tokens or of the first `length`; it has room for no more."""
        length = self.length if length is None else length
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        ids = None if self.ids is None else self.ids[:, :length].clone()
        return self._copy(self.k[:, :, :, :length].clone(), self.v[:, :, :, :length].clone(), ids, length)

    def select(self, rows: Sequence[int]) -> KVCache:
        """The cache of the batch rows `rows`."""
        ids = None if self.ids is None else self.ids[rows]
        return self._copy(self.k[:, rows], self.v[:, rows], ids, self.length)
