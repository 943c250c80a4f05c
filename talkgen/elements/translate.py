"""English to French by an encoder-decoder, and where each word of the translation looked (Bahdanau et al. 2015)."""

from __future__ import annotations

from typing import Any, TypedDict

from talkgen.elements import base
from talkgen.elements.base import Asked

TITLE = "Translation"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE = MEASURES_TIME = False


class Params(base.Params):
    """Nothing beside the sentence."""


class TranslateAnswer(TypedDict):
    """The words read and written, and the mean over layers and heads of how much each owes to each: weights [T, S].

    `strange` are words whose order the model never saw: what it made of them is chance.
    """

    source: list[str]
    target: list[str]
    text: str
    weights: list[list[float]]
    strange: list[str]


def answer(asked: Asked) -> TranslateAnswer:
    """The translation.

    Raises:
        ModelError: the model does not translate, or the sentence has a word that it never learned.
    """
    from talkgen.lm.answer.translate import translate

    with asked.engine.batch.turn:
        made = translate(asked.engine.loaded, asked.prompt.strip())
    weights = made.weights.mean((0, 1))
    return {
        "source": list(made.source),
        "target": list(made.target),
        "text": made.text,
        "weights": [[round(weight, 4) for weight in row] for row in weights.tolist()],
        "strange": list(made.strange),
    }
