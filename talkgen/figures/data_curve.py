"""Draws how the loss falls with what is read and with the time it takes: a line a model, two panels.

Each point is a training run of its own length: the rate stays and falls at the end, so that every run is at its best
when it ends (Hägele et al. 2024). Seconds are those that one core worked, so that other programs do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import exp, log
from statistics import fmean, median
from typing import TYPE_CHECKING

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines, name_beside, write_key
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.sweep_runs import by_model, label_of, look_of
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_LEAST = 2  # lengths that make a line
_LEFT, _BETWEEN, _LINE = 56, 34, 28  # px around the panels, and from line to line
_LOSS = "held-out loss, nats a token"


class Params(base.Params):
    """The sweeps of both kinds of models, of what stands beside them (shift or none), of seeds and of longer runs.

    Each is trained with `budgets`. Runs of one model are drawn together, whichever sweep they are from.
    """

    attention: SweepName = "library"
    recurrent: SweepName = "library-lstm"
    plain: SweepName = "library-plain"
    control: SweepName = "library-lstm-shift"
    seeds: SweepName = "library-seeds"
    recurrent_seeds: SweepName = "library-lstm-seeds"
    plain_seeds: SweepName = "library-plain-seeds"
    control_seeds: SweepName = "library-lstm-shift-seeds"
    longer: SweepName = "library-long"
    recurrent_longer: SweepName = "library-lstm-long"


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's held-out loss after each number of tokens: the mean of its seeds, the least and the most of them."""
    found: dict[str, tuple[Data, list[Data]]] = {}
    for name in dict.fromkeys(params.model_dump().values()):
        for shape, runs in by_model(inputs.sweep(name)):
            if not runs or not all("cpu_seconds" in run for run in runs):
                hint = "make it again: talkgen sweep"
                raise ModelError(f"the sweep '{name}' does not say how long a core worked for each run", hint)
            found.setdefault(repr(shape), (shape, []))[1].extend(runs)
    models = [_about(shape, runs) for shape, runs in found.values()]
    if max(len(model["tokens"]) for model in models) < _LEAST:
        raise ModelError(f"the sweep '{params.attention}' has runs of one length", "give its sweep.yaml `budgets`")
    return {"models": models, **meet(models)}


def _about(shape: Data, runs: list[Data]) -> Data:
    lengths = [list(group) for _, group in groupby(sorted(runs, key=_tokens), _tokens)]
    losses = [[run["val_loss"] for run in group] for group in lengths]
    return {
        "model": label_of(shape),
        "architecture": shape["architecture"],
        "shift": bool(shape.get("shift")),
        "parameters": runs[0]["parameters_without_embeddings"],
        "tokens": [_tokens(group[0]) for group in lengths],
        "seconds": [significant(median(run["cpu_seconds"] for run in group), 3) for group in lengths],
        "seeds": [len(group) for group in lengths],
        "losses": [round(fmean(each), 4) for each in losses],
        "least": [round(min(each), 4) for each in losses],
        "most": [round(max(each), 4) for each in losses],
    }


def _tokens(run: Data) -> int:
    return int(run["tokens"])


def meet(models: Sequence[Data]) -> Data:
    """Where the best transformer passes the best recurrent model, by tokens and by seconds; None where it does not."""
    longest = [model for model in models if len(model["tokens"]) >= _LEAST]
    attention, recurrent = (
        min((model for model in longest if (model["architecture"] == "transformer") is kind), key=_last, default=None)
        for kind in (True, False)
    )
    if attention is None or recurrent is None:
        return {"passes": None}
    return {
        "passes": {
            "attention": attention["model"],
            "recurrent": recurrent["model"],
            "tokens": _crossing(attention, recurrent, "tokens"),
            "seconds": _crossing(attention, recurrent, "seconds"),
        }
    }


def _last(model: Data) -> float:
    return float(model["losses"][-1])


def _crossing(below: Data, above: Data, axis: str) -> float | None:
    """Where `below` comes to lie below `above` for good, both drawn as straight lines over the axis' logarithm."""
    low, high = (pick(each[axis][end] for each in (below, above)) for pick, end in ((max, 0), (min, -1)))
    inside = sorted({x for x in (*below[axis], *above[axis], low, high) if low <= x <= high})
    gaps = [_at(below, axis, x) - _at(above, axis, x) for x in inside]
    if not gaps or gaps[-1] >= 0:
        return None
    last = max((number for number, gap in enumerate(gaps) if gap >= 0), default=None)
    if last is None:
        return significant(low, 2)
    share = gaps[last] / (gaps[last] - gaps[last + 1])
    return significant(exp(log(inside[last]) + share * log(inside[last + 1] / inside[last])), 2)


def _at(model: Data, axis: str, x: float) -> float:
    import numpy as np

    return float(np.interp(log(x), [log(each) for each in model[axis]], model["losses"]))


