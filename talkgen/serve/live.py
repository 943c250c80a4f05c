"""The live API that the elements of a deck ask: `/api/health`, `/api/next` and `/api/elements/NAME`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from talkgen.elements.registry import ELEMENTS
from talkgen.errors import TalkgenError
from talkgen.lm.answer.callers import FailedError
from talkgen.serve.elements import ElementBody, read_question
from talkgen.serve.limits import BusyError, Question
from talkgen.serve.questions import AnyQuestion, Flight, LateError, Questions
from talkgen.serve.said import read_body
from talkgen.serve.stage import Stage

Result = TypeVar("Result")
LINES = "application/x-ndjson"
_QUIET = 0.3  # s before somebody who asks for it is told how far the reading is
_LONG, _SOON = 128, 0.05  # tokens of a text that takes a while: s before it is told how far that is
_TELL_EVERY = 0.1  # s


def live_routes(questions: Questions, stage: Stage) -> list[BaseRoute]:
    """The routes below `/api`."""

    async def health(_: Request) -> Response:
        """Whether the models answer, which, since which start, and what the presenter wants to be shown."""
        forced = {"forced": stage.forced} if stage.forced else {}
        return JSONResponse({**questions.health(), "run": stage.run, **forced})

    async def next_token(request: Request) -> Response:
        """The likeliest next tokens after a prompt.

        Who accepts lines of JSON is told, where it takes a while, how many tokens are read; the last line answers.
        """
        return await respond(questions, await read_body(request, Question), request)

    async def ask_element(request: Request) -> Response:
        """What an element shows; who accepts lines of JSON is told what there is of it so far."""
        name, body = request.path_params["name"], await read_body(request, ElementBody)
        if name not in ELEMENTS:
            raise HTTPException(404, "there is no such element")
        with refusals():
            question = read_question(name, body)
        return await respond(questions, question, request)

    return [
        Route("/api/health", health),
        Route("/api/next", next_token, methods=["POST"]),
        Route("/api/elements/{name}", ask_element, methods=["POST"]),
    ]


async def respond(questions: Questions, question: AnyQuestion, request: Request) -> Response:
    """The answer to a question, at once or line by line; nothing where the client hung up."""
    known = questions.known(question)
    if known is not None:
        return Response(known, media_type="application/json")
    with refusals():
        flight = questions.board(question, request.state.visitor)
    lines = LINES in request.headers.get("accept", "")
    try:
        with watch_for_leaving(request) as gone:
            await _wait(flight, gone, lines=lines)
        if flight.answer.done():
            with refusals():
                return Response(flight.answer.result(), media_type="application/json")
        if lines:
            flight.waiting += 1
            return _Told(questions, flight)
        return Response()  # to nobody
    finally:
        questions.leave(flight)


async def _wait(flight: Flight, gone: asyncio.Future[None], *, lines: bool) -> None:
    """Waits for the answer while the client is there; who accepts lines is to hear something before long."""
    ends: set[asyncio.Future[Any]] = {flight.answer, gone}
    done, _ = await asyncio.wait(ends, timeout=_SOON if lines else None, return_when=asyncio.FIRST_COMPLETED)
    if not done and flight.tokens < _LONG and flight.part is None:
        await asyncio.wait(ends, timeout=_QUIET - _SOON, return_when=asyncio.FIRST_COMPLETED)


class _Told(StreamingResponse):
    """How far an answer is, a line every while, and the answer; who hangs up leaves the flight."""

    def __init__(self, questions: Questions, flight: Flight) -> None:
        super().__init__(_tell(flight), media_type=LINES)
        self._questions, self._flight = questions, flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the lines."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._questions.leave(self._flight)


async def _tell(flight: Flight) -> AsyncIterator[bytes]:
    told = None
    while not flight.answer.done():
        part = flight.part
        yield _line({"part": part} if part is not told else {"read": flight.read, "tokens": flight.tokens})
        told = part
        await asyncio.wait({flight.answer}, timeout=_TELL_EVERY)
    try:
        with refusals():
            yield flight.answer.result() + b"\n"
    except HTTPException as refused:
        yield _line({"status": refused.status_code, "detail": refused.detail})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


@contextmanager
def refusals() -> Iterator[None]:
    """Answers what a caller can cause with 422, too much at once with 429, what takes too long or fails with 503."""
    try:
        yield
    except TalkgenError as error:
        words = [
            f"{problem.message} ({problem.hint})" if problem.hint else problem.message for problem in error.problems
        ]
        raise HTTPException(422, "; ".join(words)) from error
    except BusyError as error:
        raise HTTPException(429, "too many questions wait", {"Retry-After": "1"}) from error
    except LateError as error:
        raise HTTPException(503, "the answer took too long", {"Retry-After": "1"}) from error
    except FailedError as error:
        raise HTTPException(503, "the model's device failed", {"Retry-After": "1"}) from error


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result | None:
    """The result of `work`; None when the client hung up before it came, which cancels the work."""
    task = asyncio.ensure_future(work)
    try:
        with watch_for_leaving(request) as gone:
            ends: set[asyncio.Future[Any]] = {task, gone}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()


@contextmanager
def watch_for_leaving(request: Request) -> Iterator[asyncio.Future[None]]:
    """A future that is done once the client hung up."""
    gone = asyncio.ensure_future(_wait_until_gone(request))
    try:
        yield gone
    finally:
        gone.cancel()


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
