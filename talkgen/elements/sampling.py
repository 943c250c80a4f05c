"""Several continuations of a text, side by side, each drawn with a seed of its own, as they come token by token."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Completion, Piece

TITLE = "Sampling"
DIALS: dict[str, tuple[Any, ...]] = {"temperature": (0, 0.7, 1, 1.5), "seed": (1, 2, 3)}
IN_PAGE = MEASURES_TIME = False
_APART = 1_000  # seeds of one question lie this far from those of the next


class Params(base.Params):
    """How tokens are drawn, how many of them, and in how many texts; the same seed draws the same ones."""

    temperature: float = Field(0.7, ge=0, le=5)
    top_k: int | None = Field(None, ge=1)
    top_p: float | None = Field(None, gt=0, le=1)
    tokens: int = Field(16, ge=1, le=64)
    texts: int = Field(3, ge=1, le=4)
    seed: int = Field(1, ge=0, le=1_000_000)


class Drawn(TypedDict):
    """A token, and how likely the model found it before temperature and filters."""

    text: str
    p: float


class Continuation(TypedDict):
    """A text: its tokens so far, whether more come, and the mean surprise of a token in bits."""

    tokens: list[Drawn]
    done: bool
    surprise: float


class SamplingAnswer(TypedDict):
    """The continuations, in the order of their seeds."""

    texts: list[Continuation]


def answer(asked: Asked) -> SamplingAnswer:
    """All continuations, drawn at the same time; those that end early wait for the others."""
    params: Params = asked.params
    drawn: list[list[str]] = [[] for _ in range(params.texts)]
    telling = threading.Lock()

    def draw(which: int) -> Completion:
        from talkgen.lm.answer.sample import Sampling

        def note(piece: Piece) -> None:
            with telling:
                drawn[which].append(piece.text)
                asked.tell({"texts": [_so_far(texts) for texts in drawn]})

        return asked.engine.generate(
            asked.prompt,
            max_tokens=params.tokens,
            on_token=note,
            caller=asked.caller,
            seed=_APART * params.seed + which,
            top=1,
            sampling=Sampling(params.temperature, params.top_k, params.top_p),
        )

    with ThreadPoolExecutor(params.texts, "sampling") as threads:
        texts = list(threads.map(draw, range(params.texts)))
    asked.go_on()
    return {"texts": [_whole(text) for text in texts]}


def _so_far(texts: list[str]) -> Continuation:
    return {"tokens": [{"text": text, "p": 1.0} for text in texts], "done": False, "surprise": 0.0}


def _whole(text: Completion) -> Continuation:
    odds = [math.exp(each.log_p) for each in text.odds]
    bits = [-each.log_p / math.log(2) for each in text.odds]
    return {
        "tokens": [{"text": piece.text, "p": round(p, 4)} for piece, p in zip(text.pieces, odds, strict=True)],
        "done": True,
        "surprise": round(sum(bits) / max(1, len(bits)), 4),
    }
