"""Single neurons of a layer's MLP: which are most active at a token, how active over the text, and what each writes.

What a neuron writes are the logits that it raises most there, straight through the last norm and the output layer as
`talkgen.lm.models.neurons.written_logits` says (Geva et al. 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "Neurons"
DIALS: dict[str, tuple[Any, ...]] = {"layer": (1, 2, 3)}
IN_PAGE = MEASURES_TIME = False
MOST_TOKENS = 9  # columns whose numbers can be read
NEURONS = 5  # at each token
WORDS = 5  # that each raises


class Params(base.Params):
    """Whose neurons, counted from 1."""

    layer: int = Field(1, ge=1)


class Written(TypedDict):
    """A token, and what is added to its logit."""

    text: str
    add: float


class Neuron(TypedDict):
    """A neuron, counted from 1: how active it is at each token, and what it writes at the one it was chosen for."""

    neuron: int
    active: list[float]
    writes: list[Written]


class NeuronsAnswer(TypedDict):
    """The text's tokens, how many layers there are and neurons in one, and each token's most active ones, in order."""

    tokens: list[str]
    layers: int
    width: int
    most: list[list[Neuron]]


def answer(asked: Asked) -> NeuronsAnswer:
    """The most active neurons at every token.

    Raises:
        ModelError: the text is too long, or the model has no such layer, or no MLP.
    """
    from talkgen.lm.models.neurons import read_neurons, written_logits
    from talkgen.lm.models.transformer import Transformer

    model, ids, layer = asked.engine.open_model, asked.ids(MOST_TOKENS), asked.params.layer - 1
    if not isinstance(model, Transformer):
        raise ModelError("this model has no MLP between its layers", "name a transformer: model: small")
    if layer >= len(model.blocks):
        raise ModelError(f"there is no layer {layer + 1}", f"{len(model.blocks)} layers")
    with asked.engine.batch.turn:
        active, stream = read_neurons(model, ids, layer)
    chosen = active.abs().topk(min(NEURONS, active.size(1))).indices  # [T, N]
    most = []
    for place, neurons in enumerate(chosen):
        added = written_logits(model, layer, neurons, active[place, neurons], stream[place])
        most.append([_neuron(asked, int(j), active[:, j], row) for j, row in zip(neurons, added, strict=True)])
    return {
        "tokens": asked.engine.tokenizer.pieces(ids),
        "layers": len(model.blocks),
        "width": active.size(1),
        "most": most,
    }


def _neuron(asked: Asked, index: int, active: Tensor, added: Tensor) -> Neuron:
    """A neuron, `active` [T] over the text, that adds `added` [V] to the logits."""
    values, tokens = added.topk(min(WORDS, len(added)))
    texts = asked.engine.tokenizer.pieces(tokens.tolist())
    return {
        "neuron": index + 1,
        "active": [round(value, 4) for value in active.tolist()],
        "writes": [{"text": text, "add": round(add, 4)} for text, add in zip(texts, values.tolist(), strict=True)],
    }
