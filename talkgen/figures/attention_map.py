"""Draws where a model looks: the attention weights of one head, or their mean, over a sentence.

As a map (each row a token that looks, each column a token looked at) or as arcs from one token back to the others.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_pieces

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

TABLES = ()
_MOST = 16  # tokens that can be read from the back row
_WIDEST = 96  # px of a cell


class Params(base.Params):
    """The sentence, whose weights, and how they are shown.

    `layer` and `head` count from 1. Of the heads they leave open, `choose` takes the mean of all or the clearest: the
    one that looks hardest at single tokens other than the first, the one just before and itself, where most heads
    of a trained model rest.
    """

    model: ModelName = ""
    sentence: str = Field("The name is bound to the value of the expression", min_length=1, max_length=400)
    layer: int | None = Field(None, ge=1)
    head: int | None = Field(None, ge=1)
    choose: Literal["clearest", "mean"] = "clearest"
    view: Literal["map", "arcs"] = "map"
    focus: int | None = Field(None, ge=1, description="The token the arcs start from, counted from 1; the last.")


def compute(params: Params, inputs: Inputs) -> Data:
    """The weights [T, T] of the chosen head, each row summing to 1."""
    import torch

    from talkgen.lm.models.base import Taps

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.sentence, _MOST)
    taps = Taps("attention")
    with torch.inference_mode():
        loaded.model(ids, taps=taps)
    if not taps.values["attention"]:
        raise ModelError(f"{loaded.label} has no attention to show", "name a transformer: model: small")
    weights = torch.stack([layer[0].double() for layer in taps.values["attention"]])  # [layer, head, T, T]
    chosen, whose = _choose(weights, params)
    focus = (params.focus or len(chosen)) - 1
    if focus >= len(chosen):
        raise ModelError(
            f"there is no token {params.focus}: the sentence has {len(chosen)}", "choose a smaller `focus`"
        )
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "view": params.view,
        "tokens": show_pieces(loaded, ids),
        **whose,
        "weights": [[round(value, 4) for value in row] for row in chosen.tolist()],
        "focus": focus,
        "first": round(float(weights[:, :, 1:, 0].mean()) if len(chosen) > 1 else 1.0, 4),
    }


def _choose(weights: torch.Tensor, params: Params) -> tuple[torch.Tensor, Data]:
    """The weights [T, T] that `params` ask for, and whose they are, counted from 1.

    Raises:
        ModelError: the model has no such layer or head.
    """
    layers, heads = weights.shape[:2]
    for name, value, count in (("layer", params.layer, layers), ("head", params.head, heads)):
        if value is not None and value > count:
            raise ModelError(f"there is no {name} {value}: the model has {count}", f"choose a smaller `{name}`")
    open_layers = range(layers) if params.layer is None else [params.layer - 1]
    open_heads = range(heads) if params.head is None else [params.head - 1]
    if params.choose == "mean":
        chosen = weights[list(open_layers)][:, list(open_heads)].mean((0, 1))
        return chosen, {"layer": params.layer, "head": params.head}
    layer, head = max(product(open_layers, open_heads), key=lambda pair: _clarity(weights[pair], params))
    return weights[layer, head], {"layer": layer + 1, "head": head + 1}


def _clarity(weights: torch.Tensor, params: Params) -> float:
    """How hard the tokens look at a single one, other than the first, the one before and themselves; 0 to 1."""
    elsewhere = weights[:, 1:].tril(-3)
    if not elsewhere.numel():
        return 0.0
    if params.view == "arcs":
        return float(elsewhere[(params.focus or len(weights)) - 1 :].max(-1).values[:1].sum())
    return float(elsewhere.max(-1).values.mean())


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The weights as a map or as arcs, and whose they are."""
    pen = sheet(canvas)
    (_draw_map if data["view"] == "map" else _draw_arcs)(pen, data)
    pen.write(canvas.width / 2, canvas.height - 14, whose(data), color=pen.colors.muted, align="center")
    return pen.picture


def whose(data: Data) -> str:
    """The model, the layer and the head, in words."""
    layer = f"layer {data['layer']}" if data["layer"] else "mean of all layers"
    head = f"head {data['head']}" if data["head"] else "mean of all heads"
    both = "mean of all heads" if not data["layer"] and not data["head"] else f"{layer}, {head}"
    return f"{data['model']} · {both}"


