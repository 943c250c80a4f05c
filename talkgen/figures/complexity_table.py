"""Draws table 1 of Vaswani et al. (2017) beside what our own layers do: counted FLOPs, traced steps.

The exponents are counted: how the FLOPs grow when n or d doubles. Steps are operations that have to wait for one
another, in the graph that torch traces of the layer at two lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.layers import count_flops, count_steps
from talkgen.figures.numbers import significant, superscript

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("layer_complexity.csv",)
_SHORT, _LONG = 8, 16  # tokens between which the steps are traced
_PRINTED, _DONE = 1, 2
_NARROW = 430  # px of a picture below which a layer's name stands above its columns
_LOW = 360  # px of a picture below which lines stand closer
_APART = 12  # px at least between two columns


class Params(base.Params):
    """Length and width that the work is counted at, and at twice them; the step: as printed, then counted too."""

    tokens: int = Field(256, ge=16, le=4096)
    width: int = Field(64, ge=8, le=1024)
    step: int = Field(_DONE, ge=_PRINTED, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each layer's row of the table, with the exponents of its FLOPs in n and d, and its steps at two lengths."""
    rows = []
    for row in inputs.table(TABLES[0]):
        name, n, d = row["layer"], params.tokens, params.width
        once, longer, wider = count_flops(name, n, d), count_flops(name, 2 * n, d), count_flops(name, n, 2 * d)
        rows.append(
            {
                "layer": name,
                "work": row["work"],
                "printed": [int(row["power_n"]), int(row["power_d"])],
                "counted": [significant(log2(longer / once), 3), significant(log2(wider / once), 3)],
                "steps": row["steps"],
                "traced": [count_steps(name, length) for length in (_SHORT, _LONG)],
                "path": row["path"],
            }
        )
    return {"tokens": params.tokens, "width": params.width, "step": params.step, "rows": rows}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A row a layer: in ink what the table says, below it in colour what was counted."""
    pen = sheet(canvas)
    narrow = canvas.width < _NARROW
    top = write_headline(pen, headline(data)) + (26 if narrow or canvas.height < _LOW else 34)
    shares = (0.0, 0.0, 0.40, 0.73) if narrow else (0.0, 0.30, 0.56, 0.80)
    edges = [canvas.width * share for share in shares]
    ends = [*edges[2:], canvas.width]
    for x, end, title in zip(edges[1:], ends, ("work a layer", "steps in turn", "longest path"), strict=True):
        fits = pen.text_width(title) <= end - x - 6
        said = title if fits else title.removeprefix("longest ").split()[0]
        pen.write(x, top, said, color=pen.colors.muted)
    high = (canvas.height - top - 56) / len(data["rows"])
    for index, row in enumerate(data["rows"]):
        y = top + 22 + (index + 0.5) * high
        pen.line([2, canvas.width - 2], [y - high / 2] * 2, pen.colors.line, 1.5)
        _draw_row(pen, row, edges, y, high, counted=data["step"] >= _DONE)
    keys = "ink: Vaswani et al. 2017, table 1 · colour: counted and traced here", "ink: printed · colour: counted"
    key = _fitting(pen, keys, canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, key, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_row(pen: Pen, row: Data, edges: list[float], y: float, high: float, *, counted: bool) -> None:
    """A layer around `y`: its name, and the three columns."""
    room = (edges[1] or pen.canvas.width) - 8
    lines = (2 if counted else 1) + (not edges[1])
    step = min(29.0, high / lines)
    size, color = pen.sizes.small if step >= pen.sizes.small else pen.sizes.figure, pen.colors.attention
    top = y - step * (lines - 1) / 2
    fits = pen.text_width(row["layer"], size, bold=True) <= room
    own = size if fits else pen.sizes.figure
    pen.write(2, y if edges[1] else top, pen.shorten(row["layer"], room, own, bold=True), own, bold=True)
    top += 0 if edges[1] else step
    for x, text in zip(edges[1:], (row["work"], row["steps"], row["path"]), strict=True):
        pen.write(max(2, x), top if x != edges[-1] else top + (step / 2 if counted else 0), text, size)
    if counted:
        n, d = (f"{power:.2f}" for power in row["counted"])
        powers = [f"n to the {n}, d to the {d}", f"n {n}, d {d}", f"n {float(n):.1f}, d {float(d):.1f}"]
        said = _fitting(pen, powers, edges[2] - edges[1] - _APART)
        pen.write(max(2, edges[1]), top + step, said, color=color)
        first, last = row["traced"]
        room = edges[3] - edges[2] - _APART
        pen.write(edges[2], top + step, _fitting(pen, _say_steps(first, last), room), color=color)


def _fitting(pen: Pen, texts: Sequence[str], room: float) -> str:
    """The first of `texts` that has room, or as much of the last as has."""
    return next((text for text in texts if pen.text_width(text) <= room), pen.shorten(texts[-1], room))


def _say_steps(first: int, last: int) -> list[str]:
    if first == last:
        return [f"{first} for any n", f"{first}"]
    return [f"{first}, {last} for n = {_SHORT}, {_LONG}", f"{first}, {last}"]


def headline(data: Data) -> str:
    """What both families pay with."""
    rows = {row["layer"]: row for row in data["rows"]}
    attention, recurrent = rows["self-attention"], rows["recurrent"]
    if data["step"] == _PRINTED:
        return "Attention pays with work, recurrence with steps"
    n = superscript(f"{attention['counted'][0]:g}")
    steps = recurrent["traced"][1]
    return f"Attention: n{n} work in {attention['traced'][1]} steps. Recurrence: {steps} steps for {_LONG} tokens"


def describe(data: Data) -> str:
    """Each row, as printed and as counted."""
    rows = "; ".join(
        f"{row['layer']}: work {row['work']}, counted n to the {row['counted'][0]:g}, d to the {row['counted'][1]:g}; "
        f"steps {row['steps']}, traced {row['traced'][0]} for {_SHORT} tokens and {row['traced'][1]} for {_LONG}; "
        f"longest path {row['path']}"
        for row in data["rows"]
    )
    return (
        f"Table 1 of Vaswani et al. 2017 beside layers of ours, FLOPs counted from {data['tokens']} tokens and a "
        f"width of {data['width']} on: {rows}."
    )
