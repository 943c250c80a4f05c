"""OpenAI's completions for programs: `/v1/models` and `/v1/completions`, whole or streamed, over the talk's engines.

Kept to what the engines can do: text in, text out, and for one token its distribution (`max_tokens: 1` with `logprobs`,
which is how clients ask an engine what comes next). Anything else is refused rather than ignored.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from talkgen.serve.engines import Engines
from talkgen.serve.limits import Question, Text
from talkgen.serve.live import refusals, unless_gone

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Answer, Completion, Engine, Piece

_FINISHED = {"length": "length", "stop": "stop", "end": "stop", "cancelled": None}


class CompletionRequest(BaseModel):
    """The body of `/v1/completions`; names and defaults are OpenAI's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, max_length=200)
    prompt: Text = ""
    max_tokens: int = Field(16, ge=1, le=512)
    temperature: float = Field(1.0, ge=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1)
    logprobs: int | None = Field(None, ge=1, le=20)
    stop: Text | list[Text] | None = Field(None)
    seed: int = Field(0, ge=0, lt=2**63)
    stream: bool = False
    user: str | None = None

    @property
    def stops(self) -> list[str]:
        """The texts to stop at."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [text for text in given[:16] if text]


def completion_routes(engines: Engines) -> APIRouter:
    """The routes below `/v1`."""
    router = APIRouter(prefix="/v1")

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The models that are loaded."""
        about = engines.health()["models"]
        return {"object": "list", "data": [{"id": model["name"], "object": "model"} for model in about]}

    @router.post("/completions")
    async def completions(asked: CompletionRequest, request: Request) -> Response:
        """Continues a prompt."""
        if asked.logprobs and (asked.max_tokens > 1 or asked.stream):
            raise HTTPException(422, "logprobs are given for one token: ask with max_tokens 1, without stream")
        with refusals():
            engine = engines.find(asked.model)
            engine.encode(asked.prompt)  # a prompt that does not fit is refused before anything is streamed
            if asked.stream:
                return StreamingResponse(_stream(engine, asked), media_type="text/event-stream")
            done = threading.Event()
            work = asyncio.to_thread(_generate, engine, asked, done.is_set)
            try:
                completion = await unless_gone(request, work)
            finally:
                done.set()
            if completion is None:
                return Response()
            answer = None
            if asked.logprobs:
                question = Question(model=asked.model, prompt=asked.prompt, bars=asked.logprobs)
                answer = await asyncio.to_thread(engines.ask, question)
        return JSONResponse(_whole(engine, asked, completion, answer))

    return router


def _generate(
    engine: Engine,
    asked: CompletionRequest,
    cancelled: Callable[[], bool],
    on_token: Callable[[Piece], None] | None = None,
) -> Completion:
    from talkgen.lm.answer.callers import Caller
    from talkgen.lm.answer.sample import Sampling

    return engine.generate(
        asked.prompt,
        max_tokens=asked.max_tokens,
        on_token=on_token,
        caller=Caller(gone=cancelled),
        stop=asked.stops,
        seed=asked.seed,
        sampling=Sampling(asked.temperature, top_p=asked.top_p),
    )


def _head(asked: CompletionRequest, engine: Engine) -> dict[str, Any]:
    return {
        "id": f"cmpl-{uuid.uuid4().hex}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": asked.model or engine.loaded.name,
    }


def _whole(engine: Engine, asked: CompletionRequest, done: Completion, answer: Answer | None) -> dict[str, Any]:
    read, written = len(engine.encode(asked.prompt)), len(done.pieces)
    choice = {
        "index": 0,
        "text": done.text,
        "finish_reason": _FINISHED[done.ended],
        "logprobs": answer and _logprobs(done, answer, len(asked.prompt)),
    }
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**_head(asked, engine), "choices": [choice], "usage": usage}


def _logprobs(done: Completion, answer: Answer, offset: int) -> dict[str, Any]:
    """OpenAI's record of one token. Its dictionary goes by text, so tokens that look alike would be one: ids tell."""
    top = {item.text: math.log(max(item.p, 1e-38)) for item in answer.candidates}
    texts = [piece.text for piece in done.pieces]
    return {
        "tokens": texts,
        "token_logprobs": [top.get(text) for text in texts],
        "top_logprobs": [top for _ in texts],
        "text_offset": [offset for _ in texts],
    }


async def _stream(engine: Engine, asked: CompletionRequest) -> AsyncIterator[str]:
    """Server-sent events with the text as it grows, by whole characters, never past a text to stop at."""
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[int | None]()
    gone = threading.Event()

    def pass_on(piece: Piece) -> None:
        loop.call_soon_threadsafe(pieces.put_nowait, piece.id)

    def generate() -> Completion:
        try:
            return _generate(engine, asked, gone.is_set, pass_on)
        finally:
            loop.call_soon_threadsafe(pieces.put_nowait, None)

    head, sent, ids = _head(asked, engine), 0, list[int]()
    work = asyncio.ensure_future(asyncio.to_thread(generate))
    try:
        while (token := await pieces.get()) is not None:
            ids.append(token)
            text = sendable(engine.tokenizer.decode(ids), asked.stops)
            if len(text) > sent:
                yield _event(head, text[sent:], None)
                sent = len(text)
        done = await work
        yield _event(head, done.text[sent:], _FINISHED[done.ended])
        yield "data: [DONE]\n\n"
    finally:
        gone.set()


def sendable(text: str, stops: list[str]) -> str:
    """The beginning of `text` that is sure: no unfinished character, nothing that may turn out to be a stop."""
    text = text.rstrip("\ufffd")
    held = max((n for stop in stops for n in range(len(stop) + 1) if text.endswith(stop[:n])), default=0)
    whole = min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))
    return text[: min(len(text) - held, whole)]


def _event(head: dict[str, Any], text: str, finished: str | None) -> str:
    choice = {"index": 0, "text": text, "finish_reason": finished, "logprobs": None}
    return f"data: {json.dumps({**head, 'choices': [choice]}, ensure_ascii=False)}\n\n"
