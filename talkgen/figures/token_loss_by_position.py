"""Draws the held-out loss at each position of the context, for a transformer and an LSTM of a sweep, of equal size.

After Kaplan et al. (2020), Fig. 7, right: who can use what stands far back keeps gaining along the context. How much
is measured as the slope of the loss against the logarithm of the position, behind the first eighth of the context.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.caption import HEIGHT, with_interval, write_caption
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.fits import estimate, fit_lines, resample
from talkgen.figures.measure.sweep_runs import NAMES, runs_of
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_SKIPPED = 8  # the gain is measured behind this part of the context: before it, even a few words of memory help
_START = 0.93  # where the positions' axis starts: the first position is seen whole
_A_DOUBLING = 3  # means drawn for each doubling of the position


class Params(base.Params):
    """The sweep, and the size whose runs are drawn: the nearest one, or the largest where none is given."""

    sweep: SweepName = "scaling"
    parameters: int | None = Field(None, gt=0)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's loss at every position, and what doubling the position gains, with its interval over positions."""
    sweep = inputs.sweep(params.sweep)
    chosen = {name: _choose(sweep, name, params.parameters) for name in NAMES}
    curves = {name: np.array([run["loss_by_position"] for run in runs]).mean(0) for name, runs in chosen.items()}
    context = min(len(curve) for curve in curves.values())
    first = context // _SKIPPED + 1
    positions = np.arange(first, context + 1, dtype=float)
    draws = resample(positions)  # the same for both: they were tested on the same text
    gains = {
        name: -fit_lines(np.log2(positions), curve[first - 1 : context], draws)[0] for name, curve in curves.items()
    }
    return {
        "context": context,
        "first": first,
        "models": {
            name: {
                "parameters": chosen[name][0]["parameters_without_embeddings"],
                "seeds": len(chosen[name]),
                "losses": [significant(loss) for loss in curves[name][:context].tolist()],
                "gain": estimate(gains[name], len(positions)),
            }
            for name in NAMES
        },
        "difference": estimate(gains["transformer"] - gains["lstm"], len(positions)),
    }


def _choose(sweep: Data, architecture: str, parameters: int | None) -> list[Data]:
    """The runs of one size, a run for each seed: the size nearest to `parameters`, or the largest.

    Raises:
        ModelError: they were not tested position by position, as those that were trained on a task.
    """
    runs = runs_of(sweep, architecture)
    sizes = [run["parameters_without_embeddings"] for run in runs]
    size = min(sizes, key=lambda size: abs(log(size / parameters))) if parameters else max(sizes)
    chosen = [run for run in runs if run["parameters_without_embeddings"] == size]
    if not all(run.get("loss_by_position") for run in chosen):
        raise ModelError(
            f"the sweep '{sweep['name']}' has no losses by position", "name a sweep that was trained on a text"
        )
    return chosen


def verdict(data: Data) -> str:
    """Who gains more from what stands far back, that nobody does, or that this cannot be told."""
    if data["difference"]["low"] > 0:
        return "the transformer gains more from a longer context"
    if data["difference"]["high"] < 0:
        return "the LSTM gains more from a longer context"
    if all(model["gain"]["low"] <= 0 for model in data["models"].values()):
        return f"neither clearly gains from a context beyond {data['first'] - 1} tokens"
    return "too little data to tell which gains more from context"


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against position, which is logarithmic: a faint dot for each position, a line through their means."""
    paper = sheet(canvas)
    colors = paper.colors
    pen = plot(canvas, 60, HEIGHT, canvas.width - 170, canvas.height - 62, paper.picture)
    _set_axes(pen, data)
    lines, numbers = [], []
    for name, model in data["models"].items():
        color = colors.attention if name == "transformer" else colors.recurrent
        positions = range(1, data["context"] + 1)
        pen.dots(positions, model["losses"], color, 5, alpha=0.35, clip_on=False)
        lines.append(Line(NAMES[name], *means(model["losses"]), color, dots=False))
        numbers.append((f"{NAMES[name]} gains {with_interval(model['gain'])} a doubling", color))
    last = data["context"]
    behind = log(last / lines[0].xs[-1]) / log(last / _START)  # share of the plot that lies behind the lines
    draw_lines(pen, lines, gap=behind * pen.axes.bbox.width + 14)
    write_caption(paper, verdict(data), numbers, "loss, nats a token")
    note = f"position in the context; doublings from token {data['first']} on"
    middle = (canvas.width - 110) / 2
    paper.write(middle, canvas.height - 14, note, color=colors.muted, align="center")
    return pen.picture


def means(losses: list[float]) -> tuple[list[float], list[float]]:
    """Positions and mean losses of groups of neighbours that are equally wide in the logarithm of the position."""
    positions = np.arange(1, len(losses) + 1)
    groups = np.ceil(np.log2(positions) * _A_DOUBLING)  # whole up to the end of the context
    inside = [groups == group for group in np.unique(groups)]
    middles = [float(np.exp(np.log(positions[chosen]).mean())) for chosen in inside]
    return middles, [float(np.array(losses)[chosen].mean()) for chosen in inside]


def _set_axes(pen: Pen, data: Data) -> None:
    """All positions, labelled at powers of two, and all losses."""
    from matplotlib.ticker import MaxNLocator

    losses = [loss for model in data["models"].values() for loss in model["losses"]]
    low, high = min(losses) - 0.1, max(losses) + 0.1
    pen.axes.set(xscale="log", xlim=(_START, data["context"]), ylim=(low, high))
    ticks = [tick for tick in MaxNLocator(5, steps=[1, 2.5, 5, 10]).tick_values(low, high) if low <= tick <= high]
    pen.label_axis("y", ticks, [f"{tick:g}" for tick in ticks])
    powers = [2**k for k in range(data["context"].bit_length())]
    pen.label_axis("x", powers, [str(power) for power in powers])


def describe(data: Data) -> str:
    """Both models' losses early and late in the context, and what each doubling of the position gains."""
    parts = [
        f"{NAMES[name]} of {human(model['parameters'])} parameters ({model['seeds']} seeds): "
        f"{model['losses'][0]:.2f} at the first token, "
        f"{model['losses'][data['first'] - 1]:.2f} at token {data['first']}, "
        f"{model['losses'][-1]:.2f} at token {data['context']}; each doubling from token {data['first']} on gains "
        f"{with_interval(model['gain'])}."
        for name, model in data["models"].items()
    ]
    return (
        "Held-out loss in nats a token against the position in the context. "
        + " ".join(parts)
        + f" Difference {with_interval(data['difference'])}, by bootstrap over positions: {verdict(data)}."
    )
