"""OpenAI's words for completions: what is asked, and how answers and refusals are written.

Names, defaults and shapes are those of OpenAI's API reference for completions; values that change nothing (no penalty,
no bias) are accepted from clients that always send them.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from talkgen.serve.limits import Text

if TYPE_CHECKING:
    from talkgen.lm.answer.odds import Odds
    from talkgen.lm.text.tokenizer import Tokenizer

Ids = Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1, max_length=100_000)]
Prompts = Text | Ids | Annotated[list[Text] | list[Ids], Field(min_length=1, max_length=128)]
_TYPES = {404: "not_found_error", 429: "rate_limit_error", 503: "server_error"}
_CODES = {404: "model_not_found", 429: "rate_limit_exceeded"}


class StreamOptions(BaseModel):
    """What a stream brings along."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    include_usage: bool = False


class CompletionRequest(BaseModel):
    """The body of `/v1/completions`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, max_length=200)
    prompt: Prompts = ""
    max_tokens: int = Field(16, ge=0, le=8192)
    temperature: float = Field(1.0, ge=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    n: int = Field(1, ge=1, le=16)
    best_of: int = Field(1, ge=1, le=16)
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=20)
    stop: Text | Annotated[list[Text], Field(max_length=16)] | None = None
    seed: int = Field(default_factory=lambda: secrets.randbits(32), ge=0, lt=2**63)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    presence_penalty: Literal[0] = 0
    frequency_penalty: Literal[0] = 0
    logit_bias: Annotated[dict[str, Any], Field(max_length=0)] = {}
    suffix: Annotated[str, Field(max_length=0)] = ""
    user: str | None = Field(None, max_length=1000)

    @field_validator("*", mode="wrap")
    @classmethod
    def _null_is_the_default(cls, value: Any, check: Any, info: Any) -> Any:
        return (
            cls.model_fields[info.field_name].get_default(call_default_factory=True) if value is None else check(value)
        )

    @property
    def prompts(self) -> list[str | list[int]]:
        """The prompts, one or several."""
        given = self.prompt
        if isinstance(given, str):
            return [given]
        ids = [one for one in given if isinstance(one, int)]
        return [ids] if ids else [one for one in given if not isinstance(one, int)]

    @property
    def stops(self) -> list[str]:
        """The texts to stop at."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [text for text in given if text]


@dataclass
class Choice:
    """A completion as it is told: its text so far, its tokens' odds, and why it ended."""

    index: int
    text: str = ""
    odds: list[tuple[str, Odds | None]] = field(default_factory=list)  # each token's text; none for a first token
    offset: int = 0  # where the first of them stands
    finished: str | None = None

    def written(self, tokenizer: Tokenizer, logprobs: int | None) -> dict[str, Any]:
        """It, as JSON."""
        told = None if logprobs is None else write_logprobs(self.odds, self.offset, tokenizer)
        return {"index": self.index, "text": self.text, "logprobs": told, "finish_reason": self.finished}


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


def write_head(model: str) -> dict[str, Any]:
    """What every answer begins with."""
    identity = f"cmpl-{uuid.uuid4().hex}"
    return {"id": identity, "object": "text_completion", "created": int(time.time()), "model": model}


def write_usage(read: int, written: int) -> dict[str, int]:
    """What an answer cost, in tokens."""
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def write_error(status: int, message: str) -> dict[str, Any]:
    """A refusal."""
    kind = _TYPES.get(status, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": _CODES.get(status)}}
