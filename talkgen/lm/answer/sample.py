"""From logits to a next token, as small pure functions: the distribution before filters and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkgen.errors import ModelError
from talkgen.lm.models.distribution import softmax
from talkgen.lm.models.reader import Floats


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; the defaults leave the model's distribution as it is.

    Temperature 0 is greedy. `top_k` keeps the k likeliest (Fan et al. 2018), `top_p` the likeliest that make up p
    (Holtzman et al. 2020), `min_p` those with that share of the likeliest's probability (Nguyen et al. 2024), and
    `repetition_penalty` makes tokens that were used less likely (Keskar et al. 2019).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        """Refuses what is no sampling.

        Raises:
            ModelError: a value is out of its range.
        """
        wrong = [
            name
            for name, bad in (
                ("temperature", not 0 <= self.temperature <= 100),
                ("top_k", self.top_k is not None and self.top_k < 1),
                ("top_p", self.top_p is not None and not 0 < self.top_p <= 1),
                ("min_p", self.min_p is not None and not 0 <= self.min_p <= 1),
                ("repetition_penalty", not 0 < self.repetition_penalty <= 100),
            )
            if bad
        ]
        if wrong:
            raise ModelError(f"{wrong[0]} = {getattr(self, wrong[0])} is out of range")


_COLDEST = 1e-4  # below, float32 has nothing for any token but the likeliest, and logits over it overflow
UNCHANGED = Sampling()
"""The model's own distribution."""


def penalize(logits: Floats, used: Sequence[int], penalty: float) -> Floats:
    """Divides positive logits [V] of `used` tokens by `penalty` and multiplies negative ones."""
    if penalty == 1.0 or not used:
        return logits
    logits = logits.copy()
    ids = sorted(set(used))
    seen = logits[ids]
    logits[ids] = np.where(seen > 0, seen / penalty, seen * penalty)
    return logits


def filter_probabilities(logits: Floats, how: Sampling) -> Floats:
    """The distribution [V] that is sampled from: tempered, filtered, summing to 1; pruned tokens have 0."""
    if how.temperature < _COLDEST:
        certain = np.zeros_like(logits)
        certain[logits.argmax()] = 1
        return certain
    p = softmax(logits / np.float32(how.temperature))
    if how.top_k is not None and how.top_k < p.size:
        p = keep(p, p >= np.partition(p, p.size - how.top_k)[p.size - how.top_k])
    if how.top_p is not None and how.top_p < 1:
        p = keep(p, nucleus(p, how.top_p))
    if how.min_p:
        p = keep(p, p >= how.min_p * p.max())
    return p


def nucleus(p: Floats, top_p: float) -> NDArray[np.bool_]:
    """True for the fewest likeliest tokens whose probabilities [V] add up to `top_p` or more."""
    order = np.argsort(-p, kind="stable")
    ordered = p[order]
    before = ordered.cumsum() - ordered  # what the likelier ones add up to
    kept = np.empty(p.size, np.bool_)
    kept[order] = before < top_p
    kept[order[0]] = True  # however small `top_p` is
    return kept


def keep(p: Floats, mask: NDArray[np.bool_]) -> Floats:
    """The distribution `p` [V] over the tokens in `mask` alone."""
    kept = p * mask
    return kept / kept.sum()


def sample(p: Floats, generator: np.random.Generator) -> int:
    """One token drawn from `p` [V]: the first by which the probabilities add up to more than a random share of all."""
    total = p.cumsum(dtype=np.float64)
    return int(np.searchsorted(total, generator.random() * total[-1], side="right"))
