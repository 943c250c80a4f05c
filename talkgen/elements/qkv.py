"""One head of attention in numbers, step by step, on the text that is typed (Vaswani et al. 2017, eq. 1).

Rotary positions, where a model has them, are in the queries and keys already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "Queries, keys, values"
DIALS: dict[str, tuple[Any, ...]] = {"layer": (1, 2, 3), "head": (1, 2, 3, 4)}
IN_PAGE = MEASURES_TIME = False
MOST_TOKENS = 5  # whose numbers can be read


class Params(base.Params):
    """Whose head, counted from 1, and at which of the seven steps it stands at first."""

    layer: int = Field(1, ge=1)
    head: int = Field(1, ge=1)
    step: int = Field(7, ge=1, le=7)


class QkvAnswer(TypedDict):
    """Queries, keys, values and output [T, D], the scores QKᵀ [T, T] and the weights [T, T]."""

    tokens: list[str]
    width: int
    q: list[list[float]]
    k: list[list[float]]
    v: list[list[float]]
    scores: list[list[float]]
    weights: list[list[float]]
    output: list[list[float]]


def answer(asked: Asked) -> QkvAnswer:
    """All that the head computes.

    Raises:
        ModelError: the text is too long, or the model has no such head.
    """
    import torch

    from talkgen.lm.models.base import Taps

    ids, model, taps = asked.ids(MOST_TOKENS), asked.engine.open_model, Taps("q", "k", "v")
    with torch.inference_mode(), asked.engine.batch.turn:
        model(torch.tensor([ids], device=model.device), taps=taps, last_only=True)
    if not taps.values["q"]:
        raise ModelError("this model has no attention to show", "name a transformer: model: small")
    q, k, v = _head(taps.values, asked.params)
    scores = q @ k.T
    ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = (scores / q.size(1) ** 0.5).masked_fill(ahead, float("-inf")).softmax(1)
    return {
        "tokens": asked.engine.tokenizer.pieces(ids),
        "width": q.size(1),
        "q": _rounded(q, 6),  # products of these are shown, some of numbers that are large
        "k": _rounded(k, 6),
        "v": _rounded(v),
        "scores": _rounded(scores),
        "weights": _rounded(weights),
        "output": _rounded(weights @ v),
    }


def _head(taps: dict[str, list[Any]], params: Params) -> list[Tensor]:
    """Q, K and V [T, D] of the head; a key/value head may serve several query heads.

    Raises:
        ModelError: there is no such layer or head.
    """
    layers, heads = len(taps["q"]), taps["q"][0].size(1)
    if params.layer > layers or params.head > heads:
        raise ModelError(f"there is no head {params.head} in layer {params.layer}", f"{layers} layers of {heads} heads")
    found = [taps[name][params.layer - 1][0] for name in ("q", "k", "v")]
    shared = found[1].size(0)
    return [each[(params.head - 1) * each.size(0) // heads].double() for each in found] if shared else found


def _rounded(values: Tensor, decimals: int = 4) -> list[list[float]]:
    return [[round(x, decimals) for x in row] for row in values.tolist()]
