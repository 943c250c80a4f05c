"""What a parameter of a figure names, and what the figure uses of it; imports nothing, so that planning can read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["weights", "log", "config", "summary", "checkpoints", "text", "results"]


@dataclass(frozen=True)
class Uses:
    """Marks a parameter as the name of something the figure depends on, and says what of it: only that is in its key.

    Of a model its weights; of a run its log, config, summary, checkpoints or the text it was trained on; of a sweep its
    summary, and of its runs the same as of a run; of a talk the results of the votes that were taken in it.
    """

    kind: Literal["model", "run", "sweep", "votes"]
    parts: tuple[Part, ...]
