"""What a model remembers between prompts: the state of the tokens read last, rolled back to where a new prompt differs.

A transformer's cache can be cut at any token. A recurrent state cannot, so snapshots of it are kept as it goes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor

from talkgen.lm.model import LanguageModel, State
from talkgen.lm.transformer import KVCache

_SNAPSHOTS = 256  # of a recurrent state: a few kB each
_CHUNK = 512  # tokens read at once, which bounds the memory of attention scores and of logits


class PrefixCache:
    """The last state of a model, and of a recurrent one the states after earlier tokens."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self._ids: list[int] = []
        self._state: State | None = None
        self._logits: Tensor | None = None
        self._snapshots: OrderedDict[tuple[int, ...], tuple[State, Tensor]] = OrderedDict()

    def read(self, ids: Sequence[int]) -> tuple[Tensor, int]:
        """The logits [V] after `ids`, and how many of `ids` did not have to be read again."""
        ids = list(ids)
        if self._logits is not None and ids == self._ids:
            return self._logits, len(ids)
        kept = self._roll_back(ids)
        state = self._state or self.model.new_state(1, len(ids) + 64)
        self._ids, self._state, self._logits = [], None, None  # nothing half-read survives an error
        logits = self._advance(ids, kept, state)
        self._ids, self._state, self._logits = ids, state, logits
        return logits, kept

    def _roll_back(self, ids: list[int]) -> int:
        """Brings the state back to the longest common beginning with `ids`, leaving at least one token to read."""
        if self._state is None or isinstance(self._state, KVCache):
            kept = min(common_prefix(self._ids, ids), len(ids) - 1)
            if self._state is not None:
                self._state.truncate(kept)
            return kept
        for kept in range(len(ids) - 1, 0, -1):
            if tuple(ids[:kept]) in self._snapshots:
                self._state = self._snapshots[tuple(ids[:kept])][0].clone()
                return kept
        self._state = None
        return 0

    def _advance(self, ids: list[int], kept: int, state: State) -> Tensor:
        step = 1 if not isinstance(state, KVCache) and len(ids) - kept <= 64 else _CHUNK
        logits = None
        for start in range(kept, len(ids), step):
            part = torch.tensor([ids[start : start + step]], device=self.model.device)
            logits = self.model(part, state, last_only=True)[0][0, -1]
            if not isinstance(state, KVCache):
                self._remember(ids[: start + step], state, logits)
        if logits is None:
            raise ValueError("there is nothing to read")
        return logits

    def _remember(self, ids: list[int], state: State, logits: Tensor) -> None:
        self._snapshots[tuple(ids)] = (state.clone(), logits)
        while len(self._snapshots) > _SNAPSHOTS:
            self._snapshots.popitem(last=False)


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens `a` and `b` begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
