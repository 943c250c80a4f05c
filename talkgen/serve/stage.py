"""What is on stage: the slide that the presenter's windows show, what a remote asks of them, and the talk's clock.

A window says where it is and asks where the others are; the newest word counts. To turn a step of a slide takes the
deck itself, so a remote's press goes to one window, the one that moved last while it keeps asking, else the first that
asks, which then says where it is. Who has not asked for a while is gone.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

GONE_AFTER = 3.0  # s without a word; a browser lets a page in the background ask once a second
QUIET_AFTER = 0.5  # s after which a window that does not ask leaves presses to another one
_WINDOWS = 64  # remembered at a time
_PRESSES = 8  # that wait for a window; more is a remote in a pocket, and older than GONE_AFTER is nobody's wish

Mode = Literal["live", "recorded"]
Kind = Literal["deck", "panel", "remote"]
WindowName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")]


class Place(BaseModel):
    """Where a window is: its slide, from 1 on, and how many of its steps are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: WindowName
    slide: int = Field(ge=1, le=10_000)
    step: int = Field(0, ge=0, le=10_000)


class Press(BaseModel):
    """A press of a remote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: Literal["next", "previous"]


class Forced(BaseModel):
    """What a slide's live blocks show (of every slide where none is named): null leaves it to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slide: int | None = Field(None, ge=1, le=10_000)
    mode: Mode | None


@dataclass(frozen=True)
class _Window:
    kind: Kind
    seen: float


class Stage:
    """The state of the stage; `clock` gives seconds, `on_slide` is told which slide is shown when it changes."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, on_slide: Callable[[int], None] = lambda _: None
    ) -> None:
        self._clock, self._on_slide = clock, on_slide
        self.run = secrets.token_hex(4)  # a server that was started anew counts anew, and what was open is gone
        self._version = 0
        self.slide, self.step = 0, 0  # 0: no window has said where it is
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._lead = ""
        self._presses: list[tuple[float, str]] = []  # when, and which
        self._began: float | None = None
        self._forced: dict[str, Mode] = {}

    @property
    def version(self) -> str:
        """Differs whenever a window moved."""
        return f"{self.run}-{self._version}"

    def move(self, place: Place) -> str:
        """A window went somewhere; the version of that."""
        if self.slide and (place.slide, place.step) != (self.slide, self.step) and self._began is None:
            self._began = self._clock()
        self._lead = place.window
        if (place.slide, place.step) != (self.slide, self.step):
            turned = place.slide != self.slide
            self.slide, self.step = place.slide, place.step
            if turned:
                self._on_slide(place.slide)
            self._version += 1
        return self.version

    def see(self, window: str, kind: Kind) -> dict[str, Any]:
        """What a window that asks is told: where the others are, and what it is to press."""
        lead = self._windows.get(self._lead)
        self._windows.pop(window, None)
        self._windows[window] = _Window(kind, self._clock())
        if len(self._windows) > _WINDOWS:
            self._windows.popitem(last=False)
        presses: list[str] = []
        if kind == "deck" and (window == self._lead or not (lead and lead.seen > self._clock() - QUIET_AFTER)):
            presses, self._presses = [turn for _, turn in self._fresh()], []
            self._lead = window if presses else self._lead
        return {"version": self.version, "slide": self.slide, "step": self.step, "press": presses}

    def _fresh(self) -> list[tuple[float, str]]:
        then = self._clock() - GONE_AFTER
        return [(when, turn) for when, turn in self._presses if when > then]

    def press(self, press: Press) -> bool:
        """Has a window turned; whether there is one."""
        self._presses = [*self._fresh(), (self._clock(), press.turn)][:_PRESSES]
        return self.count()["deck"] > 0

    def count(self) -> dict[str, int]:
        """How many windows of each kind are there."""
        then = self._clock() - GONE_AFTER
        kinds = [window.kind for window in self._windows.values() if window.seen > then]
        return {kind: kinds.count(kind) for kind in ("deck", "panel", "remote")}

    def force(self, forced: Forced) -> None:
        """Lets live blocks show their recording, or wait for the model however long it takes."""
        if forced.slide is None:
            self._forced.clear()
        name = "all" if forced.slide is None else str(forced.slide)
        self._forced.pop(name, None)
        if forced.mode:
            self._forced[name] = forced.mode

    @property
    def forced(self) -> dict[str, Mode]:
        """What is forced, by slide, or of "all"."""
        return dict(self._forced)

    def start_clock(self, *, running: bool) -> None:
        """Starts the clock from nothing, or stops it."""
        self._began = self._clock() if running else None

    @property
    def seconds(self) -> float | None:
        """Since the talk began: the first turn of a slide, where nobody pressed the clock; None before it."""
        return None if self._began is None else self._clock() - self._began
