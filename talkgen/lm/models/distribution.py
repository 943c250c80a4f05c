"""From logits to probabilities, and the likeliest of them; on arrays, imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgen.lm.models.reader import Floats


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def likeliest(p: Floats, count: int) -> NDArray[np.intp]:
    """The places of the `count` largest of `p` [V], the largest first; `count` may be 0, or more than there are."""
    rest = max(0, p.size - count)
    some = np.argpartition(p, min(rest, p.size - 1))[rest:]
    return some[np.lexsort((some, -p[some]))]
