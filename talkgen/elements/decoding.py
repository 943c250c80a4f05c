"""How a text is chosen: greedy beside beam search, and the tree of beginnings that the beam looked at, step by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked

if TYPE_CHECKING:
    from talkgen.lm.answer.beam import Branch

TITLE = "Greedy and beam search"
DIALS: dict[str, tuple[Any, ...]] = {"width": (1, 2, 3, 4)}
IN_PAGE = MEASURES_TIME = False


class Params(base.Params):
    """How many beginnings are kept, how many tokens are written, and how long texts are preferred (Wu et al. 2016)."""

    width: int = Field(3, ge=1, le=5)
    tokens: int = Field(6, ge=1, le=8)
    length_penalty: float = Field(0.0, ge=0, le=2)


class Beginning(TypedDict):
    """A text that a step looked at: its last token, the place of the rest among the step before, what became of it."""

    text: str
    parent: int
    p: float
    fate: str


class DecodingAnswer(TypedDict):
    """The steps, the likeliest beginnings of each first; where the best text and greedy's lie in them (-1: nowhere).

    `greedy_p` and `beam_p` are the probabilities of the two texts.
    """

    steps: list[list[Beginning]]
    best: list[int]
    greedy: list[int]
    greedy_text: str
    greedy_p: float
    beam_text: str
    beam_p: float


def answer(asked: Asked) -> DecodingAnswer:
    """Both searches, the beam's with all that it looked at."""
    params: Params = asked.params
    steps: list[list[Branch]] = []

    def search(width: int, looked: list[list[Branch]]) -> Any:
        return asked.engine.beams(
            asked.prompt,
            width=width,
            max_tokens=params.tokens,
            length_penalty=params.length_penalty,
            on_step=looked.append,
            caller=asked.caller,
        )[0]

    greedy_text, greedy = search(1, [])
    asked.go_on()
    beam_text, best = search(params.width, steps)
    kept = [[branch for branch in step if branch.fate != "ended"] for step in steps]
    return {
        "steps": [_step(asked, step, kept[i - 1] if i else []) for i, step in enumerate(kept)],
        "best": _path(kept, best.ids),
        "greedy": _path(kept, greedy.ids),
        "greedy_text": greedy_text,
        "greedy_p": _p(greedy.log_p),
        "beam_text": beam_text,
        "beam_p": _p(best.log_p),
    }


def _p(log_p: float) -> float:
    return float(f"{math.exp(log_p):.4g}")


def _step(asked: Asked, branches: list[Branch], before: list[Branch]) -> list[Beginning]:
    places = {branch.ids: place for place, branch in enumerate(before)}
    texts = asked.engine.tokenizer.pieces([branch.ids[-1] for branch in branches])
    return [
        {"text": text, "parent": places.get(branch.ids[:-1], -1), "p": _p(branch.log_p), "fate": branch.fate}
        for branch, text in zip(branches, texts, strict=True)
    ]


def _path(steps: list[list[Branch]], ids: tuple[int, ...]) -> list[int]:
    """The place of each beginning of a text in its step."""
    places = [{branch.ids: place for place, branch in enumerate(step)} for step in steps]
    return [places[i].get(ids[: i + 1], -1) for i in range(min(len(ids), len(steps)))]
