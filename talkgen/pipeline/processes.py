"""Processes beside this one, fresh and quiet: they share the cores, and end when this one does, whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait


def make_pool(count: int) -> ProcessPoolExecutor:
    """A pool of `count` processes, each with its share of the cores; they start when there is something to do."""
    threads = max(1, cores() // count)
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(threads,))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
