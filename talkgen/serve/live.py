"""The live API that the elements of a deck ask: `/api/health` and `/api/next`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import APIRouter, HTTPException, Request, Response

from talkgen.errors import TalkgenError
from talkgen.serve.engines import BusyError, Engines
from talkgen.serve.limits import Question, RateLimit

Result = TypeVar("Result")


def live_routes(engines: Engines, limit: RateLimit) -> APIRouter:
    """The routes below `/api`."""
    router = APIRouter(prefix="/api")

    @router.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the models are there, and which."""
        return engines.health()

    @router.post("/next")
    async def next_token(question: Question, request: Request) -> Response:
        """The likeliest next tokens after a prompt."""
        check_rate(limit, request)
        with refusals():
            answer = await unless_gone(request, engines.answer(question))
        return Response(answer or b"", media_type="application/json")

    return router


def check_rate(limit: RateLimit, request: Request) -> None:
    """Refuses a client that asks too often with 429."""
    wait = limit.wait_for(request.client.host if request.client else "")
    if wait:
        raise HTTPException(429, "too many questions at once", {"Retry-After": str(math.ceil(wait))})


@contextmanager
def refusals() -> Iterator[None]:
    """Answers what a caller can cause with 422, and a full queue with 429."""
    try:
        yield
    except TalkgenError as error:
        words = [
            f"{problem.message} ({problem.hint})" if problem.hint else problem.message for problem in error.problems
        ]
        raise HTTPException(422, "; ".join(words)) from error
    except BusyError as error:
        raise HTTPException(429, "too many questions wait", {"Retry-After": "1"}) from error


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result | None:
    """The result of `work`; None when the client hung up before it came, which cancels the work."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_wait_until_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        gone.cancel()


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
