"""Where a model looks: the attention of every head over a text, its rollout, and what the next token owes to a head.

A head is switched off by setting its weights to zero, so that it adds nothing to the residual stream (Michel et al.
2019). The rollout multiplies the layers' mean weights, half of each being the residual path (Abnar & Zuidema 2020).
Where a model looks is not what its answer rests on: that is told beside it, by the gradient of the likeliest token's
logit times each token's embedding (Denil et al. 2014), as norms that sum to 1 (Alammar 2021).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from talkgen.lm.models.base import LanguageModel

TITLE = "Attention"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE = MEASURES_TIME = False
MOST_TOKENS = 24  # whose names can be read around a map
MOST_SWITCHES = 64  # heads that are recorded switched off one by one; of more, only whole layers are
_FULL = 255  # a weight of 1, as a byte

Switch = Annotated[str, Field(pattern=r"^\d{1,3}\.\d{1,3}$")]


class Params(base.Params):
    """Which head the slide starts with, counted from 1 (without them the rollout), and which are off: "layer.head"."""

    layer: int | None = Field(None, ge=1)
    head: int | None = Field(None, ge=1)
    off: tuple[Switch, ...] = Field((), max_length=512)
    bars: int = Field(5, ge=1, le=10)


class Moved(TypedDict):
    """A next token's probability, and what it is with every head."""

    text: str
    p: float
    before: float


class AttentionAnswer(TypedDict):
    """The next token's bars with the heads that are on, and every head's weights where all are.

    `weights` is a byte a weight, base64: for each layer and head the rows of the lower triangle; `rollout` one more.
    `rests` is the share of each token in what the likeliest next one rests on, with the heads that are on.
    """

    tokens: list[str]
    layers: int
    heads: int
    weights: str
    rollout: str
    rests: list[float]
    bars: list[Moved]
    other: float


def answer(asked: Asked) -> AttentionAnswer:
    """The weights of all heads and the next token, with and without those that are off."""
    import torch

    ids, model = asked.ids(MOST_TOKENS), asked.engine.open_model
    off = {(int(layer) - 1, int(head) - 1) for layer, head in (switch.split(".") for switch in asked.params.off)}
    with torch.enable_grad(), asked.engine.batch.turn:
        seen, before, embedded = _look(model, ids, set())
        _, after, embedded = _look(model, ids, off) if off else (seen, before, embedded)
        rests = rest_on(after.max(), embedded)
    weights = torch.stack([layer[0].float() for layer in seen])  # [L, H, T, T]
    layers, heads = weights.shape[:2]
    if strange := [pair for pair in off if pair[0] >= layers or pair[1] >= heads]:
        raise ModelError(f"there is no head {strange[0][1] + 1} in layer {strange[0][0] + 1}", f"{layers} by {heads}")
    bars = _bars(asked, *(logits.detach().softmax(-1) for logits in (before, after)))
    return {
        "tokens": asked.engine.tokenizer.pieces(ids),
        "layers": layers,
        "heads": heads,
        "weights": _bytes(weights),
        "rollout": _bytes(roll_out(weights)),
        "rests": [round(share, 4) for share in rests.tolist()],
        "bars": bars,
        "other": round(max(0.0, 1 - sum(bar["p"] for bar in bars)), 6),
    }


def _look(model: LanguageModel, ids: list[int], off: set[tuple[int, int]]) -> tuple[list[Tensor], Tensor, Tensor]:
    """The weights [1, H, T, T] of each layer, the next token's logits [V], and the tokens as they came in [1, T, C]."""
    import torch

    from talkgen.lm.models.base import Taps

    class Switches(Taps):
        """Taps that turn heads off on the way: a layer's weights are told before they are used."""

        def add(self, name: str, value: Any) -> None:
            if name == "attention":
                layer = len(self.values["attention"])
                # Behind the back of autograd: weights that are zero whatever comes in have no gradient.
                value.data[:, [head for at, head in off if at == layer and head < value.size(1)]] = 0
            if name == "embedded" and not value.requires_grad:
                value.requires_grad_()
            super().add(name, value)

    taps = Switches("attention", "embedded")
    logits, _ = model(torch.tensor([ids], device=model.device), taps=taps, last_only=True)
    if not taps.values["attention"]:
        raise ModelError("this model has no attention to show", "name a transformer: model: small")
    return [layer.detach() for layer in taps.values["attention"]], logits[0, -1], taps.values["embedded"][0]


def rest_on(logit: Tensor, embedded: Tensor) -> Tensor:
    """How much `logit` rests on each of the tokens `embedded` [1, T, C]: the norms of gradient times input, [T]."""
    import torch

    (slope,) = torch.autograd.grad(logit, embedded)
    norms: Tensor = (slope * embedded).detach()[0].float().norm(dim=-1)
    return norms / norms.sum().clamp_min(1e-30)


def roll_out(weights: Tensor) -> Tensor:
    """How much of each token's input stands in each position after all layers; weights [L, H, T, T] to [T, T]."""
    import torch

    same = torch.eye(weights.size(-1), device=weights.device)
    found = same
    for layer in weights.mean(1):
        found = (0.5 * layer + 0.5 * same) @ found
    return found


def _bytes(weights: Tensor) -> str:
    """The lower triangles of weights [..., T, T] as bytes."""
    import torch

    size = weights.size(-1)
    rows, columns = torch.tril_indices(size, size)
    values = (weights[..., rows, columns] * _FULL).round().to(torch.uint8).cpu().numpy()
    return base64.b64encode(values.tobytes()).decode("ascii")


def _bars(asked: Asked, before: Tensor, after: Tensor) -> list[Moved]:
    """The tokens that are likeliest with or without, in the order of what they are with every head."""
    import torch

    likeliest = torch.maximum(before, after).topk(min(asked.params.bars, len(before))).indices
    chosen: list[int] = likeliest[before[likeliest].argsort(descending=True)].tolist()
    texts = asked.engine.tokenizer.pieces(chosen)
    return [
        {"text": text, "p": round(float(after[i]), 6), "before": round(float(before[i]), 6)}
        for i, text in zip(chosen, texts, strict=True)
    ]


def also_recorded(asked: Asked) -> Iterable[Params]:
    """Each head switched off alone, and each layer as a whole."""
    config = asked.engine.model.config
    if config.architecture != "transformer":
        return ()
    return _switched(asked.params, config.n_layer, config.n_head)


def _switched(params: Params, layers: int, heads: int) -> Iterator[Params]:
    rows = [[f"{layer}.{head}" for head in range(1, heads + 1)] for layer in range(1, layers + 1)]
    alone = [(switch,) for row in rows for switch in row] if layers * heads <= MOST_SWITCHES else []
    for off in [*alone, *map(tuple, rows)]:
        yield params.model_copy(update={"off": off})
