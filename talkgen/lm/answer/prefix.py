"""What a model remembers between prompts: states of the texts read last, each for the next text that begins like it.

A transformer's state can be rolled back to any token. A recurrent one cannot, so the states after earlier tokens are
kept as well; they are small. Knows no engine: whoever takes a state reads on and gives it back.
"""

from __future__ import annotations

import threading
from bisect import bisect, bisect_left, insort
from collections import OrderedDict
from collections.abc import Sequence

from talkgen.lm.models.reader import Floats, Reader
from talkgen.lm.models.state import State

_TEXTS = 128  # states that grow with the text: of a room of phones, each of which types on
_ROOM = 8_192  # tokens that these have memory for in all, the last one's aside: 400 MB with SmolLM2
_SNAPSHOTS = 1_024  # states of a fixed size: a few kB each
_SPARE = 256  # tokens of unused room that a state may bring along before a copy of the right size is made

Ids = tuple[int, ...]


class PrefixCache:
    """The states of the texts read last, the oldest first; may be asked by several threads."""

    def __init__(self, model: Reader) -> None:
        self.model = model
        self.rolls_back = model.new_state(1, 1).rolls_back
        self._texts: OrderedDict[Ids, tuple[State, Floats | None]] = OrderedDict()
        self._sorted: list[Ids] = []
        self._lock = threading.Lock()

    def recall(self, ids: Sequence[int]) -> Floats | None:
        """The logits [V] after `ids`, if the same text was read before."""
        with self._lock:
            if tuple(ids) not in self._texts:
                return None
            self._texts.move_to_end(tuple(ids))
            return self._texts[tuple(ids)][1]

    def shared(self, ids: Sequence[int]) -> int:
        """How many of `ids`, the last one aside, are known from a text that was read."""
        with self._lock:
            found = self._longest(tuple(ids))
        return found[1] if found else 0

    def take(self, ids: Sequence[int], *, copy: bool = False) -> tuple[State, int]:
        """A state that has read most of `ids`, but not the last one, and how many; the caller's from now on.

        With `copy` what is kept stays here.
        """
        with self._lock:
            state, kept = self._take(tuple(ids), copy=copy)
        state.reserve(len(ids))  # now: in the pass that reads them all who are read together would wait for it
        return state, kept

    def _take(self, wanted: Ids, *, copy: bool) -> tuple[State, int]:
        found = self._longest(wanted)
        if found is None:
            return self.model.new_state(1, len(wanted) + 64), 0
        text, kept = found
        state = self._texts[text][0]
        # Typing on, or deleting.
        grows = not copy and self.rolls_back and kept >= min(len(text), len(wanted) - 1)
        if grows:
            self._forget(text)
        if not grows or state.room > 2 * len(wanted) + _SPARE:
            return state.clone(kept), kept
        state.truncate(kept)
        return state, kept

    def _longest(self, wanted: Ids) -> tuple[Ids, int] | None:
        """The text with most tokens in common with `wanted`, the last token of it aside; and how many."""
        if not self.rolls_back:
            starts = (wanted[:kept] for kept in range(len(wanted) - 1, 0, -1))
            return next(((start, len(start)) for start in starts if start in self._texts), None)
        at = bisect(self._sorted, wanted)
        beside = self._sorted[max(0, at - 1) : at + 1]  # where texts are sorted none is more alike
        shared = [(min(common_prefix(text, wanted), len(wanted) - 1), text) for text in beside]
        kept, text = max(shared, default=(0, ()))
        return (text, kept) if kept else None

    def give(self, ids: Sequence[int], state: State, logits: Floats | None) -> None:
        """Keeps a state that has read `ids`, and the logits [V] after them where they are known.

        The caller must not use the state any more.
        """
        most = _TEXTS if self.rolls_back else _SNAPSHOTS
        text = tuple(ids)
        with self._lock:
            if text not in self._texts:
                insort(self._sorted, text)
            self._texts[text] = (state, logits)
            self._texts.move_to_end(text)
            room = sum(state.room for state, _ in self._texts.values())
            while len(self._texts) > most or (len(self._texts) > 1 and room > _ROOM):
                room -= self._forget(next(iter(self._texts))).room

    def _forget(self, text: Ids) -> State:
        del self._sorted[bisect_left(self._sorted, text)]
        return self._texts.pop(text)[0]


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens `a` and `b` begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
