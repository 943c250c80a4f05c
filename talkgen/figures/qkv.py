"""Draws one head of attention number by number: queries, keys and values, their scores, the weights, the output.

Equation 1 of Vaswani et al. (2017), softmax(QKᵀ/√d) V, on a head of a trained model. Rotary positions, where a model
has them, are in the queries and keys already. The data hold every number to eight digits: they give the model's output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import NARROW
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

TABLES = ()
_MOST = 5  # tokens whose scores can be printed large enough
_LOW = 26.0  # px of a row in which numbers can be read
_PROJECTED, _SCORED, _SCALED, _MASKED, _WEIGHTED, _DONE = range(1, 7)  # the steps
_WIDE = 900  # px from which on all three matrices of scores fit
Matrix = Sequence[Sequence[float | None]]


class Params(base.Params):
    """A few tokens, whose head reads them, and how much of the computation is shown; all count from 1.

    The steps: projections, scores, their scale, the mask, the weights, the output.
    """

    model: ModelName = ""
    sentence: str = Field("The name is bound", min_length=1, max_length=200)
    layer: int = Field(2, ge=1)
    head: int = Field(3, ge=1)
    step: int = Field(_DONE, ge=_PROJECTED, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Q, K, V [T, D] of the head, the scores QKᵀ [T, T], the weights [T, T] and the output [T, D].

    Raises:
        ModelError: the model has no such head, or the sentence has too many tokens.
    """
    import torch

    from talkgen.lm.models.base import Taps

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.sentence, _MOST)
    taps = Taps("q", "k", "v")
    with torch.inference_mode():
        loaded.model(ids, taps=taps)
    if not taps.values["q"]:
        raise ModelError(f"{loaded.label} has no attention to show", "name a transformer: model: small")
    q, k, v = _head(taps.values, params)
    scores = q @ k.T
    visible = torch.ones_like(scores, dtype=torch.bool).tril()
    weights = (scores / q.size(1) ** 0.5).masked_fill(~visible, float("-inf")).softmax(1)
    matrices = {"q": q, "k": k, "v": v, "scores": scores, "weights": weights, "output": weights @ v}
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "layer": params.layer,
        "head": params.head,
        "step": params.step,
        "tokens": show_pieces(loaded, ids),
        "width": q.size(1),
        **{name: [[significant(x, 8) for x in row] for row in matrix.tolist()] for name, matrix in matrices.items()},
    }


