"""How likely a token was, and which were likeliest in its place."""

from __future__ import annotations

from dataclasses import dataclass

from talkgen.lm.models.distribution import likeliest, log_softmax
from talkgen.lm.models.reader import Floats


@dataclass(frozen=True)
class Odds:
    """A token's log-probability as the model gives it, and ids and log-probabilities of the likeliest, best first."""

    id: int
    log_p: float
    top: tuple[tuple[int, float], ...]


def odds_of(logits: Floats, token: int, top: int) -> Odds:
    """The odds of `token` after logits [V], beside those of the `top` likeliest."""
    log_p = log_softmax(logits)
    best = likeliest(log_p, top)
    return Odds(token, float(log_p[token]), tuple(zip(best.tolist(), log_p[best].tolist(), strict=True)))
