"""A lock between processes that dies with its owner: the kernel frees it when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from talkgen.errors import TalkgenError

POLL = 0.05  # s between attempts


@contextmanager
def hold_lock(path: Path, name: str, report: Callable[[str], None] | None, timeout: float) -> Iterator[None]:
    """Holds the lock file `path`; waits up to `timeout` s for its owner, and says so once through `report`.

    Raises:
        TalkgenError: another process held it all the time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(handle, name, report, timeout)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)  # frees the lock


def _acquire(handle: int, name: str, report: Callable[[str], None] | None, timeout: float) -> None:
    deadline, told = time.monotonic() + timeout, False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 20, 0).decode(errors="replace") or "unknown"
        if time.monotonic() >= deadline:
            message = f"another talkgen (process {owner}) is working on {name}"
            raise TalkgenError(message, "wait for it to end, or stop it")
        if report and not told:
            report(f"waiting for another talkgen (process {owner}) that is working on {name}")
            told = True
        time.sleep(POLL)
