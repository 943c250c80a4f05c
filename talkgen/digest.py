"""SHA-256 of files, remembered: a checkpoint is read once, not on every build. Knows nothing of what a file means.

A digest is remembered by (device, inode, size, mtime, ctime), so that a file that was changed, replaced or restored
with its old time is read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from talkgen.assets import cache_dir
from talkgen.files import write_json

REMEMBERED_FROM = 1 << 20  # bytes; below this, reading the file costs less than reading the memo
SETTLED = 2.0  # s; a file changed within a clock tick of its digest could change again without a new time


def digest_bytes(data: bytes) -> str:
    """The SHA-256 of `data`, in hex."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hex.

    Raises:
        OSError: the file cannot be read.
    """
    if known := _known.get(_mark(path.stat())):
        return known
    with path.open("rb") as file:
        mark = _mark(os.fstat(file.fileno()))
        memo = cache_dir("digests") / f"{mark[0]:x}-{mark[1]:x}.json" if mark[2] >= REMEMBERED_FROM else None
        remembered = _recall(memo, mark) if memo else None
        digest = remembered or hashlib.file_digest(file, "sha256").hexdigest()
        is_settled = _mark(os.fstat(file.fileno())) == mark and time.time() - max(mark[3:]) / 1e9 > SETTLED
    if is_settled:
        _known[mark] = digest
        if memo and not remembered:
            _remember(memo, mark, digest)
    return digest


Mark = tuple[int, ...]
_known: dict[Mark, str] = {}  # in the life of this process, of files of any size


def _mark(state: os.stat_result) -> Mark:
    """What changes when a file does: device, inode, size, and the times of its content and of its state in ns."""
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _recall(memo: Path, mark: Mark) -> str | None:
    try:
        record = json.loads(memo.read_bytes())
        return str(record["sha256"]) if record["mark"] == [*mark[2:]] and len(record["sha256"]) == 64 else None
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not what we wrote: read the file itself
        return None


def _remember(memo: Path, mark: Mark, digest: str) -> None:
    with suppress(OSError):  # a cache that cannot be written costs time, never the build
        write_json(memo, {"mark": mark[2:], "sha256": digest})
