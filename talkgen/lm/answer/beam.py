"""Beam search: the few likeliest texts found by keeping the best beginnings; knows no tokenizer and no engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from talkgen.lm.models.distribution import likeliest, log_softmax
from talkgen.lm.models.reader import Floats
from talkgen.lm.models.state import State


@dataclass(frozen=True)
class Beam:
    """A continuation, its end token left out, the log-probability of all its tokens, and its score."""

    ids: tuple[int, ...]
    log_p: float
    score: float


@dataclass(frozen=True)
class Branch:
    """A text that a step looked at, the end token left out, its log-probability, and what became of it."""

    ids: tuple[int, ...]
    log_p: float
    fate: Literal["kept", "dropped", "ended"]


class Reads(Protocol):
    """What is needed of a model: logits [B, T, V] after ids [B, T], and a state to go on from."""

    def __call__(self, ids: ArrayLike, state: State | None = None, *, last_only: bool = False) -> tuple[Floats, State]:
        """Reads `ids` after `state`."""


def search_beams(
    model: Reads,
    ids: Sequence[int],
    *,
    width: int,
    max_tokens: int,
    length_penalty: float = 0.6,
    end: int | None = None,
    on_step: Callable[[list[Branch]], None] | None = None,
) -> list[Beam]:
    """The best `width` continuations of `ids`, the best first.

    A text's score is its log-probability over ((5 + length) / 6) ** length_penalty (Wu et al. 2016, eq. 14); 0 prefers
    short texts, as probability does. A text is finished by the token `end`, or after `max_tokens`. Each step tells
    `on_step` the texts it looked at, the likeliest first.
    """
    logits, state = model([ids], last_only=True)
    state = state.select([0])
    open_: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    finished: list[Beam] = []
    for step in range(max_tokens):
        total = log_softmax(logits[:, -1]) + np.array([[sum_] for _, sum_ in open_], np.float32)  # [B, V]
        best = likeliest(total.reshape(-1), 2 * width)  # half of them may be finished ones
        rows, tokens = np.divmod(best, total.shape[1])
        going: list[tuple[tuple[int, ...], float]] = []
        kept: list[int] = []
        seen: list[Branch] = []
        for row, token, sum_ in zip(rows.tolist(), tokens.tolist(), total[rows, tokens].tolist(), strict=True):
            text = open_[row][0]
            if token == end:
                finished.append(_finish(text, sum_, len(text) + 1, length_penalty))
                seen.append(Branch(text, sum_, "ended"))
            elif len(going) < width:
                going.append(((*text, token), sum_))
                kept.append(row)
                seen.append(Branch((*text, token), sum_, "kept"))
            else:
                seen.append(Branch((*text, token), sum_, "dropped"))
        if on_step is not None:
            on_step(seen)
        finished = sorted(finished, key=lambda beam: beam.score, reverse=True)[:width]
        open_ = going
        if not open_ or step == max_tokens - 1 or _decided(finished, open_, width, max_tokens, length_penalty):
            break
        state = state.select(kept)
        logits, state = model([[text[-1]] for text, _ in open_], state, last_only=True)
    if len(finished) < width or not _decided(finished, open_, width, max_tokens, length_penalty):
        finished += [_finish(text, sum_, len(text), length_penalty) for text, sum_ in open_]
    return sorted(finished, key=lambda beam: beam.score, reverse=True)[:width]


def _finish(text: tuple[int, ...], log_p: float, length: int, length_penalty: float) -> Beam:
    return Beam(text, log_p, log_p / penalty(length, length_penalty))


def penalty(length: int, length_penalty: float) -> float:
    """What a text of `length` tokens has its log-probability divided by (Wu et al. 2016)."""
    return ((5 + length) / 6) ** length_penalty


def _decided(
    finished: Sequence[Beam], open_: Sequence[tuple[tuple[int, ...], float]], width: int, longest: int, power: float
) -> bool:
    """Whether no open text can still become better than the finished ones: the penalty is largest at the end."""
    if len(finished) < width or not open_:
        return False
    return max(log_p for _, log_p in open_) / penalty(longest, max(power, 0.0)) <= finished[-1].score
