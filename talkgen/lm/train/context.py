"""Measures what a longer context is worth: the same held-out tokens foretold from few tokens before them and from many.

Other measures compare different tokens at each place; here every context length is asked for the same targets, so that
a difference is the context's. And by what a target is: copied from the context, or new to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from talkgen.lm.models.base import LanguageModel

TARGETS = 1536  # the mean of so many losses has a standard error of about 0.06 nats, a paired difference of 0.02
KINDS = ("trigram", "token", "new")
"""Of a target: whether it follows the same two tokens earlier in the context, stands there otherwise, or does not."""
_ROWS = 64  # contexts read together
_SHORTEST = 8

Ids = NDArray[np.int64]
Losses = NDArray[np.float64]


def compare_contexts(model: LanguageModel, ids: Ids, device: torch.device) -> dict[str, Any]:
    """Losses in nats by context length and by kind of target, of a text `ids`; nothing where it is too short."""
    lengths = context_lengths(model.config.block_size)
    targets = choose_targets(len(ids), lengths[-1])
    if len(targets) < 2:
        return {}
    losses = np.stack([target_losses(model, ids, targets, length, device) for length in lengths])
    kinds = kinds_of_targets(ids, targets, lengths[-1])
    return {
        "loss_by_context": {
            "targets": len(targets),
            "context": list(lengths),
            **_mean(losses),
            "gain": _mean(losses[:-1] - losses[1:]),  # of each length over the one before, target by target
            "gain_in_all": _mean(losses[0] - losses[-1]),
        },
        "loss_by_copying": {
            "context": lengths[-1],
            **{
                kind: {"targets": int((kinds == number).sum()), **_mean(losses[-1][kinds == number])}
                for number, kind in enumerate(KINDS)
            },
        },
    }


def context_lengths(block_size: int) -> Sequence[int]:
    """From 8 tokens on by fours, then half of the model's context and all of it."""
    lengths = {block_size, max(1, block_size // 2)}
    return sorted(lengths | {_SHORTEST * 4**k for k in range(20) if _SHORTEST * 4**k < block_size})


def choose_targets(count: int, longest: int) -> Ids:
    """The places of at most `TARGETS` tokens of a text of `count`, spread evenly, each after a whole context."""
    places = np.arange(longest, count)
    return places[np.unique(np.linspace(0, len(places) - 1, min(len(places), TARGETS)).astype(int))]


@torch.no_grad()
def target_losses(model: LanguageModel, ids: Ids, targets: Ids, length: int, device: torch.device) -> Losses:
    """The loss (nats) of each target, foretold from the `length` tokens before it."""
    training, found = model.training, []
    model.eval()
    for part in np.array_split(targets, math.ceil(len(targets) / _ROWS)):
        x = torch.from_numpy(ids[part[:, None] + np.arange(-length, 0)]).to(device)
        logits, _ = model(x, last_only=True)
        found.append(F.cross_entropy(logits[:, -1], torch.from_numpy(ids[part]).to(device), reduction="none").cpu())
    model.train(training)
    return torch.cat(found).double().numpy()


def kinds_of_targets(ids: Ids, targets: Ids, length: int) -> Ids:
    """For each target the index of its kind in `KINDS`, the context being the `length` tokens before it."""
    kinds = np.full(len(targets), KINDS.index("new"))
    for number, place in enumerate(targets):
        context, target = ids[place - length : place], ids[place]
        seen = context == target
        if seen.any():
            after_the_same = (context[:-2] == context[-2]) & (context[1:-1] == context[-1])
            kinds[number] = KINDS.index("trigram" if (after_the_same & seen[2:]).any() else "token")
    return kinds


def _mean(losses: Losses) -> dict[str, Any]:
    """The mean over the last axis and its standard error; None where there are too few."""
    if losses.shape[-1] < 2:
        return {"loss": None, "standard_error": None}
    error = losses.std(axis=-1, ddof=1) / math.sqrt(losses.shape[-1])
    return {"loss": losses.mean(axis=-1).round(4).tolist(), "standard_error": error.round(4).tolist()}
