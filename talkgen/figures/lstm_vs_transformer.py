"""Draws how the held-out loss of LSTMs and transformers falls with their size, from the runs of a sweep.

Each architecture gets a power law, loss ~ parameters^-exponent, with the bootstrap interval of its exponent. Where the
interval of the difference of both exponents holds zero, there are too few runs to tell which gains more; the picture
says who is ahead then, if it is the same at every size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.caption import with_interval, write_caption
from talkgen.figures.draw.lines import Line, draw_lines, name_beside
from talkgen.figures.draw.pen import DOTTED, Pen, plot, sheet, styled
from talkgen.figures.measure.fits import Array, Laws, estimate, fit, resample
from talkgen.figures.measure.sweep_runs import NAMES, name_of, points_of, tokens_read
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()


class Params(base.Params):
    """The sweep whose runs are drawn."""

    sweep: SweepName = "scaling"


def compute(params: Params, inputs: Inputs) -> Data:
    """Every run's size and loss, each architecture's power law, and the difference of the exponents."""
    sweep = inputs.sweep(params.sweep)
    points = {name: points_of(sweep, name) for name in NAMES}
    laws = {
        name: fit(sizes, losses, resample(sizes, seed), floor=False)
        for seed, (name, (sizes, losses)) in enumerate(points.items())
    }
    fewest = min(len(np.unique(sizes)) for sizes, _ in points.values())
    return {
        "tokens": tokens_read(sweep),
        "architectures": {name: {"name": name_of(sweep, name), **_about(*points[name], laws[name])} for name in NAMES},
        "difference": estimate(laws["transformer"].exponent - laws["lstm"].exponent, fewest),
    }


def _about(sizes: Array, losses: Array, laws: Laws) -> Data:
    """An architecture's runs, the means of its seeds, and its law with how sure it is."""
    different = np.unique(sizes)
    return {
        "parameters": sizes.astype(int).tolist(),
        "losses": [significant(loss) for loss in losses.tolist()],
        "sizes": different.astype(int).tolist(),
        "means": [significant(float(losses[sizes == size].mean())) for size in different],
        "law": [significant(loss) for loss in laws.at(different)[0].tolist()],
        "exponent": estimate(laws.exponent, len(different)),
    }


def verdict(data: Data) -> str:
    """Which gains more from size where the exponents say it, or which is ahead at every size."""
    ahead = leader(data)
    return f"{ahead} is ahead at every size" if ahead and not _is_told(data) else gain(data)


def gain(data: Data) -> str:
    """What the exponents say, or that the runs are too few for them to say it."""
    if not _is_told(data):
        return "too few runs to tell which gains more from size"
    return f"the {'transformer' if data['difference']['low'] > 0 else 'LSTM'} gains more from size"


def _is_told(data: Data) -> bool:
    return not data["difference"]["low"] <= 0 <= data["difference"]["high"]


def leader(data: Data) -> str | None:
    """Whose means are below the other's line at every size that both lines have; None where they cross or touch."""
    one, other = data["architectures"].values()
    gaps = [*_gaps(one, other), *(-gap for gap in _gaps(other, one))]
    if not gaps or min(gaps) <= 0 <= max(gaps):
        return None
    return str((one if max(gaps) < 0 else other)["name"])


def _gaps(one: Data, other: Data) -> list[float]:
    """How far the logarithms of one's means are above the other's line, at the sizes between the other's ends."""
    sizes, means = np.log(other["sizes"]), np.log(other["means"])
    points = [(np.log(size), np.log(mean)) for size, mean in zip(one["sizes"], one["means"], strict=True)]
    inside = [(x, y) for x, y in points if sizes[0] <= x <= sizes[-1]]
    return [float(y - np.interp(x, sizes, means)) for x, y in inside]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against parameters, both logarithmic: a dot for each run, a line through the means, the law dotted."""
    paper = sheet(canvas)
    lines = [
        Line(runs["name"], runs["sizes"], runs["means"], _color(canvas, name), dots=False)
        for name, runs in data["architectures"].items()
    ]
    beside = name_beside(paper, lines)
    numbers = [
        (f"{line.name}: exponent {_exponent(runs['exponent'], wide=beside > 0)}", line.color)
        for line, runs in zip(lines, data["architectures"].values(), strict=True)
    ]
    top = write_caption(paper, verdict(data), numbers, "held-out loss, nats a token")
    pen = plot(canvas, 60, top, canvas.width - beside - 40, canvas.height - 62, paper.picture)
    _set_axes(pen, data)
    for line, runs in zip(lines, data["architectures"].values(), strict=True):
        pen.line(runs["sizes"], runs["law"], line.color, 2.5, linestyle=DOTTED)
        pen.dots(runs["parameters"], runs["losses"], line.color, 9, alpha=0.6, clip_on=False)
    draw_lines(pen, lines if beside else [replace(line, name="") for line in lines], gap=18)
    note = f"parameters without embeddings; {human(data['tokens'])} tokens each"
    note = paper.shorten(note, canvas.width - 4)
    half, muted = paper.text_width(note) / 2 + 2, pen.colors.muted
    middle = min((canvas.width - 100) / 2, canvas.width - half)
    paper.write(max(middle, half), canvas.height - 14, note, color=muted, align="center")
    return pen.picture


def _exponent(number: Data, *, wide: bool) -> str:
    """An exponent with its interval, or the interval alone where there is less room."""
    return with_interval(number) if wide else f"{number['low']:.3f} to {number['high']:.3f}".replace("-", "−")


def _set_axes(pen: Pen, data: Data) -> None:
    """Limits a little around the runs; labels at 1, 3, 10, 30 … parameters."""
    from matplotlib.ticker import MaxNLocator

    runs = data["architectures"].values()
    sizes = [size for run in runs for size in run["sizes"]]
    losses = [loss for run in runs for loss in run["losses"]]
    first, last, low, high = min(sizes) * 0.85, max(sizes) * 1.08, min(losses) * 0.97, max(losses) * 1.02
    pen.axes.set(xscale="log", yscale="log", xlim=(first, last), ylim=(low, high))
    losses = [loss for loss in MaxNLocator(5, steps=[1, 2.5, 5, 10]).tick_values(low, high) if low <= loss <= high]
    pen.label_axis("y", losses, [f"{loss:g}" for loss in losses])
    sizes = [m * 10**k for k in range(2, 13) for m in (1, 3) if first <= m * 10**k <= last]
    pen.label_axis("x", sizes, [human(size) for size in sizes])


def _color(canvas: Canvas, architecture: str) -> str:
    colors = canvas.style.colors
    return colors.attention if architecture == "transformer" else colors.recurrent


def describe(data: Data) -> str:
    """Each architecture's losses at both ends, its exponent with its interval, and what the difference says."""
    parts = [
        f"{runs['name']}: from {runs['means'][0]:.2f} at {human(runs['sizes'][0])} parameters "
        f"to {runs['means'][-1]:.2f} at {human(runs['sizes'][-1])}; "
        f"power law with exponent {with_interval(runs['exponent'])}."
        for name, runs in data["architectures"].items()
    ]
    return (
        f"Held-out loss in nats a token against parameters without embeddings, {human(data['tokens'])} tokens each. "
        + " ".join(parts)
        + f" Difference of the exponents {with_interval(data['difference'])}, "
        f"all by bootstrap over sizes: {gain(data)}."
        + (f" {ahead} is ahead at every size." if (ahead := leader(data)) else "")
    )
