"""Questions on their way to an engine: the same one answered once, one that nobody waits for taken back, each in time.

A hundred phones type the same few things, so an answer that is on its way is shared by all of a rank who ask for it,
and the last ones are kept. Different questions meet in the engine, which reads them together, the speaker's first. Each
rank has threads of its own, so that no visitor's question is before the speaker's in any queue.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from talkgen.lm.answer.callers import Caller, GoneError
from talkgen.lm.answer.wire import answer_json
from talkgen.serve.elements import ElementQuestion
from talkgen.serve.engines import Engines
from talkgen.serve.limits import SECONDS, Budget, BusyError, Question
from talkgen.serve.presence import Times
from talkgen.serve.visitors import Rank, Visitor

ANSWERS_KEPT = 512
QUESTIONS_QUEUED = 128
THREADS = 64  # of a kind of visitors: what an engine reads in two passes, so that the next one waits while one runs
PATIENCE = 1.0  # s without a sign of an answer after which a model does not answer

AnyQuestion = Question | ElementQuestion


def _is_own_work(question: AnyQuestion) -> bool:
    return isinstance(question, ElementQuestion) and question.params.own_work


class LateError(Exception):
    """The answer did not come in the time that there is for it."""


@dataclass(eq=False)
class Flight:
    """An answer on its way: how many wait for it, and how far its prompt has been read."""

    visitor: Visitor
    began: float = field(default_factory=time.monotonic)
    waiting: int = 0
    dropped: bool = False
    tokens: int = 0  # of the prompt
    read: int = 0
    sign: float = field(default_factory=time.monotonic)  # when something was last heard of it
    part: dict[str, Any] | None = None  # what there is of the answer so far
    answer: asyncio.Future[bytes] = field(init=False)

    def count(self, tokens: int) -> None:
        """Takes note of more tokens that were read."""
        self.read, self.sign = self.read + tokens, time.monotonic()

    def tell(self, part: dict[str, Any]) -> None:
        """Takes note of what there is of the answer so far."""
        self.part, self.sign = part, time.monotonic()

    @property
    def gone(self) -> bool:
        """Whether it need not be answered any more."""
        return self.dropped or self.late

    @property
    def late(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() > self.began + SECONDS[self.visitor.rank]

    def caller(self) -> Caller:
        """It, as an engine sees it."""
        return Caller(int(self.visitor.rank), lambda: self.gone, self.count)


class Questions:
    """Asks `engines` for answers."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.budget, self.times = Budget(), Times()
        self._threads = {rank: ThreadPoolExecutor(THREADS, f"rank {rank}") for rank in Rank}
        self._flights: dict[tuple[AnyQuestion, Rank], Flight] = {}
        self._kept: OrderedDict[AnyQuestion, bytes] = OrderedDict()

    def close(self) -> None:
        """Lets go of all that is on its way."""
        for flight in list(self._flights.values()):
            flight.dropped = True
        for threads in self._threads.values():
            threads.shutdown(cancel_futures=True)

    @property
    def queued(self) -> int:
        """How many different questions wait for an answer."""
        return len(self._flights)

    def health(self) -> dict[str, Any]:
        """What `/api/health` says: whether models are still loading, and which of them answer.

        A model with a slide's question that waits for longer than `PATIENCE` without a sign is none that answers;
        what takes its own time whatever the model does is no such question.
        """
        found = self.engines.health()
        then = time.monotonic() - PATIENCE
        waiting = {
            question.model
            for (question, rank), flight in self._flights.items()
            if rank is not Rank.VISITOR and flight.sign < then and not _is_own_work(question)
        }
        found["models"] = [model for model in found["models"] if model["name"] not in waiting]
        return found

    def known(self, question: AnyQuestion) -> bytes | None:
        """The answer to `question` as JSON, where it is remembered."""
        if question not in self._kept:
            return None
        self._kept.move_to_end(question)
        return self._kept[question]

    def board(self, question: AnyQuestion, visitor: Visitor) -> Flight:
        """The flight of `question`, one that is on its way already where there is one.

        Raises:
            BusyError: too many other questions wait.
        """
        flight = self._flights.get((question, visitor.rank))
        if flight is None or flight.gone or flight.answer.cancelled():
            flight = self._take_off(question, visitor)
        flight.waiting += 1
        return flight

    def leave(self, flight: Flight) -> None:
        """One less waits for it; the last one takes the question back, also out of the pass after this one."""
        flight.waiting -= 1
        if not flight.waiting:
            flight.dropped = True
            flight.answer.cancel()

    async def answer(self, question: AnyQuestion, visitor: Visitor) -> bytes:
        """The answer to `question` as JSON, from memory, from an equal question on its way, or computed now.

        Raises:
            TalkgenError: the model is not there or cannot take the prompt.
            BusyError: too much else is asked.
            LateError: it took too long.
            FailedError: the device failed.
        """
        known = self.known(question)
        if known is not None:
            return known
        flight = self.board(question, visitor)
        try:
            return await asyncio.shield(flight.answer)
        finally:
            self.leave(flight)

    def _take_off(self, question: AnyQuestion, visitor: Visitor) -> Flight:
        if len([rank for _, rank in self._flights if rank is visitor.rank]) >= QUESTIONS_QUEUED:
            raise BusyError
        flight = Flight(visitor)
        flight.answer = asyncio.wrap_future(self._threads[visitor.rank].submit(self._compute, question, flight))
        self._flights[question, visitor.rank] = flight

        def land(done: asyncio.Future[bytes]) -> None:
            if self._flights.get((question, visitor.rank)) is flight:
                del self._flights[question, visitor.rank]
            if not done.cancelled() and not done.exception():
                self.times.note(time.monotonic() - flight.began)
                self._kept[question] = done.result()
                if len(self._kept) > ANSWERS_KEPT:
                    self._kept.popitem(last=False)

        flight.answer.add_done_callback(land)
        return flight

    def _compute(self, question: AnyQuestion, flight: Flight) -> bytes:
        self.engines.wait_for(question.model)
        engine = self.engines.find(question.model)
        signed = self.engines.signature(engine)
        flight.tokens = engine.count(question.prompt)
        try:
            with self.budget.hold(flight.visitor, flight.tokens):
                made = self._answer(question, flight) | {"model": signed}
        except GoneError as error:
            raise LateError from error
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()

    def _answer(self, question: AnyQuestion, flight: Flight) -> dict[str, Any]:
        if isinstance(question, ElementQuestion):
            return question.answer(self.engines, flight.caller(), flight.tell)
        if question.leave_out:  # takes a while: the bars come first
            first = question.model_copy(update={"leave_out": False})
            flight.tell(dict(answer_json(self.engines.ask(first, flight.caller()))))
        return dict(answer_json(self.engines.ask(question, flight.caller())))
