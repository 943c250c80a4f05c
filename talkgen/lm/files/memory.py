"""Says no to a model that would not fit, before the kernel's killer does."""

from __future__ import annotations

import os
from pathlib import Path

from talkgen.errors import ModelError


def check_memory(needed: int, label: str) -> None:
    """Refuses `needed` bytes where fewer are free.

    Raises:
        ModelError: less memory than that is free.
    """
    free = free_memory()
    if needed > free:
        raise ModelError(
            f"{label} needs {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free",
            "close other programs, or name a smaller model",
        )


def free_memory() -> int:
    """Bytes that a program can still take, what the page cache would give back included where the system says so."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
