"""Texts cut into tokens and put together again, for programs: `/tokenize` and `/detokenize` in vLLM's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from talkgen.serve.engines import Engines
from talkgen.serve.limits import Text
from talkgen.serve.live import refusals


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


class Tokens(BaseModel):
    """The ids of a text's tokens, and how many the model can read."""

    tokens: list[int]
    count: int
    max_model_len: int


class Whole(BaseModel):
    """What ids stand for; a fragment of a character as its bytes."""

    prompt: str


def cutting_routes(engines: Engines) -> APIRouter:
    """The two routes; a model that is not there and an id that is no token's are refused with 422."""
    router = APIRouter()

    @router.post("/tokenize")
    def tokenize(asked: TokenizeBody) -> Tokens:
        """Cuts a text."""
        with refusals():
            engine = engines.find_here(asked.model)
            ids = engine.encode(asked.prompt) if asked.prompt else []
            return Tokens(tokens=ids, count=len(ids), max_model_len=engine.context)

    @router.post("/detokenize")
    def detokenize(asked: DetokenizeBody) -> Whole:
        """Puts tokens together."""
        with refusals():
            engine = engines.find_here(asked.model)
            ids = engine.encode(asked.tokens) if asked.tokens else []
            pieces = engine.tokenizer.pieces(ids)
            return Whole(prompt=pieces[0] if len(ids) == 1 else engine.tokenizer.decode(ids))

    return router
