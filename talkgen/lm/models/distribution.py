"""From logits to probabilities, and the likeliest of them; on arrays, imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgen.lm.models.reader import Floats

_STRETCHES = 16  # times as many as places are wanted: then few more than these are sorted


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_and_entropy(logits: Floats) -> tuple[Floats, float]:
    """Probabilities [V] and their entropy in bits: log Σ exp less the mean logit, one logarithm for all tokens."""
    shifted = logits - logits.max()
    p = np.exp(shifted)
    total = p.sum()
    entropy = np.log(total) - p.dot(shifted) / total
    p /= total
    return p, max(0.0, float(entropy / np.log(2)))


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def likeliest(p: Floats, count: int) -> NDArray[np.intp]:
    """The places of the `count` largest of `p` [V], the largest first, of equals the first; all where V is smaller."""
    some = _not_too_small(p, min(count, p.size))
    return some[np.lexsort((some, -p[some]))][:count]


def _not_too_small(p: Floats, count: int) -> NDArray[np.intp]:
    """Places among which the `count` largest are: what is below the largest of `count` stretches of `p` is not."""
    width = p.size // max(1, _STRETCHES * count)
    if width < 2:
        return np.arange(p.size)
    tops = p[: p.size // width * width].reshape(-1, width).max(axis=1)
    return np.flatnonzero(p >= np.partition(tops, -count)[-count])
