"""What a model would say if it stopped after each layer: the logit lens (nostalgebraist 2020).

The residual stream after a layer goes through the last norm and the output layer, as if no layer came after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "Logit lens"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE = MEASURES_TIME = False
MOST_TOKENS = 9  # columns whose words can be read


class Params(base.Params):
    """How many layers are shown, the last among them, about evenly spaced."""

    rows: int = Field(8, ge=2, le=12)


class Guess(TypedDict):
    """The likeliest token at a place after a layer, and how likely it is there."""

    text: str
    p: float


class Layer(TypedDict):
    """A layer, counted from 1: a guess a token, and the rank and the probability there of what is said in the end."""

    layer: int
    guesses: list[Guess]
    rank: int
    p: float


class LogitLensAnswer(TypedDict):
    """The text's tokens, some layers from the first to the last, and the token that is said in the end."""

    tokens: list[str]
    layers: list[Layer]
    says: str


def answer(asked: Asked) -> LogitLensAnswer:
    """The guesses after some layers.

    Raises:
        ModelError: the text is too long to be read in columns, or the model has no layers to look between.
    """
    import torch

    from talkgen.lm.models.base import Taps

    model, taps = asked.engine.open_model, Taps("hidden")
    ids = asked.ids(MOST_TOKENS)
    if model.config.architecture != "transformer":
        raise ModelError("this model has no stream of layers to look into", "name a transformer: model: small")
    with torch.inference_mode(), asked.engine.batch.turn:
        logits, _ = model(torch.tensor([ids], device=model.device), taps=taps)
        said = int(logits[0, -1].argmax())
        wanted = spaced(len(taps.values["hidden"]), asked.params.rows)
        shares = {i: model.head(model.norm(taps.values["hidden"][i]))[0].float().softmax(-1) for i in wanted}  # type: ignore[operator]
    return {
        "tokens": asked.engine.tokenizer.pieces(ids),
        "layers": [_layer(asked, i, p, said) for i, p in shares.items()],
        "says": asked.engine.tokenizer.pieces([said])[0],
    }


def spaced(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, about evenly spaced, both ends among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _layer(asked: Asked, i: int, p: Tensor, said: int) -> Layer:
    """The guesses of the layer `i`, counted from 0, of distributions [T, V]."""
    best = p.max(-1)
    texts = asked.engine.tokenizer.pieces(best.indices.tolist())
    return {
        "layer": i + 1,
        "guesses": [
            {"text": text, "p": round(share, 4)} for text, share in zip(texts, best.values.tolist(), strict=True)
        ],
        "rank": int((p[-1] > p[-1, said]).sum()) + 1,
        "p": round(float(p[-1, said]), 4),
    }
