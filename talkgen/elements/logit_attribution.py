"""Who speaks for the answer: what each layer's attention and MLP add to a token's logit (Elhage et al. 2021).

The bars add up to the logit. All tokens have some of it in common, which changes no probability: less another token's,
what is left is what decides between the two.
"""

from __future__ import annotations

from typing import Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

TITLE = "Logit attribution"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE = MEASURES_TIME = False
MOST_TOKENS = 64  # a text is read in one go, while others wait


class Params(base.Params):
    """How many of the likeliest tokens can be chosen, and which of them is taken off at first: 2 the second, 0 none."""

    answers: int = Field(4, ge=2, le=6)
    less: int = Field(0, ge=0, le=6)


class Candidate(TypedDict):
    """A next token, and what adds up to its logit: what comes in, each layer's two parts, and the last norm's bias."""

    text: str
    p: float
    logit: float
    embedding: float
    attention: list[float]
    mlp: list[float]
    bias: float


class LogitAttributionAnswer(TypedDict):
    """The text's tokens, and the likeliest next ones."""

    tokens: list[str]
    candidates: list[Candidate]


def answer(asked: Asked) -> LogitAttributionAnswer:
    """The parts of the likeliest tokens' logits.

    Raises:
        ModelError: the text is too long, or the model has no stream that its layers add to.
    """
    from talkgen.lm.models.logit_parts import read_parts, split_logits
    from talkgen.lm.models.transformer import Transformer

    model, ids = asked.engine.open_model, asked.ids(MOST_TOKENS)
    if not isinstance(model, Transformer):
        raise ModelError("this model has no stream that layers add to", "name a transformer: model: small")
    with asked.engine.batch.turn:
        logits, stream = read_parts(model, ids)
    shares, (values, indices) = logits.softmax(-1), logits.topk(min(asked.params.answers, len(logits)))
    parts = split_logits(model, stream, indices.tolist())
    texts = asked.engine.tokenizer.pieces(indices.tolist())
    return {
        "tokens": asked.engine.tokenizer.pieces(ids),
        "candidates": [
            {
                "text": text,
                "p": round(float(shares[token]), 4),
                "logit": round(float(values[i]), 4),
                "embedding": round(float(parts.embedding[i]), 4),
                "attention": [round(value, 4) for value in parts.attention[:, i].tolist()],
                "mlp": [round(value, 4) for value in parts.mlp[:, i].tolist()],
                "bias": round(float(parts.bias[i]), 4),
            }
            for i, (token, text) in enumerate(zip(indices.tolist(), texts, strict=True))
        ],
    }
