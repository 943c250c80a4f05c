"""Several callers read with one model, in short passes: whoever has the lower rank is read first; knows no text.

A text is read a piece at a time. Before each pass all who wait are looked at again: those who have gone are let go,
a lower rank goes before a higher one, and equals take turns, so that no long text keeps anybody waiting for longer than
a piece takes. There is no thread and no window of waiting: the first to come runs the passes for all who wait until its
own text is read, then another does; whose text is read goes on at once, while the next pass runs.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from talkgen.lm.answer.callers import Caller, FailedError, GoneError
from talkgen.lm.models.reader import Floats, Reader
from talkgen.lm.models.state import State

TOGETHER = 32  # texts in one pass at most, so that nobody waits for a whole room
PIECE = (
    64  # tokens of one pass: a quarter of a second of SmolLM2 on 2 cores, and as many as compiled code takes at once
)
GPU_PIECE = 512  # the same on a GPU, which short pieces would leave idle
COMPANY = 16  # tokens of a pass that texts of different rank share: as many cost little more than one


@dataclass(eq=False)
class _Waiting:
    """A text to read on after its state; then its logits [V], or what went wrong."""

    unread: list[int]
    state: State
    caller: Caller
    turn: int
    signal: threading.Event  # to the thread that waits: its text is read, or the passes are its to run
    piece: list[int] = field(default_factory=list)
    logits: Floats | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.error is not None or not self.unread

    def outcome(self) -> Floats:
        """The logits, once it is done."""
        if self.error is not None:
            raise self.error
        assert self.logits is not None  # noqa: S101 – done without an error
        return self.logits


class Batch:
    """The one place where a model is run."""

    def __init__(self, model: Reader) -> None:
        self.model = model
        self.passes = 0
        self._size = PIECE if model.device == "cpu" else GPU_PIECE
        self._waiting: list[_Waiting] = []
        self._turns = itertools.count()
        self._guard = threading.Lock()
        self._leader: threading.Event | None = None  # the signal of who runs the passes
        self.turn = threading.Lock()  # held during a pass, and by who runs the model alone

    def read(self, ids: Sequence[int], state: State, caller: Caller | None = None) -> Floats:
        """Reads `ids` after `state`, which is changed in place; the logits [V] after the last of them.

        Raises:
            GoneError: the caller went.
            FailedError: the device did.
        """
        return self.read_together([ids], [state], caller)[0]

    def read_together(
        self, texts: Sequence[Sequence[int]], states: Sequence[State], caller: Caller | None = None
    ) -> list[Floats]:
        """The same of several texts of one caller, each after a state of its own.

        Raises:
            GoneError: the caller went.
            FailedError: the device did.
        """
        caller, signal = caller or Caller(), threading.Event()
        mine = [
            _Waiting(list(ids), state, caller, next(self._turns), signal)
            for ids, state in zip(texts, states, strict=True)
        ]
        if not all(one.unread for one in mine):
            raise ValueError("there is nothing to read")
        with self._guard:
            self._waiting += mine
            self._leader = self._leader or signal
        try:
            while not all(one.done for one in mine):
                if self._leader is signal:
                    with self.turn:
                        self._run()
                else:
                    signal.wait()
                    signal.clear()  # before what it tells of is looked at again
        finally:
            self._hand_over(signal)
        return [one.outcome() for one in mine]

    def _hand_over(self, signal: threading.Event) -> None:
        """Whoever is to be read next runs the passes from now on, where this thread did."""
        with self._guard:
            # Its own texts are there only where it was interrupted.
            self._waiting = [one for one in self._waiting if one.signal is not signal]
            if self._leader is signal:
                following = min(self._waiting, key=_place, default=None)
                self._leader = following.signal if following else None
                if following:
                    following.signal.set()

    def _run(self) -> None:
        together = self._choose()
        if not together:
            return
        self.passes += 1
        try:
            self._read_pieces(together)
        except RuntimeError as error:
            self._fail(together, FailedError(f"the model's pass failed on {self.model.device}: {error}"), error)
        except Exception as error:  # a text that cannot be read is its callers' matter
            self._fail(together, error, None)
        finally:
            with self._guard:
                self._waiting += [one for one in together if not one.done]
            for one in together:
                if one.done:
                    one.signal.set()

    def _choose(self) -> list[_Waiting]:
        """Takes those out who are read next, each with the piece that is read."""
        with self._guard:
            for one in self._waiting:
                if one.caller.gone():
                    one.error = GoneError()
                    one.signal.set()
            queue = sorted((one for one in self._waiting if not one.done), key=_place)
            chosen: list[_Waiting] = []
            room = self._size
            for one in queue[:TOGETHER]:
                if chosen and one.caller.rank != chosen[0].caller.rank:
                    room = min(room, COMPANY - (self._size - room))
                if room <= 0:
                    break
                one.piece = one.unread[:room]
                room -= len(one.piece)
                chosen.append(one)
            self._waiting = queue[len(chosen) :]
        return chosen

    def _read_pieces(self, together: list[_Waiting]) -> None:
        rows = self.model.read_many([one.piece for one in together], [one.state for one in together])
        for one, logits in zip(together, rows, strict=True):
            self._count(one, logits)

    def _count(self, one: _Waiting, logits: Floats) -> None:
        read = len(one.piece)
        one.logits = logits
        one.caller.on_read(read)
        one.turn = next(self._turns)
        one.unread = one.unread[read:]  # last: it is what the thread that waits looks at

    @staticmethod
    def _fail(together: list[_Waiting], error: Exception, cause: Exception | None) -> None:
        error.__cause__ = cause
        for one in together:
            if one.unread:
                one.error = error


def _place(one: _Waiting) -> tuple[int, int]:
    return one.caller.rank, one.turn
