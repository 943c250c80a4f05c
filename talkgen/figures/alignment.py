"""Draws what a translation was made from: the cross-attention between a sentence and its translation.

The picture of Bahdanau et al. (2015, Fig. 3), by a model of their kind: words read across, words written down, and
where the languages order their words differently the path leaves the diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from math import cos, degrees, sin
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.pen import Pen, sheet, styled

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
_LEAN = 0.7  # angle, in radians, of words that do not fit side by side
_FOOT = 34  # px under the matrix, for whose weights they are


class Params(base.Params):
    """The sentence, in the words that the model learned, and whose weights are shown.

    `layer` and `head` count from 1. Of the heads they leave open, `choose` takes the mean of all or the clearest: the
    one that leaves the fewest words unread, by the mean over the words read of the largest weight that each is given.
    """

    model: ModelName = "rnnsearch"
    sentence: str = Field(
        "the agreement on the european economic area was signed in august 1992", min_length=1, max_length=200
    )
    layer: int | None = Field(None, ge=1)
    head: int | None = Field(None, ge=1)
    choose: Literal["clearest", "mean"] = "clearest"


def compute(params: Params, inputs: Inputs) -> Data:
    """The translation and its weights [T, S]: a row a word written, a column a word read, each row summing to 1."""
    return align(inputs.model(params.model), params)


def align(loaded: Loaded, params: Params) -> Data:
    """The numbers of the figure from a model at hand.

    Raises:
        ModelError: the model does not translate, has no such layer or head, or never learned a word of the sentence.
    """
    from talkgen.lm.answer.translate import translate

    made = translate(loaded, params.sentence)
    weights, whose = _choose(made.weights.double(), params)
    looks_at = weights.argmax(1).tolist()
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "translation": made.text,
        "source": [*made.source[:-1], "(end)"],
        "target": list(made.target),
        **whose,
        "attention": "additive attention" if loaded.model.config.architecture == "rnnsearch" else "cross-attention",
        "heads": made.weights.size(0) * made.weights.size(1),
        "strange": list(made.strange),
        "weights": [[round(value, 4) for value in row] for row in weights.tolist()],
        "looks_at": looks_at,
        "steps_back": sum(later < earlier for earlier, later in pairwise(looks_at)),
    }


def _choose(weights: torch.Tensor, params: Params) -> tuple[torch.Tensor, Data]:
    """Of `weights` [layer, head, T, S] those [T, S] that `params` ask for, and whose they are, counted from 1.

    Raises:
        ModelError: the model has no such layer or head.
    """
    counts = dict(zip(("layer", "head"), weights.shape[:2], strict=True))
    for name, count in counts.items():
        if (getattr(params, name) or 1) > count:
            message = f"there is no {name} {getattr(params, name)}: the model has {count}"
            raise ModelError(message, f"choose a smaller `{name}`")
    layers = range(counts["layer"]) if params.layer is None else [params.layer - 1]
    heads = range(counts["head"]) if params.head is None else [params.head - 1]
    if params.choose == "mean":
        return weights[list(layers)][:, list(heads)].mean((0, 1)), {"layer": params.layer, "head": params.head}
    layer, head = max(product(layers, heads), key=lambda pair: float(weights[pair][:, :-1].max(0).values.mean()))
    return weights[layer, head], {"layer": layer + 1, "head": head + 1}


@dataclass(frozen=True)
class Grid:
    """Where the matrix lies, in px: its upper left corner, a cell's size, and how its words are written."""

    left: float
    top: float
    wide: float
    high: float
    size: float
    lies: bool


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The matrix, its words, and whose weights they are."""
    pen = sheet(canvas)
    grid = _fit(pen, data["source"], data["target"], _FOOT * (2 if data["strange"] else 1))
    _draw_words(pen, data, grid)
    for i, row in enumerate(data["weights"]):
        for j, weight in enumerate(row):
            _draw_cell(pen, grid, i, j, weight)
    if data["strange"]:
        said = pen.shorten(warning(data), canvas.width - 40, pen.sizes.small, bold=True)
        place = (canvas.width / 2, canvas.height - 14 - _FOOT)
        pen.write(*place, said, pen.sizes.small, color=pen.colors.bad, bold=True, align="center")
    muted = pen.colors.muted
    for text in (f"{data['model']} · {whose(data)}", whose(data)):
        if pen.text_width(text) <= canvas.width - 40:
            pen.write(canvas.width / 2, canvas.height - 14, text, color=muted, align="center")
            break
    return pen.picture


def _fit(pen: Pen, source: list[str], target: list[str], foot: float) -> Grid:
    """The grid with the larger of two text sizes in which a percentage fits a cell; the smaller where neither does."""
    grids = [_grid(pen, source, target, size, foot) for size in (pen.sizes.small, pen.sizes.figure)]
    return next((grid for grid in grids if _holds_numbers(pen, grid)), grids[-1])


def _grid(pen: Pen, source: list[str], target: list[str], size: float, foot: float) -> Grid:
    beside = max(pen.text_width(word, size) for word in target) + 20
    longest = max(pen.text_width(word, size) for word in source)
    lies = (pen.canvas.width - beside) / len(source) > longest + 12  # all words fit side by side
    above = size + 14 if lies else sin(_LEAN) * (longest + size) + 10
    overhang = 0 if lies else cos(_LEAN) * longest
    high = min(72, (pen.canvas.height - above - foot) / len(target))
    wide = min((pen.canvas.width - beside - overhang) / len(source), max(2.2 * high, longest + 12 if lies else 0))
    left = (pen.canvas.width - beside - overhang - wide * len(source)) / 2 + beside
    top = (pen.canvas.height - above - foot - high * len(target)) / 2 + above
    return Grid(left, top, wide, high, size, lies)


def _holds_numbers(pen: Pen, grid: Grid) -> bool:
    return grid.high >= 1.15 * grid.size and grid.wide >= pen.text_width("100", grid.size) + 4


def _draw_words(pen: Pen, data: Data, grid: Grid) -> None:
    """The words read above their columns, lying or leaning, and the words written left of their rows."""
    colors, last = pen.colors, len(data["source"]) - 1
    for j, word in enumerate(data["source"]):
        color = colors.muted if j == last else colors.ink
        x = grid.left + (j + 0.5) * grid.wide
        if grid.lies:
            pen.write(x, grid.top - 0.7 * grid.size, word, grid.size, color=color, align="center")
        else:
            text = pen.write(x - 2, grid.top - 12, word, grid.size, color=color)
            text.set(rotation=degrees(_LEAN), rotation_mode="anchor")
    for i, word in enumerate(data["target"]):
        pen.write(grid.left - 10, grid.top + (i + 0.5) * grid.high, word, grid.size, align="right")


def _draw_cell(pen: Pen, grid: Grid, row: int, column: int, weight: float) -> None:
    """One weight as a colour, and as a percentage where it counts and fits."""
    x, y = grid.left + column * grid.wide, grid.top + row * grid.high
    fill = mix(pen.colors.surface, pen.colors.attention, weight)
    pen.box(x + 1, y + 1, grid.wide - 2, grid.high - 2, 4, fill=fill)
    if weight >= 0.1 and _holds_numbers(pen, grid):
        middle, text = (x + grid.wide / 2, y + grid.high / 2), f"{100 * weight:.0f}"
        pen.write(*middle, text, grid.size, color=ink_on(fill), align="center")


def warning(data: Data) -> str:
    """That the words stand in an order which the model never saw, and where."""
    return f"it never saw words in this order: “{' '.join(data['strange'])}”"


def whose(data: Data) -> str:
    """What the numbers are, and of which layer and head."""
    if data["heads"] == 1:
        return f"{data['attention']} in %"
    named = [f"{name} {data[name]}" for name in ("layer", "head") if data[name]]
    return ", ".join([f"{data['attention']} in %", *named, *([] if data["head"] else ["mean of all heads"])])


def describe(data: Data) -> str:
    """The translation, whose weights, for each word written the one it looked at most, and what is to be doubted."""
    source, weights = data["source"], data["weights"]
    pairs = zip(data["target"], data["looks_at"], weights, strict=True)
    listed = ", ".join(f"“{word}” at “{source[j]}” {100 * row[j]:.0f}%" for word, j, row in pairs)
    return (
        f"“{data['sentence']}” became “{data['translation']}” ({data['model']}; {whose(data)}). "
        f"Where each word looked most: {listed}. The path steps back {data['steps_back']} times."
        + (f" What it wrote is chance: {warning(data)}." if data["strange"] else "")
    )
