"""What a packed transformer remembers of the tokens it has read: keys and values, where compiled code finds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.state import State

_Kept = NDArray[np.floating[Any]]


class PackedCache(State):
    """Keys and values of the tokens read so far, of every layer: [n_layer, B, H_kv, capacity, D]; grows when full.

    They are kept in `number`, float32 or float16. For a model with a one-token shift also the tokens themselves
    [B, capacity], since the next one needs the last.
    """

    def __init__(self, config: ModelConfig, batch: int, capacity: int, number: np.dtype[np.floating[Any]]) -> None:
        shape = (config.n_layer, batch, config.n_kv_head, max(capacity, 1), config.head_dim)
        self.k, self.v = np.empty(shape, number), np.empty(shape, number)
        self.ids = np.empty((batch, shape[3]), np.int64) if config.shift else None
        self.length = 0

    def remember(self, ids: Sequence[Sequence[int]]) -> list[int]:
        """Keeps tokens [B, T] that are about to be read; returns the token before them in each row, -1 for none."""
        if self.ids is None:
            return [-1] * len(ids)
        self.ids[:, self.length : self.length + len(ids[0])] = ids
        return self.ids[:, self.length - 1].tolist() if self.length else [-1] * len(ids)

    def reserve(self, capacity: int) -> None:
        """Makes room for at least `capacity` tokens in all."""
        if capacity <= self.room:
            return
        capacity = max(capacity, 2 * self.room)  # doubled: a text written token by token is copied a few times
        self.k, self.v = (_grown(old, capacity, self.length, 3) for old in (self.k, self.v))
        self.ids = None if self.ids is None else _grown(self.ids, capacity, self.length, 1)

    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`; costs nothing."""
        self._check(length)
        self.length = length

    @property
    def bytes_a_token(self) -> int:
        """Of its keys and values."""
        return 2 * self.k[:, 0, :, 0].nbytes

    @property
    def room(self) -> int:
        """The tokens that fit before it grows."""
        return self.k.shape[3]

    def _check(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")

    def _copy(self, k: _Kept, v: _Kept, ids: NDArray[np.int64] | None, length: int) -> PackedCache:
        copy = object.__new__(PackedCache)
        copy.k, copy.v, copy.ids, copy.length = k, v, ids, length
        return copy

    def clone(self, length: int | None = None) -> PackedCache:
        """A copy that shares no memory, of all tokens or of the first `length`; it has room for no more."""
        length = self.length if length is None else length
        self._check(length)
        ids = None if self.ids is None else self.ids[:, :length].copy()
        return self._copy(self.k[:, :, :, :length].copy(), self.v[:, :, :, :length].copy(), ids, length)

    def select(self, rows: Sequence[int]) -> PackedCache:
        """The cache of the batch rows `rows`."""
        chosen = np.asarray(rows)
        ids = None if self.ids is None else self.ids[chosen]
        return self._copy(self.k[:, chosen], self.v[:, chosen], ids, self.length)


def _grown(old: NDArray[Any], capacity: int, length: int, axis: int) -> NDArray[Any]:
    """The same with room for `capacity` along an axis, of which the first `length` are kept."""
    new = np.empty((*old.shape[:axis], capacity, *old.shape[axis + 1 :]), old.dtype)
    kept = (slice(None),) * axis + (slice(length),)
    new[kept] = old[kept]
    return new
