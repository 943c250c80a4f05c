"""Processes beside this one, fresh and quiet: they share the cores, and end when this one does, whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait


def make_pool(count: int) -> ProcessPoolExecutor:
    """A pool of `count` processes, each with its share of the cores; they start when there is something to do."""
    threads = max(1, cores() // count)
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(threads,))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps torch to one thread, also where it is imported only inside; then it has its threads back.

    What several threads add up differs in its last digits from what one does.
    """
    asked, torch = os.environ.get("OMP_NUM_THREADS"), sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else int(asked) if asked and asked.isdecimal() else cores()
    os.environ["OMP_NUM_THREADS"] = "1"
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if asked is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = asked
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)


def _begin(threads: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read by torch when it is imported, which nothing has done here yet
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word: who started it has them
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's process that nobody asks any more would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
