"""Draws laws of how the loss falls with size: one fitted to our own sweep, and published ones beside it.

The published constants are a data file with a source each: Kaplan's, Hoffmann's, and Besiroglu's correction of it. Our
law is fitted to a sweep's transformers, which all read the same tokens; it has a floor only where the runs foretell
one another better with it. Every law holds for its own text and tokenizer, so that slopes can be compared and heights
cannot: the two plots have axes of their own, stretched so that equal slopes look equal.
"""

from __future__ import annotations

from itertools import compress
from math import log10
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.caption import HEIGHT, with_interval, write_caption
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import DOTTED, Pen, plot, sheet, styled
from talkgen.figures.measure.fits import estimate, fit, floor_helps, interval, resample
from talkgen.figures.measure.sweep_runs import points_of, tokens_read
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("scaling_laws.csv",)
_FIRST, _LAST = 1e7, 1e12  # parameters
_LEFT, _BETWEEN, _NAMES, _BELOW = 60, 64, 196, 96  # px around the plots
_OURS = 0.4  # share of the width that our sweep's plot has


class Params(base.Params):
    """The sweep a law is fitted to, and how much text a parameter sees where a published law asks for it.

    20 tokens a parameter is what Hoffmann et al. found best.
    """

    sweep: SweepName = "scaling"
    tokens_per_parameter: float = Field(20, gt=0, le=10_000)