def _draw_map(pen: Pen, data: Data) -> None:
    """Rows look, columns are looked at; a token's name stands left of its row and above its column."""
    tokens, size = data["tokens"], pen.sizes.figure
    n = len(tokens)
    label = max(pen.text_width(pen.shorten(token, 150, size), size) for token in tokens) + 12
    cell = min(_WIDEST, (pen.canvas.width - 2 * label) / n, (pen.canvas.height - 36 - 30) / n)
    left = (pen.canvas.width - n * cell - label) / 2 + label * 0.5
    top = 30.0
    style = pen.canvas.style
    for i, row in enumerate(data["weights"]):
        y = top + i * cell
        name = pen.shorten(tokens[i], 150, size)
        pen.write(left - 10, y + cell / 2, name, size, align="right")
        for j, weight in enumerate(row[: i + 1]):
            x = left + j * cell
            fill = mix(style.colors.surface, style.colors.attention, weight)
            pen.box(x + 1, y + 1, cell - 2, cell - 2, 4, fill=fill)
            if weight >= 0.1 and cell >= 1.7 * size:
                text = f"{100 * weight:.0f}"
                pen.write(x + cell / 2, y + cell / 2, text, size, color=ink_on(fill), align="center")
        # The upper half is empty (nobody looks ahead): each column's name stands there, beside its topmost cell.
        x = left + (i + 1) * cell
        pen.write(x + 8, y + cell / 2, name, size, color=style.colors.muted)


def _draw_arcs(pen: Pen, data: Data) -> None:
    """The sentence in a line; arcs from the focus back to the tokens it looks at, as thick as the weight."""
    from matplotlib.patches import Arc

    tokens, colors, focus = data["tokens"], pen.colors, data["focus"]
    size, gap = _fitting_size(pen, tokens)
    room = pen.canvas.width / len(tokens) * 1.6
    shown = [pen.shorten(token, room, size, bold=True) for token in tokens]
    widths = [pen.text_width(text, size, bold=True) for text in shown]
    x = (pen.canvas.width - sum(widths) - gap * (len(tokens) - 1)) / 2
    centers = []
    for width in widths:
        centers.append(x + width / 2)
        x += width + gap
    line = pen.canvas.height - 112.0
    weights = data["weights"][focus]
    for token, center, weight in zip(shown, centers, weights, strict=True):
        index = shown.index(token) if shown.count(token) == 1 else centers.index(center)
        looks = index == focus
        color = colors.attention if looks else colors.ink if weight >= 0.05 else colors.muted
        pen.write(center, line, token, size, color=color, bold=looks or weight >= 0.2, align="center")
        if index < focus:
            wide = centers[focus] - center
            tall = min(2 * (line - 46), 1.15 * wide)
            pen.axes.add_patch(
                Arc(
                    ((center + centers[focus]) / 2, line - 24),
                    wide,
                    tall,
                    theta1=180,
                    theta2=360,
                    color=colors.attention,
                    linewidth=(1 + 15 * weight) * POINTS,
                    alpha=0.25 + 0.75 * weight,
                )
            )
        if index <= focus and weight >= 0.01:
            strong = colors.attention if weight >= 0.05 else colors.muted
            pen.write(center, line + 38, f"{100 * weight:.0f}%", size, color=strong, align="center")


def _fitting_size(pen: Pen, tokens: list[str]) -> tuple[float, float]:
    """The largest text size at which the sentence fits in a line, and the gap between words."""
    for size in (pen.sizes.body, pen.sizes.small):
        gap = 0.7 * size
        if sum(pen.text_width(token, size, bold=True) + gap for token in tokens) <= pen.canvas.width:
            return size, gap
    return pen.sizes.figure, 8.0


def describe(data: Data) -> str:
    """Whose weights, and the strongest ones."""
    tokens, weights = data["tokens"], data["weights"]
    if data["view"] == "arcs":
        focus = data["focus"]
        order = sorted(range(focus + 1), key=lambda j: -weights[focus][j])[:4]
        listed = ", ".join(f"“{tokens[j]}” {100 * weights[focus][j]:.0f}%" for j in order)
        return f"Where “{tokens[focus]}” looks ({whose(data)}): {listed}."
    pairs = [(i, j) for i in range(len(tokens)) for j in range(1, i)]
    top = sorted(pairs, key=lambda pair: -weights[pair[0]][pair[1]])[:4]
    listed = ", ".join(f"“{tokens[i]}” at “{tokens[j]}” {100 * weights[i][j]:.0f}%" for i, j in top)
    mean = sum(row[0] for row in weights) / len(weights)
    return (
        f"Attention weights over “{data['sentence']}” ({whose(data)}): "
        f"the first token gets {100 * mean:.0f}% on average; {listed}."
    )
