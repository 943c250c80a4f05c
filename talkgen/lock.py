"""A lock between processes that dies with its owner: the system frees it when the process ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from talkgen.errors import TalkgenError


@contextmanager
def hold_lock(
    path: Path, what: str, report: Callable[[str], None] | None = None, timeout: float = 600.0
) -> Iterator[None]:
    """Holds the lock file `path`; waits up to `timeout` s for its owner, and says so once through `report`.

    Raises:
        TalkgenError: another process held it all the time; `what` says for what.
        OSError: the lock file cannot be made.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock, owner = FileLock(path), path.with_suffix(".owner")  # beside it: Windows shows nobody a locked file's content
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if report:
            report(f"waiting for another talkgen (process {_read(owner)}) that is working on {what}")
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            message = f"another talkgen (process {_read(owner)}) is working on {what}"
            raise TalkgenError(message, "wait for it to end, or stop it") from None
    try:
        with suppress(OSError):  # whose it is matters to the message alone
            owner.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        lock.release()


def _read(owner: Path) -> str:
    try:
        return owner.read_text(encoding="ascii") or "unknown"
    except (OSError, ValueError):
        return "unknown"
