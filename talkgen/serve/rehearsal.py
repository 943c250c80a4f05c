"""How long each slide took while a talk was rehearsed, beside the minutes that were planned for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BAR = 32  # characters of the longest bar
_TITLE = 34  # and of a title


@dataclass(frozen=True)
class Timed:
    """A slide, the seconds that it was shown in all, and the minutes planned."""

    number: int
    title: str
    seconds: float
    planned: float | None

    def to_json(self) -> dict[str, Any]:
        """The slide as plain JSON values."""
        return {
            "slide": self.number,
            "title": self.title,
            "seconds": round(self.seconds, 1),
            "planned_minutes": self.planned,
        }


class Rehearsal:
    """Adds up the time on each slide; `clock` gives seconds. It begins with the first turn to another slide."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since, self._slide = clock(), 0
        self._seconds: dict[int, float] = {}

    def turn(self, slide: int) -> None:
        """Another slide is shown from now on, counted from 1; 0 ends the rehearsal."""
        now = self._clock()
        if self._slide:
            self._seconds[self._slide] = self._seconds.get(self._slide, 0.0) + now - self._since
        self._since, self._slide = now, slide

    def timed(self, slides: Sequence[Mapping[str, Any]]) -> list[Timed]:
        """Every slide of the talk, as `read_slides` tells them, with its time."""
        return [
            Timed(number, str(slide["title"]), self._seconds.get(number, 0.0), slide["minutes"])
            for number, slide in enumerate(slides, 1)
        ]


def chart(slides: Sequence[Timed]) -> str:
    """A line a slide: a bar of the time spent, and `|` where the planned time ends; then the sums."""
    longest = max((max(each.seconds, 60 * (each.planned or 0)) for each in slides), default=0.0) or 1.0
    lines = [_line(each, longest) for each in slides]
    spent, planned = sum(each.seconds for each in slides), sum(each.planned or 0 for each in slides)
    return "\n".join([*lines, f"{'':>3}  {'in all':{_TITLE}}  {_clock(spent)} of {_clock(60 * planned)} planned"])


def _line(slide: Timed, longest: float) -> str:
    bar = list(("█" * round(_BAR * slide.seconds / longest)).ljust(_BAR + 1))
    if slide.planned:
        bar[round(_BAR * 60 * slide.planned / longest)] = "|"
    title = slide.title if len(slide.title) <= _TITLE else f"{slide.title[: _TITLE - 1]}…"
    over = slide.seconds - 60 * slide.planned if slide.planned else 0.0
    late = f"  {_clock(over)} over" if over > 0 else ""
    return f"{slide.number:>3}  {title:{_TITLE}}  {_clock(slide.seconds)}  {''.join(bar).rstrip()}{late}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:>2}:{rest:02}"
