"""Draws table 1 of Vaswani et al. (2017) beside what our own layers do: counted FLOPs, traced steps.

The exponents are counted: how the FLOPs grow when n or d doubles. Steps are operations that have to wait for one
another, in the graph that torch traces of the layer at two lengths.
"""

from __future__ import annotations

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
    top = write_headline(pen, headline(data)) + 34
    edges = [canvas.width * share for share in (0.0, 0.30, 0.56, 0.80)]
    ends = [*edges[2:], canvas.width]
    for x, end, title in zip(edges[1:], ends, ("work a layer", "steps in turn", "longest path"), strict=True):
        fits = pen.text_width(title) <= end - x - 6
        said = title if fits else title.removeprefix("longest ").split()[0]
        pen.write(x, top, said, color=pen.colors.muted)
    high = (canvas.height - top - 56) / len(data["rows"])
    for index, row in enumerate(data["rows"]):
        y = top + 22 + (index + 0.5) * high
        pen.line([2, canvas.width - 2], [y - high / 2] * 2, pen.colors.line, 1.5)
        _draw_row(pen, row, edges, y, counted=data["step"] >= _DONE)
    key = "ink: Vaswani et al. 2017, table 1 · colour: counted and traced here"
    key = pen.shorten(key, canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, key, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_row(pen: Pen, row: Data, edges: list[float], y: float, *, counted: bool) -> None:
    """A layer: its name, and the three columns."""
    size, color = pen.sizes.small, pen.colors.attention
    room = edges[1] - edges[0] - 8
    fits = pen.text_width(row["layer"], size, bold=True) <= room
    own = size if fits else pen.sizes.figure
    pen.write(2, y, pen.shorten(row["layer"], room, own, bold=True), own, bold=True)
    up = 14 if counted else 0
    for x, text in zip(edges[1:], (row["work"], row["steps"], row["path"]), strict=True):
        pen.write(x, y - (up if x != edges[-1] else 0), text, size)
    if counted:
        n, d = (f"{power:.2f}" for power in row["counted"])
        said = f"n to the {n}, d to the {d}"
        room = edges[2] - edges[1] - 6
        pen.write(edges[1], y + 15, said if pen.text_width(said) <= room else f"n {n}, d {d}", color=color)
        first, last = row["traced"]
        pen.write(edges[2], y + 15, pen.shorten(_say_steps(first, last), edges[3] - edges[2] - 6), color=color)


def _say_steps(first: int, last: int) -> str:
    return f"{first} for any n" if first == last else f"{first}, {last} for n = {_SHORT}, {_LONG}"


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
