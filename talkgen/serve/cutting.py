"""Texts cut into tokens and put together again, for programs: `/tokenize` and `/detokenize` in vLLM's words."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from talkgen.serve.engines import Engines
from talkgen.serve.limits import Text
from talkgen.serve.live import refusals
from talkgen.serve.said import read_body


class _Asked(BaseModel):
    """What other servers need beside it is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str | None = Field(None, max_length=200)


class TokenizeBody(_Asked):
    """A text to cut."""

    prompt: Text


class DetokenizeBody(_Asked):
    """Ids to put together."""

    tokens: Annotated[list[Annotated[int, Field(ge=0, lt=2**31, strict=True)]], Field(max_length=100_000)]


def cutting_routes(engines: Engines) -> list[BaseRoute]:
    """The two routes; a model that is not there and an id that is no token's are refused with 422."""

    async def tokenize(request: Request) -> Response:
        """Cuts a text: the ids of its tokens, and how many the model can read."""
        asked = await read_body(request, TokenizeBody)
        return JSONResponse(await run_in_threadpool(_cut, engines, asked))

    async def detokenize(request: Request) -> Response:
        """Puts tokens together: what ids stand for; a fragment of a character as its bytes."""
        asked = await read_body(request, DetokenizeBody)
        return JSONResponse({"prompt": await run_in_threadpool(_join, engines, asked)})

    return [Route("/tokenize", tokenize, methods=["POST"]), Route("/detokenize", detokenize, methods=["POST"])]


def _cut(engines: Engines, asked: TokenizeBody) -> dict[str, Any]:
    with refusals():
        engine = engines.find_here(asked.model)
        ids = engine.encode(asked.prompt) if asked.prompt else []
        return {"tokens": ids, "count": len(ids), "max_model_len": engine.context}


def _join(engines: Engines, asked: DetokenizeBody) -> str:
    with refusals():
        engine = engines.find_here(asked.model)
        ids = engine.encode(asked.tokens) if asked.tokens else []
        pieces = engine.tokenizer.pieces(ids)
        return pieces[0] if len(ids) == 1 else engine.tokenizer.decode(ids)
