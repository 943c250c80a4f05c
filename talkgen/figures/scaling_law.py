"""Draws laws of how the loss falls with size, a panel for each way of giving models text: fixed, in step, without end.

A law of size is a slice of a law of size N and text D: all models read as many tokens (our sweep), 20 for each of their
parameters (what Hoffmann et al. found best), or as many as they can use (Kaplan et al.). Slices of one law differ, so
that laws are compared within a panel. The published constants are a data file with a source each. Ours has a floor only
where the runs foretell one another better with it. Heights depend on text and tokenizer; the panels are stretched so
that equal slopes look equal.

Kaplan et al. count parameters without embeddings, Hoffmann et al. all of them; at small sizes that alone bends a law
(Pearce and Song 2024, arXiv 2406.12907).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from math import log10
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.caption import with_interval
from talkgen.figures.draw.headline import wrap, write_headline
from talkgen.figures.draw.lines import Line, draw_lines, name_beside, write_key
from talkgen.figures.draw.pen import DOTTED, Pen, plot, sheet, styled
from talkgen.figures.measure.fits import estimate, fit, floor_helps, interval, resample
from talkgen.figures.measure.sweep_runs import points_of, tokens_read
from talkgen.figures.numbers import human, percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("scaling_laws.csv",)
_FIRST, _LAST = 1e7, 1e12  # parameters
_TEN = 1e8, 1e9  # between which "ten times the size" is said
_LEFT, _BETWEEN, _BELOW, _LINE = 56, 34, 84, 28  # px around the panels; of a line of a panel's name
_NARROW = 200  # px of a panel below which it has fewer ticks
_WIDTHS = (0.3, 0.35, 0.35)  # shares of the panels: ours, in step, without end


class Params(base.Params):
    """The sweep a law is fitted to, and how much text a parameter sees where a published law asks for it.

    20 tokens a parameter is what Hoffmann et al. found best.
    """

    sweep: SweepName = "scaling"
    tokens_per_parameter: float = Field(20, gt=0, le=10_000)


def compute(params: Params, inputs: Inputs) -> Data:
    """Our law with its band; each published law's losses from ten million to a trillion parameters, in both slices."""
    sizes = np.geomspace(_FIRST, _LAST, 51)
    return {
        "sizes": [significant(n) for n in sizes.tolist()],
        "laws": [_about(row, sizes, params.tokens_per_parameter) for row in inputs.table(TABLES[0])],
        "tokens_per_parameter": params.tokens_per_parameter,
        "ours": fit_sweep(inputs.sweep(params.sweep)),
    }


