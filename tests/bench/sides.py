"""Two sides that take turns, by a clock on the wall or by the seconds of a processor, which others change less."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

Side = Callable[[], float]
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


class Clock:
    """What seconds are in a run."""

    name = "wall"

    @classmethod
    def now(cls) -> float:
        """Seconds since some moment."""
        return CLOCKS[cls.name]()


def compare(ours: Side, theirs: Side, pairs: int) -> dict[str, float]:
    """Seconds of both, taking turns; the ratio is how many times quicker ours is."""
    ours(), theirs()  # once for nothing: first calls allocate
    rows = [(ours(), theirs()) if i % 2 else (theirs(), ours())[::-1] for i in range(pairs)]
    ratios = [b / a for a, b in rows]
    return {
        "ours_ms": 1000 * statistics.median(a for a, _ in rows),
        "theirs_ms": 1000 * statistics.median(b for _, b in rows),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def timed(work: Callable[[], Any], units: int = 1) -> Side:
    """A call that says how many seconds a unit of `work` took."""

    def run() -> float:
        began = Clock.now()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return (Clock.now() - began) / units

    return run


def process(command: Sequence[str]) -> Side:
    """A call that says how many seconds a process took from its start to its end."""

    def run() -> float:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if Clock.name == "wall":
            return time.perf_counter() - began
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run
