"""The texts that are being read, so that one waits for another where it pays to go on from what that leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from talkgen.lm.answer.batch import PIECE
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.prefix import common_prefix

_SAME = 64  # tokens that a text has in common with one that was left, where its state is waited for
_A_PASS = 8  # tokens more in a pass that cost as much as one more pass


@dataclass(eq=False)
class _Reading:
    """A text that is being read, or waits for another that begins alike."""

    ids: list[int]
    caller: Caller
    waits: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def gone_from(self, ids: list[int]) -> bool:
        """Whether nobody waits for it any more, and what was read of it serves `ids`."""
        return self.caller.gone() and common_prefix(self.ids, ids) > _SAME


class Readings:
    """What callers of all ranks read at a time."""

    def __init__(self) -> None:
        self._all: list[_Reading] = []
        self._guard = threading.Lock()

    @contextmanager
    def add(self, ids: list[int], caller: Caller, known: Callable[[list[int]], int]) -> Iterator[bool]:
        """Says that `ids` are read; waits first for others of the rank, for a pass or two.

        `known` tells how many of them a text that was read before begins with. Yields whether others of the rank are
        read by then, who may begin like it too.
        """
        mine = _Reading(ids, caller)
        with self._guard:
            equals = [one for one in self._all if one.caller.rank == caller.rank]
            before = [one for one in equals if one.gone_from(ids)] + _begun(ids, equals, known)
            mine.waits = bool(before)
            self._all.append(mine)
        for one in before:
            one.done.wait()
        try:
            yield any(one.caller.rank == caller.rank and one is not mine for one in tuple(self._all))
        finally:
            with self._guard:
                self._all.remove(mine)
            mine.done.set()


def _begun(ids: list[int], equals: list[_Reading], known: Callable[[list[int]], int]) -> list[_Reading]:
    """The text on its way that begins most alike, where many are read: a room writes on from what stands on a slide."""
    short = [one for one in equals if not one.waits and len(one.ids) <= PIECE]
    if not short:
        return []
    best = max(short, key=lambda one: common_prefix(one.ids, ids))
    saved = min(common_prefix(best.ids, ids), len(ids) - 1) - known(ids)
    return [best] if saved * len(equals) >= _A_PASS else []
