"""OpenAI's words for completions: what is asked, and how answers and refusals are written.

Names, defaults and shapes are those of OpenAI's API reference; values that change nothing (no penalty, no bias) are
accepted from clients that always send them. More log-probabilities than OpenAI tells are told where they are asked for.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from starlette.exceptions import HTTPException

from talkgen.serve.completing import Choice, Wanted
from talkgen.serve.limits import Text

if TYPE_CHECKING:
    from talkgen.lm.answer.odds import Odds
    from talkgen.lm.text.tokenizer import Tokenizer

Ids = Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1, max_length=100_000)]
Prompts = Text | Ids | Annotated[list[Text] | list[Ids], Field(min_length=1, max_length=128)]
MOST_LOGPROBS = 1000
_TYPES = {429: "rate_limit_error", 503: "server_error"}
_CODES = {429: "rate_limit_exceeded"}


class ModelNotFoundError(HTTPException):
    """A model that is not there, which clients tell from an address that is not."""

    code = "model_not_found"

    def __init__(self, words: str) -> None:
        super().__init__(404, words)


class StreamOptions(BaseModel):
    """What a stream brings along."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    include_usage: bool = False


class Asking(BaseModel):
    """What both kinds of requests say of how to answer; null stands for the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, max_length=200)
    temperature: float = Field(1.0, ge=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    n: int = Field(1, ge=1, le=16)
    stop: Text | Annotated[list[Text], Field(max_length=16)] | None = None
    seed: int = Field(default_factory=lambda: secrets.randbits(32), ge=0, lt=2**63)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    presence_penalty: Literal[0] = 0
    frequency_penalty: Literal[0] = 0
    logit_bias: Annotated[dict[str, Any], Field(max_length=0)] = {}
    user: str | None = Field(None, max_length=1000)

    @field_validator("*", mode="wrap")
    @classmethod
    def _null_is_the_default(cls, value: Any, check: Any, info: Any) -> Any:
        if value is not None:
            return check(value)
        about = cls.model_fields[info.field_name]
        return check(value) if about.is_required() else about.get_default(call_default_factory=True)

    @property
    def stops(self) -> list[str]:
        """The texts to stop at."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [text for text in given if text]

    def wanted(self, prompts: Sequence[str | list[int]], max_tokens: int, **more: Any) -> Wanted:
        """It, in our own words."""
        from talkgen.lm.answer.sample import Sampling

        sampling = Sampling(self.temperature, self.top_k, self.top_p)
        return Wanted(prompts, max_tokens, sampling, self.seed, self.stops, n=self.n, **more)


class CompletionRequest(Asking):
    """The body of `/v1/completions`."""

    prompt: Prompts = ""
    max_tokens: int = Field(16, ge=0, le=8192)
    best_of: int | None = Field(None, ge=1, le=16)
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=MOST_LOGPROBS)
    suffix: Annotated[str, Field(max_length=0)] = ""

    @field_validator("best_of")
    @classmethod
    def _draws_what_it_gives(cls, best_of: int | None, info: ValidationInfo) -> int | None:
        if best_of is not None and best_of < info.data.get("n", 1):
            raise ValueError(f"{best_of} drawn texts are fewer than the {info.data['n']} that n wants")
        return best_of

    @property
    def drawn(self) -> int:
        """How many texts are drawn, of which the `n` best are given."""
        return self.best_of or self.n

    @property
    def prompts(self) -> list[str | list[int]]:
        """The prompts, one or several."""
        given = self.prompt
        if isinstance(given, str):
            return [given]
        ids = [one for one in given if isinstance(one, int)]
        return [ids] if ids else [one for one in given if not isinstance(one, int)]


class TextStyle:
    """How the answers of `/v1/completions` are written."""

    def __init__(self, model: str, tokenizer: Tokenizer, logprobs: int | None) -> None:
        self._tokenizer, self._logprobs = tokenizer, logprobs
        self.head = write_head("cmpl", "text_completion", model)

    def whole(self, choice: Choice) -> dict[str, Any]:
        """A choice."""
        told = None if self._logprobs is None else write_logprobs(choice.odds, choice.offset, self._tokenizer)
        return {"index": choice.index, "text": choice.text, "logprobs": told, "finish_reason": choice.finished}

    def parts(self, part: Choice) -> list[dict[str, Any]]:
        """The events of a part."""
        return [{**self.head, "choices": [self.whole(part)]}]

    def usage(self, usage: dict[str, int]) -> dict[str, Any]:
        """The event that says what it cost."""
        return {**self.head, "choices": [], "usage": usage}


def write_logprobs(odds: Sequence[tuple[str, Odds | None]], offset: int, tokenizer: Tokenizer) -> dict[str, Any]:
    """OpenAI's record of some tokens. Its dictionaries go by text: of tokens that look alike the likeliest is told."""
    offsets, tops = [], []
    for text, one in odds:
        offsets.append(offset)
        offset += len(text)
        best = one.top if one else ()
        texts = tokenizer.pieces([i for i, _ in best])
        likeliest = dict(reversed([(t, p) for t, (_, p) in zip(texts, best, strict=True)]))
        tops.append(None if one is None else {text: one.log_p, **likeliest})
    return {
        "tokens": [text for text, _ in odds],
        "token_logprobs": [one.log_p if one else None for _, one in odds],
        "top_logprobs": tops,
        "text_offset": offsets,
    }


def write_head(kind: str, object: str, model: str) -> dict[str, Any]:
    """What every answer begins with."""
    return {"id": f"{kind}-{uuid.uuid4().hex}", "object": object, "created": int(time.time()), "model": model}


def write_usage(read: int, written: int) -> dict[str, int]:
    """What an answer cost, in tokens."""
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def write_error(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """A refusal."""
    kind = _TYPES.get(status, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code or _CODES.get(status)}}


def write_refusal(error: HTTPException, method: str, path: str) -> tuple[int, dict[str, Any]]:
    """What a request is refused with, as OpenAI says it: its status and its body."""
    if isinstance(error, ModelNotFoundError):
        return 404, write_error(404, error.detail, error.code)
    if error.status_code == 404:
        return 404, write_error(404, f"Invalid URL ({method} {path})")
    status = 400 if error.status_code == 422 else error.status_code
    return status, write_error(status, str(error.detail))
