"""How those who answer see a model: token ids in, NumPy's numbers out, whatever computes; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.state import State

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Reader(Protocol):
    """A model that reads texts; only one thread at a time may ask it."""

    @property
    def config(self) -> ModelConfig:
        """Its shape."""

    @property
    def device(self) -> str:
        """What computes: cpu, cuda or another."""

    def new_state(self, batch: int, capacity: int) -> State:
        """An empty state for `batch` texts with room for `capacity` tokens."""

    def __call__(self, ids: ArrayLike, state: Any = None, *, last_only: bool = False) -> tuple[Floats, State]:
        """Reads `ids` [B, T] after what `state` remembers, which is changed in place.

        Returns logits [B, T, V] ([B, 1, V] with `last_only`) and the state after `ids`.
        """

    def read_many(self, texts: Sequence[Sequence[int]], states: Sequence[Any]) -> Floats:
        """Reads more of several texts, each after what its own state holds; logits [B, V] after each."""


class Readable(Protocol):
    """A model, of torch's modules or packed for reading alone."""

    @property
    def config(self) -> ModelConfig:
        """Its shape."""

    @property
    def shows_inside(self) -> bool:
        """Whether it heeds taps: it is a `LanguageModel` that computes as its paper says."""

    def reader(self, device: str = "cpu") -> Reader:
        """The model as those see it who answer, on a device."""