def _head(taps: dict[str, list[torch.Tensor]], params: Params) -> list[torch.Tensor]:
    """Q, K and V [T, D] of the head in float64; a key/value head may serve several query heads.

    Raises:
        ModelError: there is no such layer or head.
    """
    for name, value, count in (
        ("layer", params.layer, len(taps["q"])),
        ("head", params.head, taps["q"][0].size(1)),
    ):
        if value > count:
            raise ModelError(f"there is no {name} {value}: the model has {count}", f"choose a smaller `{name}`")
    found = [taps[name][params.layer - 1][0] for name in ("q", "k", "v")]
    heads = found[0].size(0)
    return [each[(params.head - 1) * each.size(0) // heads].double() for each in found]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Above, Q, K and V as colours; below, from left to right, what is computed of them."""
    pen = sheet(canvas)
    first = write_headline(pen, headline(data)) + 51.5
    rows = len(data["tokens"])
    names = [pen.shorten(token, 110) for token in data["tokens"]]
    label = max(pen.text_width(name) for name in names) + 14
    high = min(44.0, (canvas.height - first - 100) / 2 / rows)
    if data["step"] == _PROJECTED and high < _LOW:  # no room for what follows: the first row has all of it
        high = min(44.0, (canvas.height - first - 34) / rows)
    top, middle = first, first + rows * high + 66
    room = canvas.width - label
    for index, (name, title) in enumerate((("q", "queries Q"), ("k", "keys K"), ("v", "values V"))):
        left = label + index * room / 3
        _draw_heat(pen, data[name], (left, top, room / 3 - 26, high), title, _largest(data, "qkv"))
    panels = _panels(data, wide=canvas.width > _WIDE)[-1 if canvas.width < NARROW else -3 :]
    wide = _cell(pen, data, len(panels), room)
    left = label
    for title, values in panels:
        _draw_numbers(pen, values, (left, middle, wide, high), title)
        left += max(rows * wide, pen.text_width(title)) + 26
    if data["step"] >= _DONE:
        _draw_heat(
            pen, data["output"], (left, middle, canvas.width - left - 2, high), "weights · V", _largest(data, "v")
        )
    for start in (top, middle) if data["step"] >= _SCORED else (top,):
        for row, name in enumerate(names):
            pen.write(label - 12, start + (row + 0.5) * high, name, align="right")
    which = f"layer {data['layer']}, head {data['head']}, d = {data['width']}"
    whose = f"{data['model']} · {which}"
    whose = whose if pen.text_width(whose) < canvas.width - 4 else which
    pen.write(canvas.width - 2, canvas.height - 14, whose, color=pen.colors.muted, align="right")
    return pen.picture


def _panels(data: Data, *, wide: bool) -> list[tuple[str, Matrix]]:
    """The matrices of numbers that the step has reached; where there is little room, without the unscaled scores."""
    step, root = data["step"], data["width"] ** 0.5
    scaled = [
        [None if step >= _MASKED and column > row else score / root for column, score in enumerate(scores)]
        for row, scores in enumerate(data["scores"])
    ]
    masked = f"÷ √{data['width']}, masked" if step >= _MASKED else f"÷ √{data['width']}"
    weights = [[None if c > r else x for c, x in enumerate(row)] for r, row in enumerate(data["weights"])]
    found: list[tuple[int, str, Matrix]] = [
        (_SCORED, "scores QKᵀ", data["scores"]),
        (_SCALED, masked, scaled),
        (_WEIGHTED, "softmax", weights),
    ]
    return [(title, values) for reached, title, values in found if step >= reached][
        0 if wide or step < _SCALED else 1 :
    ]


def _cell(pen: Pen, data: Data, panels: int, room: float) -> float:
    """Width of a number's cell: what the longest number needs, less where the output would be left without room."""
    longest = max(pen.text_width(_number(x)) for row in data["scores"] for x in row) + 10
    output = 120.0
    return min(longest, (room - output - 26 * panels) / max(1, panels * len(data["tokens"])))


def _largest(data: Data, names: str) -> float:
    """The largest size of a number in these matrices: it gets the full colour."""
    return max(abs(float(x)) for name in names for row in data[name] for x in row)


def _draw_heat(pen: Pen, values: Matrix, place: tuple[float, float, float, float], title: str, most: float) -> None:
    """A matrix as colours in `place` (left, top, width of all, height of a row): blue above zero, red below."""
    left, top, width, high = place
    pen.write(left, top - 18, title, color=pen.colors.muted)
    for row, numbers in enumerate(values):
        wide = width / len(numbers)
        for column, x in enumerate(numbers):
            color = pen.colors.attention if (x or 0) >= 0 else pen.colors.bad
            fill = mix(pen.colors.surface, color, min(1.0, abs(x or 0) / most))
            pen.box(left + column * wide, top + row * high + 1, wide - 0.5, high - 2, 1, fill=fill)


def _draw_numbers(pen: Pen, values: Matrix, place: tuple[float, float, float, float], title: str) -> None:
    """A matrix in numbers in `place` (left, top, width and height of a cell); weights are coloured, None is masked."""
    left, top, wide, high = place
    pen.write(left, top - 18, title, color=pen.colors.muted)
    for row, numbers in enumerate(values):
        for column, x in enumerate(numbers):
            at = (left + column * wide, top + row * high)
            share = (x or 0) if title == "softmax" else 0.0
            fill = mix(pen.colors.surface, pen.colors.attention, share)
            if x is not None:
                pen.box(at[0] + 1, at[1] + 1, wide - 2, high - 2, 4, fill=fill)
                ink = ink_on(fill) if title == "softmax" else None
                pen.write(at[0] + wide / 2, at[1] + high / 2, _number(x), color=ink, align="center")


def _number(x: float) -> str:
    """With one digit behind the point where there are two before it, else with two."""
    return f"{x:.1f}".replace("-", "−") if abs(x) >= 9.95 else f"{x:.2f}".replace("-", "−")


def headline(data: Data) -> str:
    """Where the last token looks most, as far as the step has come."""
    if data["step"] < _WEIGHTED:
        return f"Every token asks every other: {len(data['tokens'])} queries, {len(data['tokens'])} keys"
    last = data["weights"][-1]
    best = max(range(len(last)), key=last.__getitem__)
    tokens = data["tokens"]
    return f"“{tokens[-1]}” takes {percent(last[best])} of what it gets from “{tokens[best]}”"


def describe(data: Data) -> str:
    """Whose head, and for each token its scores and weights."""
    tokens = data["tokens"]
    rows = [
        f"“{token}” looks at " + ", ".join(f"“{tokens[j]}” {percent(data['weights'][i][j])}" for j in range(i + 1))
        for i, token in enumerate(tokens)
    ]
    width, whose = data["width"], f"{data['model']}, layer {data['layer']}, head {data['head']}"
    return (
        f"One head of attention over “{data['sentence']}” ({whose}): queries, keys and values of {width} numbers each, "
        f"scores QKᵀ over √{width}, softmax over what came before. " + "; ".join(rows) + "."
    )
