"""How long models take to read a text, by its length: all at once, and the next token after it."""

from __future__ import annotations

import threading
import time
from typing import Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked

TITLE = "Time against length"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE, MEASURES_TIME = False, True
_REPEATS = 3  # of a measurement, the quickest of which counts
_ALONE = threading.Lock()  # who races measures one model after the other


class Params(base.Params):
    """The longest text, in tokens; `run` counts how often, so that another measurement is another question."""

    longest: int = Field(256, ge=32, le=2048)
    run: int = Field(0, ge=0, le=1_000_000)


class Lap(TypedDict):
    """A length in tokens, and the milliseconds to read so much, and to read one token more."""

    length: int
    read: float
    step: float


class RaceAnswer(TypedDict):
    """The laps so far, the shortest first."""

    laps: list[Lap]
    done: bool


def answer(asked: Asked) -> RaceAnswer:
    """The laps; the text is the prompt, repeated to each length."""
    ids = asked.engine.encode(asked.prompt)
    longest = min(asked.params.longest, asked.engine.context - 1)
    lengths = sorted({max(1, longest * i // 8) for i in range(1, 9)})
    laps: list[Lap] = []
    for length in lengths:
        text = (ids * (length // len(ids) + 1))[:length]
        with _ALONE:
            times = [_lap(asked, text) for _ in range(_REPEATS)]
        read, step = (min(column) for column in zip(*times, strict=True))
        laps.append({"length": length, "read": round(read, 3), "step": round(step, 3)})
        asked.tell({"laps": list(laps), "done": False})
    return {"laps": laps, "done": True}


def _lap(asked: Asked, ids: list[int]) -> tuple[float, float]:
    """Milliseconds to read `ids`, and to read one token after them."""
    reader = asked.engine.reader
    asked.go_on()
    times = []
    with asked.engine.batch.turn:
        state = reader.new_state(1, len(ids) + 1)
        for piece in (ids, ids[:1]):
            started = time.perf_counter()
            _, state = reader([piece], state, last_only=True)
            times.append(1000 * (time.perf_counter() - started))
    return times[0], times[1]
