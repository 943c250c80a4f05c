"""Who waits for an answer, and why one may not come; knows no torch, so that a server can tell before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class Caller:
    """Who waits for an answer: the lower the rank, the sooner it comes.

    `gone` says that nobody waits any more; `on_read` is told after each pass how many tokens it read.
    """

    rank: int = 0
    gone: Callable[[], bool] = lambda: False
    on_read: Callable[[int], None] = lambda _: None


class GoneError(Exception):
    """The caller went before the text was read; its state holds what was."""


class FailedError(Exception):
    """The model's pass failed: the device has gone, or is out of memory."""
