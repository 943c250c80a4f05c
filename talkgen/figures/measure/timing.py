"""Times calls on one core of this machine and says what the times depend on; knows no model and no figure.

The clock counts the seconds that a core worked for this thread: what else the machine does at the same time does not
count, as it would by the wall clock. With one thread both agree on an idle machine.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from talkgen.figures.numbers import significant

Name = TypeVar("Name", bound=Hashable)


@cache
def machine() -> str:
    """The processor's name: times are the same only where this is."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None) or platform.processor() or platform.machine()


@contextmanager
def so_many_threads(count: int) -> Iterator[None]:
    """Gives torch `count` threads, and back as many as it had."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def one_thread() -> AbstractContextManager[None]:
    """Keeps torch to one thread, which is what the clock here counts."""
    return so_many_threads(1)


def core_seconds(
    calls: Mapping[Name, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.thread_time
) -> dict[Name, list[float]]:
    """The seconds a core needs for each of `calls`, `repeats` times each; what several share, another `clock` counts.

    All are called once before; then in turn, forwards and backwards, so that a drift of the machine's speed meets all.
    """
    for call in calls.values():
        call()
    seconds: dict[Name, list[float]] = {name: [] for name in calls}
    for repeat in range(repeats):
        for name in list(calls)[:: -1 if repeat % 2 else 1]:
            began = clock()
            calls[name]()
            seconds[name].append(clock() - began)
    return seconds


def show_seconds(seconds: float) -> str:
    """A time in a readable unit."""
    unit, name = (1.0, "s") if seconds >= 1 else (1e-3, "ms") if seconds >= 1e-4 else (1e-6, "µs")
    return f"{significant(seconds / unit, 2):g} {name}"
