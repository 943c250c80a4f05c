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
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        if state.st_size < REMEMBERED_FROM:
            return hashlib.file_digest(file, "sha256").hexdigest()
        memo = cache_dir("digests") / f"{state.st_dev:x}-{state.st_ino:x}.json"
        mark = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        known = _recall(memo, mark)
        if known:
            return known
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.fstat(file.fileno())
        unchanged = [after.st_size, after.st_mtime_ns, after.st_ctime_ns] == mark
    if unchanged and time.time() - max(state.st_mtime, state.st_ctime) > SETTLED:
        _remember(memo, mark, digest)
    return digest


def _recall(memo: Path, mark: list[int]) -> str | None:
    try:
        record = json.loads(memo.read_bytes())
        return str(record["sha256"]) if record["mark"] == mark and len(record["sha256"]) == 64 else None
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not what we wrote: read the file itself
        return None


def _remember(memo: Path, mark: list[int], digest: str) -> None:
    with suppress(OSError):  # a cache that cannot be written costs time, never the build
        write_json(memo, {"mark": mark, "sha256": digest})
