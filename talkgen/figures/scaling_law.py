"""Draws published laws of how the loss falls with size: Kaplan's, Hoffmann's, and Besiroglu's correction of it.

The constants are a data file with a source each. The laws hold for different texts and tokenizers: their slopes can be
compared, their heights cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Given
from talkgen.figures.drawing import POINTS, blank, label_axis, plot, styled, write
from talkgen.figures.lines import Line, draw_lines
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("scaling_laws.csv",)
_FIRST, _LAST = 1e7, 1e12  # parameters


class Params(base.Params):
    """How much text each parameter sees where a law asks for it; 20 is what Hoffmann et al. found best."""

    tokens_per_parameter: float = Field(20, gt=0, le=10_000)


def compute(params: Params, given: Given) -> Data:
    """Each law's loss from ten million to a trillion parameters, and what ten times the parameters do to it."""
    sizes = np.geomspace(_FIRST, _LAST, 51)
    laws = []
    for row in given.table(TABLES[0]):
        losses = loss_of(row, sizes, params.tokens_per_parameter)
        start, end = loss_of(row, np.array([1e8, 1e9]), params.tokens_per_parameter)
        laws.append(
            {
                "law": row["law"],
                "losses": [significant(loss) for loss in losses.tolist()],
                "floor": float(row["floor"] or 0),
                "smallest": float(row["smallest"]),
                "largest": float(row["largest"]),
                "ten_times": significant(float(end / start), 3),
                "source": row["source"],
            }
        )
    return {
        "sizes": [significant(n) for n in sizes.tolist()],
        "laws": laws,
        "tokens_per_parameter": params.tokens_per_parameter,
    }


def loss_of(row: dict[str, str], sizes: np.ndarray, tokens_per_parameter: float) -> np.ndarray:
    """The loss in nats a token of models of `sizes` parameters by a law of the table."""
    if row["form"] == "power":
        return (float(row["scale"]) / sizes) ** float(row["alpha"])
    tokens = tokens_per_parameter * sizes
    from_size = float(row["a"]) / sizes ** float(row["alpha"])
    return float(row["floor"]) + from_size + float(row["b"]) / tokens ** float(row["beta"])


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against parameters, both logarithmic; solid where a law was fitted, dotted where it is carried on."""
    picture = blank(canvas)
    colors = canvas.style.colors
    axes = plot(picture, canvas, 60, 44, canvas.width - 200, canvas.height - 96)
    highest = max(max(law["losses"]) for law in data["laws"])
    axes.set(xscale="log", yscale="log", xlim=(_FIRST, _LAST), ylim=(1.35, highest * 1.05))
    label_axis(axes, canvas, "y", [1.5, 2, 3, 4, 5], ["1.5", "2", "3", "4", "5"])
    sizes = [10.0**k for k in range(7, 13)]
    shown = sizes if canvas.width > 800 else [1e8, 1e10, 1e12]
    label_axis(axes, canvas, "x", shown, [human(n) for n in shown])
    tall = canvas.height - 140
    write(axes, canvas, 0, 1 + 26 / tall, "loss, nats a token", color=colors.muted, across=True)
    write(axes, canvas, 0.5, -46 / tall, "parameters", color=colors.muted, align="center", across=True)
    note = "each law: its own text and tokens; dotted: beyond its data"
    write(axes, canvas, 0.5, -80 / tall, note, color=colors.muted, align="center", across=True)
    palette = (colors.muted, colors.bad, colors.attention)
    lines = []
    for law, color in zip(data["laws"], palette, strict=False):
        axes.plot(data["sizes"], law["losses"], color=color, linewidth=2.5 * POINTS, linestyle=(0, (1, 1.6)))
        inside = [
            (n, loss)
            for n, loss in zip(data["sizes"], law["losses"], strict=True)
            if law["smallest"] <= n <= law["largest"]
        ]
        axes.plot(*zip(*inside, strict=True), color=color, linewidth=5 * POINTS, solid_capstyle="round")
        lines.append(Line(law["law"], data["sizes"][-1:], law["losses"][-1:], color, dots=False))
    draw_lines(axes, canvas, lines)
    return picture


def describe(data: Data) -> str:
    """Each law's loss at both ends and what ten times the parameters do."""
    first, last = human(data["sizes"][0]), human(data["sizes"][-1])
    parts = [
        f"{law['law']}: {law['losses'][0]:.2f} at {first} parameters, {law['losses'][-1]:.2f} at {last}; "
        f"ten times the parameters multiply the loss by {law['ten_times']}."
        for law in data["laws"]
    ]
    return "Published laws of a transformer's loss in nats a token, against its parameters. " + " ".join(parts)
