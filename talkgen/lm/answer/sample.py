"""From logits to a next token, as small pure functions: the distribution before filters and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from talkgen.errors import ModelError


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


def penalize(logits: Tensor, used: Sequence[int], penalty: float) -> Tensor:
    """Divides positive logits [V] of `used` tokens by `penalty` and multiplies negative ones."""
    if penalty == 1.0 or not used:
        return logits
    logits = logits.clone()
    ids = torch.tensor(sorted(set(used)), device=logits.device)
    seen = logits[ids]
    logits[ids] = torch.where(seen > 0, seen / penalty, seen * penalty)
    return logits


def filter_probabilities(logits: Tensor, how: Sampling) -> Tensor:
    """The distribution [V] that is sampled from: tempered, filtered, summing to 1; pruned tokens have 0."""
    if how.temperature < _COLDEST:
        return torch.zeros_like(logits).index_fill_(0, logits.argmax().view(1), 1.0)
    p = (logits / how.temperature).softmax(dim=-1)
    if how.top_k is not None and how.top_k < p.numel():
        p = keep(p, p >= p.topk(how.top_k).values[-1])
    if how.top_p is not None and how.top_p < 1:
        p = keep(p, nucleus(p, how.top_p))
    if how.min_p:
        p = keep(p, p >= how.min_p * p.max())
    return p


def nucleus(p: Tensor, top_p: float) -> Tensor:
    """True for the fewest likeliest tokens whose probabilities [V] add up to `top_p` or more."""
    ordered, order = p.sort(descending=True)
    before = ordered.cumsum(0) - ordered  # what the likelier ones add up to
    return torch.zeros_like(p, dtype=torch.bool).index_put_((order,), before < top_p)


def keep(p: Tensor, mask: Tensor) -> Tensor:
    """The distribution `p` [V] over the tokens in `mask` alone."""
    kept = p * mask
    return kept / kept.sum()


def sample(p: Tensor, generator: torch.Generator) -> int:
    """One token drawn from `p` [V] with the exponential trick, argmax p / E: no second pass over the vocabulary."""
    noise = torch.empty_like(p).exponential_(generator=generator)
    return int((p / noise).argmax())
