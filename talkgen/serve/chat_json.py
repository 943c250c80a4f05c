"""OpenAI's words for conversations: what `/v1/chat/completions` is asked, and how its answers are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from talkgen.serve.completing import Choice
from talkgen.serve.limits import Text
from talkgen.serve.openai_json import Asking, write_head

if TYPE_CHECKING:
    from talkgen.lm.answer.odds import Odds
    from talkgen.lm.text.tokenizer import Tokenizer

MAX_TOKENS = 512  # where nothing is said; OpenAI writes to the context's end, which here would take minutes


class TextPart(BaseModel):
    """A part of a message; there are texts only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["text"]
    text: Text


class Message(BaseModel):
    """What somebody said."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], Field(max_length=64)] | None = None

    @property
    def text(self) -> str:
        """All of it."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "".join(part.text for part in self.content)


class TextFormat(BaseModel):
    """The only form of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["text"] = "text"


class ChatRequest(Asking):
    """The body of `/v1/chat/completions`."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=256)]
    max_tokens: int | None = Field(None, ge=1, le=8192)
    max_completion_tokens: int | None = Field(None, ge=1, le=8192)
    logprobs: bool = False
    top_logprobs: int = Field(0, ge=0, le=20)
    response_format: TextFormat = TextFormat()
    tools: Annotated[tuple[Any, ...], Field(max_length=0)] = ()
    store: Literal[False] = False

    @property
    def most(self) -> int:
        """How many tokens may be written."""
        return self.max_completion_tokens or self.max_tokens or MAX_TOKENS

    @property
    def conversation(self) -> list[dict[str, str]]:
        """The messages as templates know them."""
        return [
            {"role": "system" if said.role == "developer" else said.role, "content": said.text}
            for said in self.messages
        ]


class ChatStyle:
    """How the answers are written."""

    def __init__(self, model: str, tokenizer: Tokenizer, asked: ChatRequest) -> None:
        self._tokenizer, self._logprobs = tokenizer, asked.logprobs
        kind = "chat.completion.chunk" if asked.stream else "chat.completion"
        self.head = write_head("chatcmpl", kind, model)
        self._begun = set[int]()

    def whole(self, choice: Choice) -> dict[str, Any]:
        """A choice."""
        message = {"role": "assistant", "content": choice.text, "refusal": None}
        return self._about(choice, choice.finished) | {"message": message}

    def parts(self, part: Choice) -> list[dict[str, Any]]:
        """The events of a part: the first of a choice says who speaks, and why it ended comes by itself."""
        return [{**self.head, "choices": [choice]} for choice in self._deltas(part)]

    def _deltas(self, part: Choice) -> Iterator[dict[str, Any]]:
        silent = Choice(part.index)
        if part.index not in self._begun:
            self._begun.add(part.index)
            yield self._about(silent, None) | {"delta": {"role": "assistant", "content": ""}}
        if part.text or part.odds:
            yield self._about(part, None) | {"delta": {"content": part.text}}
        if part.finished:
            yield self._about(silent, part.finished) | {"delta": {}}

    def usage(self, usage: dict[str, int]) -> dict[str, Any]:
        """The event that says what it cost."""
        return {**self.head, "choices": [], "usage": usage}

    def _about(self, choice: Choice, finished: str | None) -> dict[str, Any]:
        odds = write_odds(choice.odds, self._tokenizer) if self._logprobs and choice.odds else None
        return {"index": choice.index, "logprobs": odds, "finish_reason": finished}


def write_odds(odds: Sequence[tuple[str, Odds | None]], tokenizer: Tokenizer) -> dict[str, Any]:
    """OpenAI's record of the tokens of an answer, each with the likeliest in its place."""
    content = []
    for text, one in odds:
        if one is not None:
            texts = tokenizer.pieces([i for i, _ in one.top])
            top = [_entry(shown, log_p) for shown, (_, log_p) in zip(texts, one.top, strict=True)]
            content.append(_entry(text, one.log_p) | {"top_logprobs": top})
    return {"content": content, "refusal": None}


def _entry(text: str, log_p: float) -> dict[str, Any]:
    return {"token": text, "logprob": log_p, "bytes": list(text.encode())}
