"""Draws how many tokens published models saw, against their size, beside the best use of a budget of computation.

The best sizes are those of Hoffmann et al. (2022, table 3, approach 1), and the optimum of the law that Besiroglu et
al. (2024) fitted to their points again: N = G (C/6)^a and D = C/(6N), with a = β/(α + β), G = (αA/βB)^(1/(α+β)).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.labels import Spot, place_labels
from talkgen.figures.draw.pen import DASHED, Pen, plot, sheet, styled
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure as Picture

TABLES = ("training_tokens.csv", "parameter_counts.csv", "compute_optimal.csv", "scaling_laws.csv")
_LAW = "Besiroglu 2024"
_BUDGETS = np.geomspace(1e18, 1e28, 41)  # FLOPs
_BEST, _DONE = 1, 2
_BELOW, _LEFT = 74, 92  # px around the plot


class Params(base.Params):
    """How many models are shown, the most computation first, and the step: what is best, then what was done."""

    models: int = Field(8, ge=1, le=20)
    step: int = Field(_DONE, ge=_BEST, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's parameters and tokens, the best of table 3, and the optimum of the refitted law for many budgets."""
    sizes = {row["name"]: int(row["parameters"]) for row in inputs.table("parameter_counts.csv")}
    models: list[Data] = [
        {"name": row["name"], "parameters": sizes[row["name"]], "tokens": int(row["tokens"])}
        for row in inputs.table("training_tokens.csv")
    ]
    models.sort(key=lambda model: -model["parameters"] * model["tokens"])
    law = next(row for row in inputs.table("scaling_laws.csv") if row["law"] == _LAW)
    a, alpha, b, beta = (float(law[key]) for key in ("a", "alpha", "b", "beta"))
    best, tokens = optimum(a, alpha, b, beta, _BUDGETS)
    return {
        "step": params.step,
        "models": models[: params.models],
        "table": [[float(row["parameters"]), float(row["tokens"])] for row in inputs.table("compute_optimal.csv")],
        "law": law["law"],
        "budgets": [significant(value) for value in _BUDGETS.tolist()],
        "best": [[significant(n), significant(d)] for n, d in zip(best.tolist(), tokens.tolist(), strict=True)],
    }


def optimum(a: float, alpha: float, b: float, beta: float, budgets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parameters and tokens that make a/N^alpha + b/D^beta least where 6 N D is the budget, in FLOPs."""
    share = beta / (alpha + beta)
    scale = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    sizes = scale * (budgets / 6) ** share
    return sizes, budgets / 6 / sizes


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Tokens against parameters, both logarithmic: the best as lines, models as points and their tokens a parameter."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 44
    pen = plot(canvas, _LEFT, top, canvas.width - 16, canvas.height - _BELOW, paper.picture)
    models = data["models"]
    sizes, tokens = ([model[what] for model in models] for what in ("parameters", "tokens"))
    limits = (min(1e8, *sizes) / 2, max(1e12, *sizes) * 3), (min(1e9, *tokens), max(5e13, *tokens) * 2)
    pen.axes.set(xscale="log", yscale="log", xlim=limits[0], ylim=limits[1])
    for axis, (low, high) in zip(("x", "y"), limits, strict=True):
        marks = [10.0**k for k in range(6, 15) if low <= 10.0**k <= high]
        pen.label_axis("x" if axis == "x" else "y", marks, [human(mark) for mark in marks])
    pen.axes.grid(visible=False)
    lines = [(data["table"], pen.colors.accent, "Hoffmann et al. 2022"), (data["best"], pen.colors.good, data["law"])]
    for index, (points, color, name) in enumerate(lines):
        xs, ys = ([point[axis] for point in points] for axis in (0, 1))
        pen.line(xs, ys, color, 4, linestyle=DASHED if index else "-", zorder=2)
        paper.write(_LEFT + 22, top + 16 + 28 * index, f"best: {name}", color=color, bold=True)
    if data["step"] >= _DONE:
        key = Spot(_LEFT + 150, top + 30, 300, 70)
        along = [Spot(*pen.at(*point), 14, 14) for point in _between(data["table"])]
        _draw_models(paper, pen, models, (top, canvas.height - _BELOW), [key, *along])
    paper.write(2, top - 26, "tokens read", color=paper.colors.muted)
    paper.write((_LEFT + canvas.width) / 2, canvas.height - 20, "parameters", color=paper.colors.muted, align="center")
    return paper.picture


def _between(points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Places along a line of the picture, near enough for no label to slip through."""
    found: list[tuple[float, float]] = []
    for start, end in pairwise(np.log(np.array(points))):
        found += [tuple(np.exp(start + share * (end - start)).tolist()) for share in np.linspace(0, 1, 12)]
    return found


def _draw_models(
    paper: Pen, pen: Pen, models: Sequence[Data], room: tuple[float, float], taken: Sequence[Spot]
) -> None:
    """A point a model, with its name and how many tokens a parameter saw."""
    points = [pen.at(model["parameters"], model["tokens"]) for model in models]
    texts = [f"{model['name']} {per_parameter(model)}" for model in models]
    sizes = [(paper.text_width(text) + 6, paper.sizes.figure + 4.0) for text in texts]
    spots = place_labels(points, sizes, (_LEFT + 4, room[0], paper.canvas.width - 2, room[1] - 4), 13, taken)
    for point, text, spot in zip(points, texts, spots, strict=True):
        paper.circle(*point, 8, fill=paper.colors.attention, edge=paper.colors.attention)
        if spot:
            paper.write(spot.x, spot.y, text, align="center")


def per_parameter(model: Data) -> str:
    """The tokens that a model saw for each of its parameters, in words."""
    return f"{human(significant(model['tokens'] / model['parameters'], 2))}×"


def headline(data: Data) -> str:
    """The fewest and the most tokens a parameter."""
    low, *_, high = sorted([*data["models"], *data["models"]], key=lambda m: m["tokens"] / m["parameters"])
    size, tokens = data["table"][3]
    if data["step"] < _DONE or low == high:
        return f"Best is to grow both: {tokens / size:.0f} tokens a parameter for {human(size)} parameters"
    return (
        f"{low['name']} saw {per_parameter(low)[:-1]} tokens a parameter, {high['name']} {per_parameter(high)[:-1]}; "
        f"best by table 3: {tokens / size:.0f}"
    )


def describe(data: Data) -> str:
    """Each model, and what would have been best for its budget."""
    rows = ", ".join(
        f"{m['name']} {human(m['parameters'])} parameters and {human(m['tokens'])} tokens" for m in data["models"]
    )
    table = ", ".join(f"{human(size)} and {human(tokens)}" for size, tokens in data["table"])
    return (
        f"Parameters and training tokens of published models: {rows}. Best for a budget by Hoffmann et al. 2022, "
        f"table 3: {table}; beside it the optimum of {data['law']}. {headline(data)}."
    )
