"""Says no to a model that would not fit, before the kernel's killer does."""

from __future__ import annotations

import psutil

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
    return int(psutil.virtual_memory().available)