def _about(row: dict[str, str], sizes: np.ndarray, tokens_per_parameter: float) -> Data:
    """A published law along each of its slices; one that says nothing about text has one slice."""
    slices = {"unlimited": np.inf} | ({} if row["form"] == "power" else {"in_step": tokens_per_parameter})
    ends = {name: loss_of(row, np.array(_TEN), each) for name, each in slices.items()}
    return {
        "law": row["law"],
        "losses": {
            name: [significant(loss) for loss in loss_of(row, sizes, each).tolist()] for name, each in slices.items()
        },
        "floor": float(row["floor"] or 0),
        "exponent": float(row["alpha"]),
        "smallest": float(row["smallest"]),
        "largest": float(row["largest"]),
        "ten_times": {name: significant(float(end / start), 3) for name, (start, end) in ends.items()},
        "source": row["source"],
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
    tokens = tokens_per_parameter * sizes  # without end where the ratio is infinite: the last term is then 0
    from_size = float(row["a"]) / sizes ** float(row["alpha"])
    return float(row["floor"]) + from_size + float(row["b"]) / tokens ** float(row["beta"])


def verdict(data: Data) -> str:
    """What ten times the size leave of the loss in each slice; ours is said where its exponent can be told."""
    ours, kaplan = data["ours"], data["laws"][0]
    steps = [law["ten_times"]["in_step"] for law in data["laws"] if "in_step" in law["ten_times"]]
    said = f"Ten times the size leaves {percent(kaplan['ten_times']['unlimited'])} of the loss if text has no end"
    said += f", {_between(steps)} if text keeps step" if steps else ""
    return f"{said}, {tell(ours)}" if can_tell(ours) else said


def can_tell(ours: Data) -> bool:
    """The exponent of our runs counts as told where its interval is within a factor of two above zero."""
    exponent = ours["exponent"]
    return bool(0 < exponent["low"] <= exponent["high"] <= 2 * exponent["low"])


def tell(ours: Data) -> str:
    """What our runs say."""
    if not can_tell(ours):
        return "our runs are too few to tell"
    if ours["has_floor"]:
        return "ours level off above a floor on fixed text"
    return f"{percent(10 ** -ours['exponent']['value'])} of ours on fixed text"


def _between(shares: Sequence[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low.removesuffix('%')} to {high}"


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Three panels of loss against parameters, all axes logarithmic; each named by how its models got text."""
    paper = sheet(canvas)
    colors, ours = paper.colors, data["ours"]
    published = [Line(law["law"], (), (), color) for law, color in _with_colors(data, paper)]
    beside = name_beside(paper, published)
    room = canvas.width - _LEFT - 2 * _BETWEEN - 22 - beside
    titles = (
        f"ours: {human(ours['tokens'])} tokens each",
        f"{data['tokens_per_parameter']:g} tokens a parameter",
        "text without end",
    )
    lines = [wrap(paper, title, share * room) for title, share in zip(titles, _WIDTHS, strict=True)]
    first = write_headline(paper, verdict(data))
    first = (first if beside else write_key(paper, published, first)) + 20
    top = first + _LINE * max(map(len, lines)) - 4
    pens, left = [], float(_LEFT)
    for share, title in zip(_WIDTHS, lines, strict=True):
        pens.append(plot(canvas, left, top, left + share * room, canvas.height - _BELOW, paper.picture))
        for number, line in enumerate(title):
            paper.write(left, first + _LINE * number, line, paper.sizes.small, bold=True, color=colors.muted)
        left += share * room + _BETWEEN
    _set_axes(pens, data)
    _draw_ours(pens[0], ours)
    _draw_published(pens[1], data, "in_step", named=False)
    _draw_published(pens[2], data, "unlimited", named=bool(beside))
    count = "parameters (Hoffmann: all; Kaplan, ours: without embeddings)"
    note = f"loss in nats a token, against {count}"
    note = note if paper.text_width(note) < canvas.width - 4 else "parameters: all (Hoffmann), or without embeddings"
    note = paper.shorten(note, canvas.width - 4)
    paper.write(canvas.width / 2, canvas.height - 16, note, color=colors.muted, align="center")
    return paper.picture


def _set_axes(pens: Sequence[Pen], data: Data) -> None:
    """Limits with which equal slopes look equal: our panel may be larger than the others, but in both ways."""
    ours, (left, *others) = data["ours"], pens
    own_sizes = [size for size, _ in ours["runs"]]
    own_losses = [loss for _, loss in ours["runs"]] + ours["low"] + ours["high"]
    published = [loss for law in data["laws"] for losses in law["losses"].values() for loss in losses]
    first, last = min(own_sizes) / 1.3, max(own_sizes) * 1.3
    across = log10(_LAST / _FIRST) / others[0].axes.get_position().width
    zoom = left.axes.get_position().width * across / log10(last / first)
    needed = log10(max(own_losses) / min(own_losses)) * 1.1
    tall = max(log10(max(published) / 1.35 * 1.05), needed * zoom)
    left.axes.set(xscale="log", yscale="log", xlim=(first, last), ylim=_around(own_losses, tall / zoom))
    for pen in others:
        pen.axes.set(xscale="log", yscale="log", xlim=(_FIRST, _LAST), ylim=(1.35, 1.35 * 10**tall))
    narrow = bool(others[0].axes.bbox.width < _NARROW)
    for number, pen in enumerate(pens):
        low, high = pen.axes.get_ylim()
        wanted = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if not narrow else (1.5, 2, 3, 5, 8)
        ticks = [tick for tick in wanted if low <= tick <= high]
        pen.label_axis("y", ticks, ["" if number == 2 else f"{tick:g}" for tick in ticks])
    powers = [10.0**k for k in range(2, 12) if first <= 10.0**k <= last][1 if narrow else 0 :]
    left.label_axis("x", powers, [human(n) for n in powers])
    for pen in others:
        powers = [1e8, 1e11] if narrow else [1e8, 1e10, 1e12]
        pen.label_axis("x", powers, [human(n) for n in powers])


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


def _with_colors(data: Data, pen: Pen) -> list[tuple[Data, str]]:
    """Each published law with the colour of its line."""
    return [*zip(data["laws"], (pen.colors.muted, pen.colors.bad, pen.colors.attention), strict=False)]


def _draw_published(pen: Pen, data: Data, which: str, *, named: bool) -> None:
    """Each law along a slice, solid where it was fitted and dotted where it is carried on, `named` at its end."""
    lines = []
    for law, color in _with_colors(data, pen):
        if which not in law["losses"]:
            continue
        losses = law["losses"][which]
        pen.line(data["sizes"], losses, color, 2.5, linestyle=DOTTED)
        inside = [law["smallest"] <= n <= law["largest"] for n in data["sizes"]]
        sizes, fitted = ([*compress(values, inside)] for values in (data["sizes"], losses))
        pen.line(sizes, fitted, color, 5, solid_capstyle="round")
        lines.append(Line(law["law"], data["sizes"][-1:], losses[-1:], color, dots=False))
    if named:
        draw_lines(pen, lines)


def describe(data: Data) -> str:
    """Our law with its intervals; each published law's loss at both ends of each slice."""
    ours, first, last = data["ours"], human(data["sizes"][0]), human(data["sizes"][-1])
    floor = f", above a floor of {with_interval(ours['floor'])} nats" if ours["has_floor"] else ", without a floor"
    slices = {
        "unlimited": "with text without end",
        "in_step": f"with {data['tokens_per_parameter']:g} tokens a parameter",
    }
    parts = [
        f"{law['law']}, {slices[name]}: {losses[0]:.2f} at {first} parameters, {losses[-1]:.2f} at {last}; "
        f"ten times the parameters multiply the loss by {law['ten_times'][name]}."
        for law in data["laws"]
        for name, losses in law["losses"].items()
    ]
    return (
        "Laws of a transformer's loss in nats a token against its parameters, in three slices: fixed text, text in "
        f"step with size, text without end. Ours, on fixed text, from {len(ours['runs'])} runs of "
        f"{human(ours['tokens'])} tokens each: {ours['losses'][0]:.2f} at {human(ours['sizes'][0])} parameters, "
        f"{ours['losses'][-1]:.2f} at {human(ours['sizes'][-1])}; exponent {with_interval(ours['exponent'])}{floor}; "
        f"{tell(ours)}. Published (Kaplan and ours count parameters without embeddings, Hoffmann and Besiroglu all): "
        + " ".join(parts)
        + f" In short: {verdict(data)}."
    )
