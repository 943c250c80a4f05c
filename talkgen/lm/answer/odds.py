"""How likely a token was, and which were likeliest in its place."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Odds:
    """A token's log-probability as the model gives it, and ids and log-probabilities of the likeliest, best first."""

    id: int
    log_p: float
    top: tuple[tuple[int, float], ...]


def odds_of(logits: Tensor, token: int, top: int) -> Odds:
    """The odds of `token` after logits [V], beside those of the `top` likeliest."""
    log_p = logits.log_softmax(dim=-1)
    best = log_p.topk(min(top, log_p.numel()))
    return Odds(token, float(log_p[token]), tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True)))
