"""OpenAI's completions for programs: `/v1/models` and `/v1/completions`, whole or streamed, over the talk's engines."""

from __future__ import annotations

import asyncio
import json
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from talkgen.errors import did_you_mean
from talkgen.lm.answer.callers import Caller, FailedError, GoneError
from talkgen.serve.limits import BusyError
from talkgen.serve.live import refusals, unless_gone
from talkgen.serve.openai_json import Choice, CompletionRequest, write_error, write_head, write_usage
from talkgen.serve.questions import LateError, Questions

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Completion, Engine, Piece

SECONDS = 120  # that a program's request may take
_FINISHED = {"length": "length", "stop": "stop", "end": "stop", "cancelled": None}


def completion_routes(questions: Questions) -> APIRouter:
    """The routes below `/v1`."""
    router = APIRouter(prefix="/v1")
    engines = questions.engines

    def find(name: str | None) -> Engine:
        if engines.loading:
            raise HTTPException(503, "the models are being loaded", {"Retry-After": "1"})
        known = [model["name"] for model in engines.health()["models"]]
        if not known or (name is not None and name not in known):
            raise HTTPException(404, f"the model '{name}' is not there; {did_you_mean(name or '', known)}")
        with refusals():
            return engines.find_here(name)

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The models that are loaded."""
        return {"object": "list", "data": [_about(model["name"]) for model in engines.health()["models"]]}

    @router.get("/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        find(name)
        return _about(name)

    @router.post("/completions")
    async def completions(asked: CompletionRequest, request: Request) -> Response:
        """Continues prompts."""
        if asked.stream and (asked.best_of > asked.n or asked.logprobs is not None):
            raise HTTPException(400, "a stream has neither the best of several nor logprobs: ask without stream")
        gone, end = threading.Event(), time.monotonic() + SECONDS
        caller = Caller(request.state.visitor.rank, lambda: gone.is_set() or time.monotonic() > end)
        with refusals():
            job = _Job(find(asked.model), asked, caller)
            held = questions.budget.hold(request.state.visitor, job.longest)
            if asked.stream:
                return StreamingResponse(_stream(job, gone, held), media_type="text/event-stream")
            try:
                with held:
                    choices = await unless_gone(request, asyncio.to_thread(job.run))
            except GoneError as error:
                raise LateError from error
            finally:
                gone.set()
        if choices is None:
            return Response()  # to nobody
        written = [choice.written(job.engine.tokenizer, asked.logprobs) for choice in choices]
        return JSONResponse({**job.head, "choices": written, "usage": job.usage})

    return router


def _about(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "talkgen"}


class _Job:
    """The completions that one request asks for; `run` is for a thread that can wait."""

    def __init__(self, engine: Engine, asked: CompletionRequest, caller: Caller) -> None:
        self.engine, self._asked, self._caller = engine, asked, caller
        self._prompts = [(prompt, engine.encode(prompt)) for prompt in asked.prompts]
        self.head = write_head(asked.model or engine.loaded.name)
        self._written = 0

    @property
    def longest(self) -> int:
        """Tokens of its longest prompt, which are in memory at a time."""
        return max(len(ids) for _, ids in self._prompts)

    @property
    def streams_usage(self) -> bool:
        """Whether a stream ends with what it cost."""
        return self._asked.stream_options.include_usage

    @property
    def usage(self) -> dict[str, int]:
        """What it has cost."""
        return write_usage(sum(len(ids) for _, ids in self._prompts), self._written)

    def run(self, tell: Callable[[Choice], None] | None = None) -> list[Choice]:
        """All choices; each is told in parts as its text grows, by whole characters, never past a text to stop at.

        Raises:
            GoneError: nobody waits any more, or for too long.
            FailedError: the device failed.
        """
        choices: list[Choice] = []
        for prompt, ids in self._prompts:
            echo = self._echo(prompt, ids)
            count = max(self._asked.n, self._asked.best_of)
            made = [self._complete(ids, echo, len(choices) + i, tell) for i in range(count)]
            if self._asked.best_of > self._asked.n:
                made.sort(key=lambda pair: pair[1], reverse=True)
            choices += [replace(choice, index=len(choices) + i) for i, (choice, _) in enumerate(made[: self._asked.n])]
        return choices

    def _echo(self, prompt: str | Sequence[int], ids: list[int]) -> Choice:
        """What every choice of a prompt begins with: nothing, or the prompt and, where asked for, its odds."""
        text = prompt if isinstance(prompt, str) else self.engine.tokenizer.decode(ids)
        if not self._asked.echo:
            return Choice(0, offset=len(text))
        top = self._asked.logprobs
        odds = [] if top is None else [None, *self.engine.score(ids, top=top, caller=self._caller)]
        return Choice(0, text, list(zip(self.engine.tokenizer.pieces(ids), odds, strict=top is not None)))

    def _complete(
        self, ids: list[int], echo: Choice, index: int, tell: Callable[[Choice], None] | None
    ) -> tuple[Choice, float]:
        """A choice, and how likely its tokens were on the average."""
        told = _Teller(self.engine, self._asked.stops, index, tell) if tell else None
        if told:
            told.say(echo.text, None)
        done = self._generate(ids, index, told.add if told else None)
        self._written += len(done.pieces)
        if told:
            told.end(done)
        odds = [*echo.odds, *(self._within(done) if done.odds else ())]
        choice = Choice(index, echo.text + done.text, odds, echo.offset, _FINISHED[done.ended])
        return choice, statistics.fmean([one.log_p for one in done.odds] or [0.0])

    def _generate(self, ids: list[int], index: int, on_token: Callable[[Piece], None] | None) -> Completion:
        from talkgen.lm.answer.sample import Sampling

        asked = self._asked
        done = self.engine.generate(
            ids,
            max_tokens=asked.max_tokens,
            on_token=on_token,
            caller=self._caller,
            stop=asked.stops,
            seed=asked.seed + index,
            top=0 if asked.logprobs is None and asked.best_of > asked.n else asked.logprobs,
            sampling=Sampling(asked.temperature, asked.top_k, asked.top_p),
        )
        if done.ended == "cancelled":
            raise GoneError
        return done

    def _within(self, done: Completion) -> list[tuple[str, Any]]:
        """The tokens that make the text, with their odds; not those of a stop that was cut off."""
        ids = [piece.id for piece in done.pieces if piece.id is not None]
        decode = self.engine.tokenizer.decode
        count = next((k for k in range(len(ids)) if len(decode(ids[:k])) >= len(done.text)), len(ids))
        kept = count if done.ended == "stop" else len(ids)
        return [(piece.text, odds) for piece, odds in zip(done.pieces[:kept], done.odds[:kept], strict=True)]


class _Teller:
    """Tells a choice in parts."""

    def __init__(self, engine: Engine, stops: list[str], index: int, tell: Callable[[Choice], None]) -> None:
        self._engine, self._stops, self._index, self._tell = engine, stops, index, tell
        self._ids, self._sent = list[int](), 0

    def say(self, text: str, finished: str | None) -> None:
        """Tells some text, where there is any, or that it ended."""
        if text or finished:
            self._tell(Choice(self._index, text, finished=finished))

    def add(self, piece: Piece) -> None:
        """Takes one more token, and tells what of the text is sure by now."""
        self._ids += [piece.id] if piece.id is not None else []
        text = sendable(self._engine.tokenizer.decode(self._ids), self._stops)
        if len(text) > self._sent:
            self.say(text[self._sent :], None)
            self._sent = len(text)

    def end(self, done: Completion) -> None:
        """Tells the rest."""
        self.say(done.text[self._sent :], _FINISHED[done.ended])


async def _stream(job: _Job, gone: threading.Event, held: AbstractContextManager[None]) -> AsyncIterator[str]:
    """Server-sent events with the texts as they grow."""
    loop, parts = asyncio.get_running_loop(), asyncio.Queue[Choice | None]()

    def tell(part: Choice) -> None:
        loop.call_soon_threadsafe(parts.put_nowait, part)

    def run() -> None:
        try:
            with held:
                job.run(tell)
        finally:
            loop.call_soon_threadsafe(parts.put_nowait, None)

    work = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        while (part := await parts.get()) is not None:
            yield _event({**job.head, "choices": [part.written(job.engine.tokenizer, None)]})
        try:
            await work
        except (BusyError, GoneError, FailedError) as error:
            yield _event(write_error(503, str(error) or "there is no room or no time for it"))
            return
        if job.streams_usage:
            yield _event({**job.head, "choices": [], "usage": job.usage})
        yield "data: [DONE]\n\n"
    finally:
        gone.set()


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def sendable(text: str, stops: list[str]) -> str:
    """The beginning of `text` that is sure: no unfinished character, nothing that may turn out to be a stop."""
    text = text.rstrip("\ufffd")
    held = max((n for stop in stops for n in range(len(stop) + 1) if text.endswith(stop[:n])), default=0)
    whole = min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))
    return text[: min(len(text) - held, whole)]