def verdict(data: Data) -> str:
    """Who leads after how much text and after how much time."""
    passes = data["passes"]
    if not passes:
        best = min(data["models"], key=_last)
        return f"{best['model']} ends lowest, at {_last(best):.2f} nats"
    if passes["tokens"] is None:
        return f"{passes['recurrent']} leads at every length"
    clock = ", not yet by the clock" if passes["seconds"] is None else f" and {passes['seconds']:g} s on"
    return (
        f"{passes['recurrent']} leads at first, {passes['attention']} from {human(passes['tokens'])} tokens"
        f"{' on' if passes['seconds'] is None else ''}{clock}"
    )


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against seconds, and against tokens, where all lines end together and have their names; one scale."""
    paper = sheet(canvas)
    key = [Line(model["model"], (), (), *look_of(model, paper.colors)) for model in data["models"]]
    beside, bottom = name_beside(paper, key), canvas.height - 72
    top = write_headline(paper, verdict(data))
    top = top if beside else write_key(paper, key, top)
    about = [_LOSS, _seeds(data)]
    about = ["; ".join(about)] if paper.text_width("; ".join(about)) < canvas.width - 4 else about
    for line in about:
        paper.write(2, top + 18, line, color=paper.colors.muted)
        top += _LINE
    top += 16
    wide = (canvas.width - beside - 22 - _LEFT - _BETWEEN) / 2
    left = plot(canvas, _LEFT, top, _LEFT + wide, bottom, paper.picture)
    right = plot(canvas, _LEFT + wide + _BETWEEN, top, _LEFT + 2 * wide + _BETWEEN, bottom, paper.picture)
    for pen, axis in ((left, "seconds"), (right, "tokens")):
        _draw_panel(pen, data, axis, ticks=axis == "seconds", named=bool(beside) and axis == "tokens")
        middle = pen.axes.bbox.x0 + wide / 2
        note = "tokens read" if axis == "tokens" else "seconds of a core"
        paper.write(middle, canvas.height - 22, note, color=paper.colors.muted, align="center")
    return paper.picture


def _seeds(data: Data) -> str:
    least, most = (pick(seeds for model in data["models"] for seeds in model["seeds"]) for pick in (min, max))
    if most == 1:
        return "one seed each"
    apart = max(high - low for model in data["models"] for low, high in zip(model["least"], model["most"], strict=True))
    return f"{most if least == most else f'{least} to {most}'} seeds, at most {apart:.2f} apart"


def _draw_panel(pen: Pen, data: Data, axis: str, *, ticks: bool, named: bool) -> None:
    """Every model's line over one axis; its name at the end where it is `named`."""
    from matplotlib.ticker import MaxNLocator

    losses = [loss for model in data["models"] for loss in (*model["least"], *model["most"])]
    values = [value for model in data["models"] for value in model[axis]]
    low, high = min(losses) - 0.1, max(losses) + 0.1
    pen.axes.set(xscale="log", xlim=(min(values) * 0.9, max(values) * 1.08), ylim=(low, high))
    heights = [at for at in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= at <= high]
    pen.label_axis("y", heights, [f"{at:g}" if ticks else "" for at in heights])
    marks = [m * 10.0**k for k in range(12) for m in (1, 3) if min(values) * 0.9 <= m * 10**k <= max(values) * 1.08]
    pen.label_axis("x", marks, [human(mark) for mark in marks])
    lines = []
    for model in data["models"]:
        color, dashed = look_of(model, pen.colors)
        pen.band(model[axis], model["least"], model["most"], color)
        # Whose line ends before others do has its name above theirs.
        at = _last(model) + 0.06 * (high - low) * (model[axis][-1] < max(values))
        lines.append(Line(model["model"] if named else "", model[axis], model["losses"], color, dashed, name_at=at))
    for one_point in (False, True):  # whose name keeps away from what goes on beside it
        chosen = [line for line in lines if (len(line.xs) < _LEAST) is one_point]
        draw_lines(pen, chosen, gap=60 if one_point else 12)


def describe(data: Data) -> str:
    """Every model's loss after each number of tokens, with the seconds and the seeds."""
    parts = []
    for model in data["models"]:
        points = zip(model["losses"], model["tokens"], model["seconds"], model["seeds"], strict=True)
        said = ", ".join(
            f"{loss:.3f} after {human(tokens)} tokens and {seconds:g} s ({seeds} {'seed' if seeds == 1 else 'seeds'})"
            for loss, tokens, seconds, seeds in points
        )
        parts.append(f"{model['model']} of {human(model['parameters'])} parameters without embeddings: {said}.")
    return f"Held-out loss in nats a token; seconds of one core. {' '.join(parts)} In short: {verdict(data)}."
