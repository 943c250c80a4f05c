"""OpenAI's routes for programs, over the talk's engines: `/v1/models`, `/v1/completions`, `/v1/chat/completions`."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from talkgen.errors import did_you_mean
from talkgen.lm.answer.callers import Caller, FailedError, GoneError
from talkgen.serve.chat_json import ChatRequest, ChatStyle
from talkgen.serve.completing import Choice, Job, Wanted
from talkgen.serve.limits import BusyError
from talkgen.serve.live import refusals, unless_gone
from talkgen.serve.openai_json import (
    Asking,
    CompletionRequest,
    ModelNotFoundError,
    TextStyle,
    write_error,
    write_usage,
)
from talkgen.serve.questions import LateError, Questions
from talkgen.serve.said import read_body

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Engine

SECONDS = 120  # that a program's request may take
Style = TextStyle | ChatStyle


def completion_routes(questions: Questions) -> list[BaseRoute]:
    """The routes below `/v1`, their paths without it."""
    engines = questions.engines

    def find(name: str | None) -> Engine:
        if engines.loading:
            raise HTTPException(503, "the models are being loaded", {"Retry-After": "1"})
        known = [model["name"] for model in engines.health()["models"]]
        if not known or (name is not None and name not in known):
            raise ModelNotFoundError(f"the model '{name}' is not there; {did_you_mean(name or '', known)}")
        with refusals():
            return engines.find_here(name)

    async def models(_: Request) -> Response:
        """The models that are loaded."""
        known = [_about(model["name"]) for model in engines.health()["models"]]
        return JSONResponse({"object": "list", "data": known})

    async def model(request: Request) -> Response:
        """One of them."""
        name = request.path_params["name"]
        find(name)
        return JSONResponse(_about(name))

    async def completions(request: Request) -> Response:
        """Continues prompts."""
        asked = await read_body(request, CompletionRequest)
        if asked.stream and asked.drawn > asked.n:
            raise HTTPException(400, "a stream has not the best of several: ask without stream")
        engine = find(asked.model)
        wanted = asked.wanted(
            asked.prompts, asked.max_tokens, best_of=asked.drawn, echo=asked.echo, logprobs=asked.logprobs
        )
        style = TextStyle(asked.model or engine.loaded.name, engine.tokenizer, asked.logprobs)
        return await _answer(questions, request, asked, wanted, engine, style)

    async def chat(request: Request) -> Response:
        """Answers a conversation."""
        asked = await read_body(request, ChatRequest)
        engine = find(asked.model)
        prompt = await run_in_threadpool(_write_prompt, engine, asked)  # a file is opened, a stranger's template run
        wanted = asked.wanted([prompt], asked.most, logprobs=asked.top_logprobs if asked.logprobs else None)
        style = ChatStyle(asked.model or engine.loaded.name, engine.tokenizer, asked)
        return await _answer(questions, request, asked, wanted, engine, style)

    return [
        Route("/models", models),
        Route("/models/{name:path}", model),
        Route("/completions", completions, methods=["POST"]),
        Route("/chat/completions", chat, methods=["POST"]),
    ]


def _about(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "talkgen"}


def _write_prompt(engine: Engine, asked: ChatRequest) -> str:
    from talkgen.lm.files.chat_template import find_chat_template
    from talkgen.lm.text.chat import write_chat

    with refusals():
        template = find_chat_template(engine.files)
        if template is None:
            raise HTTPException(400, f"{engine.files.label} has no chat template: ask /v1/completions")
        return write_chat(template.source, asked.conversation, template.tokens)


async def _answer(
    questions: Questions, request: Request, asked: Asking, wanted: Wanted, engine: Engine, style: Style
) -> Response:
    gone, end = threading.Event(), time.monotonic() + SECONDS
    caller = Caller(request.state.visitor.rank, lambda: gone.is_set() or time.monotonic() > end)
    with refusals():
        job = Job(engine, wanted, caller)
        held = questions.budget.hold(request.state.visitor, job.longest)
        if asked.stream:
            events = _stream(job, style, gone, held, tells_usage=asked.stream_options.include_usage)
            return StreamingResponse(events, media_type="text/event-stream")
        try:
            with held:
                choices = await unless_gone(request, asyncio.to_thread(job.run))
        except GoneError as error:
            raise LateError from error
        finally:
            gone.set()
    if choices is None:
        return Response()  # to nobody
    usage = write_usage(job.read, job.written)
    return JSONResponse({**style.head, "choices": [style.whole(choice) for choice in choices], "usage": usage})


async def _stream(
    job: Job,
    style: Style,
    gone: threading.Event,
    held: AbstractContextManager[None],
    *,
    tells_usage: bool,
) -> AsyncIterator[str]:
    """Server-sent events with the texts as they grow."""
    loop, parts = asyncio.get_running_loop(), asyncio.Queue[Choice | None]()

    def tell(part: Choice) -> None:
        loop.call_soon_threadsafe(parts.put_nowait, part)

    def run() -> None:
        try:
            with held:
                job.run(tell)
        except GoneError:
            if not gone.is_set():  # else nobody is there who could be told
                raise
        finally:
            loop.call_soon_threadsafe(parts.put_nowait, None)

    work = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        while (part := await parts.get()) is not None:
            for event in style.parts(part):
                yield _event(event)
        try:
            await work
        except (BusyError, GoneError, FailedError) as error:
            yield _event(write_error(503, str(error) or "there is no room or no time for it"))
            return
        if tells_usage:
            yield _event(style.usage(write_usage(job.read, job.written)))
        yield "data: [DONE]\n\n"
    finally:
        gone.set()


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
