"""Several threads read with one model: whoever comes while a pass runs joins the next one; knows no text.

No thread and no window of waiting of its own: the first to come runs the pass for all who wait by then. A model
without `read_many` takes them one after the other, and still only one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from talkgen.lm.models.base import LanguageModel, State

_TOGETHER = 32  # texts in one pass at most, so that nobody waits for a whole room
_CHUNK = 512  # tokens of a text read at once, which bounds the memory of attention scores


@runtime_checkable
class ReadsMany(Protocol):
    """A model that reads several texts in one pass."""

    def read_many(self, texts: Sequence[Sequence[int]], caches: Sequence[State]) -> Tensor:
        """Reads more of each text after what its state holds; logits [B, V]."""


@dataclass(eq=False)
class _Waiting:
    """A text to read on after its state; then its logits [V], or what went wrong."""

    ids: list[int]
    state: State
    logits: Tensor | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.logits is not None or self.error is not None


class Batch:
    """The one place where a model is run."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.passes = 0
        self._queue: list[_Waiting] = []
        self._guard, self._turn = threading.Lock(), threading.Lock()

    def read(self, ids: Sequence[int], state: State) -> Tensor:
        """Reads `ids` after `state`, which is changed in place; the logits [V] after the last of them."""
        mine = _Waiting(list(ids), state)
        with self._guard:
            self._queue.append(mine)
        while not mine.done:
            with self._turn:
                if not mine.done:
                    self._run()
        if mine.error is not None:
            raise mine.error
        if mine.logits is None:
            raise ValueError("there is nothing to read")
        return mine.logits

    @torch.inference_mode()
    def _run(self) -> None:
        with self._guard:
            together, self._queue = self._queue[:_TOGETHER], self._queue[_TOGETHER:]
        self.passes += 1
        try:
            if isinstance(self.model, ReadsMany):
                rows = self.model.read_many([one.ids for one in together], [one.state for one in together])
                for one, logits in zip(together, rows, strict=True):
                    one.logits = logits
            else:
                for one in together:
                    one.logits = self._read_one(one)
        except Exception as error:
            for one in together:
                one.error = one.error or (error if one.logits is None else None)

    def _read_one(self, one: _Waiting) -> Tensor | None:
        logits = None
        for start in range(0, len(one.ids), _CHUNK):
            part = torch.tensor([one.ids[start : start + _CHUNK]], device=self.model.device)
            logits = self.model(part, one.state, last_only=True)[0][0, -1]
        return logits
