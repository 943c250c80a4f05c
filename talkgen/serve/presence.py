"""Who is there, and how quickly they are answered: counts of the last while, for the presenter's panel."""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from talkgen.serve.limits import CLIENTS_REMEMBERED
from talkgen.serve.visitors import Visitor

A_WHILE = 60.0  # s after which a browser that asked for nothing is gone
_ANSWERS = 256  # the newest ones, which the times are of


class Presence:
    """The browsers that asked for something, the presenter's own left out; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, visitor: Visitor) -> None:
        """Somebody asked for something."""
        if visitor.presents or not visitor.named:
            return
        self._seen.pop(visitor.name, None)
        self._seen[visitor.name] = self._clock()
        if len(self._seen) > CLIENTS_REMEMBERED:
            self._seen.popitem(last=False)

    def count(self) -> int:
        """How many are there."""
        then = self._clock() - A_WHILE
        return sum(seen > then for seen in self._seen.values())


class Times:
    """How long answers took."""

    def __init__(self) -> None:
        self._seconds = deque[float](maxlen=_ANSWERS)

    def note(self, seconds: float) -> None:
        """One more was given."""
        self._seconds.append(seconds)

    def to_json(self) -> dict[str, float]:
        """Their number, and the ms within which half of them and 95 % of them came."""
        if not self._seconds:
            return {"count": 0}
        cuts = statistics.quantiles([*self._seconds, self._seconds[-1]], n=20, method="inclusive")
        return {"count": len(self._seconds), "p50": round(1000 * cuts[9], 1), "p95": round(1000 * cuts[18], 1)}