def compute(params: Params, inputs: Inputs) -> Data:
    """Our law with its band; each published law's loss from ten million to a trillion parameters."""
    sizes = np.geomspace(_FIRST, _LAST, 51)
    laws = []
    for row in inputs.table(TABLES[0]):
        losses = loss_of(row, sizes, params.tokens_per_parameter)
        start, end = loss_of(row, np.array([1e8, 1e9]), params.tokens_per_parameter)
        laws.append(
            {
                "law": row["law"],
                "losses": [significant(loss) for loss in losses.tolist()],
                "floor": float(row["floor"] or 0),
                "exponent": float(row["alpha"]),
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
        "ours": fit_sweep(inputs.sweep(params.sweep)),
    }


def fit_sweep(sweep: Data) -> Data:
    """The law of a sweep's transformers, with the 95 % band that resampling its sizes gives."""
    sizes, losses = points_of(sweep, "transformer")
    count = len(np.unique(sizes))
    floor = floor_helps(sizes, losses)
    laws = fit(sizes, losses, resample(sizes), floor=floor)
    shown = np.geomspace(sizes.min(), sizes.max(), 31)
    curves = laws.at(shown)
    low, high = interval(curves, count)
    rounded = {"sizes": shown, "losses": curves[0], "low": low, "high": high}
    return {
        "tokens": tokens_read(sweep),
        "runs": [[int(size), significant(float(loss))] for size, loss in zip(sizes, losses, strict=True)],
        "has_floor": floor,
        "floor": estimate(laws.floor, count),
        "exponent": estimate(laws.exponent, count),
        **{name: [significant(value) for value in values.tolist()] for name, values in rounded.items()},
    }


def loss_of(row: dict[str, str], sizes: np.ndarray, tokens_per_parameter: float) -> np.ndarray:
    """The loss in nats a token of models of `sizes` parameters by a law of the table."""
    if row["form"] == "power":
        return (float(row["scale"]) / sizes) ** float(row["alpha"])
    tokens = tokens_per_parameter * sizes
    from_size = float(row["a"]) / sizes ** float(row["alpha"])
    return float(row["floor"]) + from_size + float(row["b"]) / tokens ** float(row["beta"])


def verdict(ours: Data) -> str:
    """What our runs say; the exponent counts as told where its interval is within a factor of two above zero."""
    exponent = ours["exponent"]
    if not 0 < exponent["low"] <= exponent["high"] <= 2 * exponent["low"]:
        return "our runs are too few to tell their exponent"
    return "our runs level off above a floor" if ours["has_floor"] else "our runs follow a power law"


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Two plots of loss against parameters, all axes logarithmic: our runs with their law and band; published laws."""
    paper = sheet(canvas)
    colors, picture = paper.colors, paper.picture
    ours, bottom = data["ours"], canvas.height - _BELOW
    room = canvas.width - _LEFT - _BETWEEN - _NAMES
    middle = _LEFT + _OURS * room
    left = plot(canvas, _LEFT, HEIGHT, middle, bottom, picture)
    right = plot(canvas, middle + _BETWEEN, HEIGHT, canvas.width - _NAMES, bottom, picture)
    _set_axes(left, right, data)
    _draw_ours(left, ours)
    _draw_published(right, data)
    form = "exponent above a floor" if ours["has_floor"] else "exponent"
    like = [law for law in data["laws"] if bool(law["floor"]) == ours["has_floor"]]
    published = ", ".join(f"{law['law']}: {law['exponent']:.2g}" for law in like)
    numbers = [(f"ours: {form} {with_interval(ours['exponent'])}", colors.accent), (published, colors.muted)]
    write_caption(paper, verdict(ours), numbers, "loss, nats a token")
    _write_below(paper, middle)
    return picture


def _write_below(paper: Pen, middle: float) -> None:
    """Under each plot whose parameters it shows; under both how to compare them. The left plot ends at `middle` px."""
    colors, canvas = paper.colors, paper.canvas
    centers = ((_LEFT + middle) / 2, (middle + _BETWEEN + canvas.width - _NAMES) / 2)
    for x, text, color in zip(
        centers, ("parameters, our runs", "parameters, published"), (colors.accent, colors.muted), strict=True
    ):
        paper.write(x, canvas.height - 50, text, color=color, align="center")
    note = "each law: its own text and tokens; dotted: beyond its data"
    paper.write(canvas.width / 2, canvas.height - 16, note, color=colors.muted, align="center")


def _set_axes(left: Pen, right: Pen, data: Data) -> None:
    """Limits with which equal slopes look equal: the left plot may be larger than the right one, but in both ways."""
    ours = data["ours"]
    own_sizes = [size for size, _ in ours["runs"]]
    own_losses = [loss for _, loss in ours["runs"]] + ours["low"] + ours["high"]
    published = [loss for law in data["laws"] for loss in law["losses"]]
    first, last = min(own_sizes) / 1.3, max(own_sizes) * 1.3
    across = log10(_LAST / _FIRST) / right.axes.get_position().width
    zoom = left.axes.get_position().width * across / log10(last / first)
    needed = log10(max(own_losses) / min(own_losses)) * 1.1
    tall = max(log10(max(published) / 1.35 * 1.05), needed * zoom)
    left.axes.set(xscale="log", yscale="log", xlim=(first, last), ylim=_around(own_losses, tall / zoom))
    right.axes.set(xscale="log", yscale="log", xlim=(_FIRST, _LAST), ylim=(1.35, 1.35 * 10**tall))
    for pen in (left, right):
        low, high = pen.axes.get_ylim()
        ticks = [tick for tick in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if low <= tick <= high]
        pen.label_axis("y", ticks, [f"{tick:g}" for tick in ticks])
    powers = [10.0**k for k in range(2, 12) if first <= 10.0**k <= last]
    left.label_axis("x", powers, [human(n) for n in powers])
    powers = [10.0**k for k in range(7, 13)] if left.canvas.width > 800 else [1e8, 1e10, 1e12]
    right.label_axis("x", powers, [human(n) for n in powers])


def _around(losses: list[float], tall: float) -> tuple[float, float]:
    """Limits `tall` in powers of ten, with the losses in their middle."""
    middle = (log10(min(losses)) + log10(max(losses))) / 2
    return 10 ** (middle - tall / 2), 10 ** (middle + tall / 2)


def _draw_ours(pen: Pen, ours: Data) -> None:
    """A dot for each run, the law through them, its band behind it."""
    color = pen.colors.accent
    pen.band(ours["sizes"], ours["low"], ours["high"], color)
    pen.line(ours["sizes"], ours["losses"], color, 5, solid_capstyle="round")
    sizes, losses = zip(*ours["runs"], strict=True)
    pen.dots(sizes, losses, pen.colors.ink, 8)


def _draw_published(pen: Pen, data: Data) -> None:
    """Each law solid where it was fitted and dotted where it is carried on, with its name at its end."""
    colors = pen.colors
    lines = []
    for law, color in zip(data["laws"], (colors.muted, colors.bad, colors.attention), strict=False):
        pen.line(data["sizes"], law["losses"], color, 2.5, linestyle=DOTTED)
        inside = [law["smallest"] <= n <= law["largest"] for n in data["sizes"]]
        sizes, losses = ([*compress(values, inside)] for values in (data["sizes"], law["losses"]))
        pen.line(sizes, losses, color, 5, solid_capstyle="round")
        lines.append(Line(law["law"], data["sizes"][-1:], law["losses"][-1:], color, dots=False))
    draw_lines(pen, lines)


def describe(data: Data) -> str:
    """Our law with its intervals; each published law's loss at both ends and what ten times the parameters do."""
    ours, first, last = data["ours"], human(data["sizes"][0]), human(data["sizes"][-1])
    floor = f", above a floor of {with_interval(ours['floor'])} nats" if ours["has_floor"] else ", without a floor"
    parts = [
        f"{law['law']}: {law['losses'][0]:.2f} at {first} parameters, {law['losses'][-1]:.2f} at {last}; "
        f"ten times the parameters multiply the loss by {law['ten_times']}."
        for law in data["laws"]
    ]
    return (
        f"Laws of a transformer's loss in nats a token, against its parameters without embeddings. Ours, from "
        f"{len(ours['runs'])} runs of {human(ours['tokens'])} tokens each: {ours['losses'][0]:.2f} at "
        f"{human(ours['sizes'][0])} parameters, {ours['losses'][-1]:.2f} at {human(ours['sizes'][-1])}; exponent "
        f"{with_interval(ours['exponent'])}{floor}; {verdict(ours)}. Published: " + " ".join(parts)
    )
