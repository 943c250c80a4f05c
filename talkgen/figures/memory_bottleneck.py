"""Draws how many pairs models hold: right answers against the pairs of key and value that were stored, a line a model.

Measured as Arora et al. (2023) do, by recall of many pairs (MQAR). A recurrent model keeps them in a state of one size;
attention looks them up. What was learned depends on how long was trained, so that each line names its seconds.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.lines import Line, draw_lines, name_beside, write_key
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.sweep_runs import by_model, label_of, look_of
from talkgen.figures.numbers import human, percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_HOLDS = 0.5  # the share of right answers down to which pairs count as held
_STATE_OF = {"lstm": 2, "rnn": 1}  # vectors that a layer of a recurrent model keeps


class Params(base.Params):
    """The sweeps on `data: mqar` whose models are drawn."""

    attention: SweepName = "mqar"
    recurrent: SweepName = "mqar-lstm"
    smaller: SweepName = "mqar-small"
    plain: SweepName = "mqar-plain"


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's share of right answers by pairs: the mean of its seeds, the least and the most of them."""
    models = []
    for name in dict.fromkeys((params.attention, params.recurrent, params.smaller, params.plain)):
        sweep = inputs.sweep(name)
        models += [_about(shape, runs, name) for shape, runs in by_model(sweep)]
    return {
        "pairs": models[0]["pairs"],
        "chance": models[0]["chance"],
        "holds_from": _HOLDS,
        "models": [{key: value for key, value in model.items() if key not in ("pairs", "chance")} for model in models],
    }


def _about(shape: Data, runs: list[Data], sweep: str) -> dict[str, Any]:
    """One model of a sweep.

    Raises:
        ModelError: it was not trained on pairs.
    """
    seconds = [run["cpu_seconds"] for run in runs if "cpu_seconds" in run]
    if not seconds or not all("recall_by_pairs" in run for run in runs):
        raise ModelError(f"the sweep '{sweep}' has no recall by pairs", "name a sweep that was trained on data: mqar")
    shares = list(zip(*(run["recall_by_pairs"]["accuracy"] for run in runs), strict=True))
    pairs = runs[0]["recall_by_pairs"]["pairs"]
    means = [fmean(each) for each in shares]
    return {
        "model": label_of(shape),
        "architecture": shape["architecture"],
        "shift": bool(shape.get("shift")),
        "parameters": runs[0]["parameters"],
        "state": _STATE_OF.get(shape["architecture"], 0) * shape["n_layer"] * shape["n_embd"] or None,
        "seconds": significant(median(seconds), 2),
        "seeds": len(runs),
        "pairs": pairs,
        "chance": runs[0]["recall_by_pairs"]["chance"],
        "accuracy": [round(mean, 4) for mean in means],
        "least": [round(min(each), 4) for each in shares],
        "most": [round(max(each), 4) for each in shares],
        "holds": max((number for number, mean in zip(pairs, means, strict=True) if mean >= _HOLDS), default=0),
    }


def verdict(data: Data) -> str:
    """Who holds the most pairs, beside the best of those whose state has one size."""
    best = max(data["models"], key=lambda model: (model["holds"], model["accuracy"][-1]))
    bounded = [model for model in data["models"] if model["state"]]
    most = max(bounded, key=lambda model: (model["holds"], sum(model["accuracy"])), default=None)
    said = f"{best['model']}: {percent(best['accuracy'][-1])} of {data['pairs'][-1]} pairs after {_spent(best)}"
    if most is None or most is best:
        return said
    return f"{said}; {most['model']}: {percent(most['accuracy'][-1])} after {_spent(most)}"


def _spent(model: Data) -> str:
    return f"{model['seconds']:g} s"


def title(model: Data) -> str:
    """A model with what it keeps and how long it was trained."""
    state = f", state {model['state']}" if model["state"] else ""
    return f"{model['model']}{state}, {_spent(model)}"


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Right answers against stored pairs on a log scale: a band from the least seed to the most, a line of means."""
    paper = sheet(canvas)
    colors, pairs = paper.colors, data["pairs"]
    lines = _lines(data, paper)
    beside = name_beside(paper, lines)
    top = write_headline(paper, verdict(data))
    top = (top if beside else write_key(paper, lines, top)) + 44
    pen = plot(canvas, 76, top, canvas.width - beside - 22, canvas.height - 72, paper.picture)
    pen.axes.set(xscale="log", xlim=(pairs[0] * 0.93, pairs[-1]), ylim=(0, 1))
    pen.label_axis("y", [0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    pen.label_axis("x", pairs, [str(number) for number in pairs])
    pen.axes.axhline(data["chance"], color=colors.muted, linewidth=2 * POINTS, linestyle=(0, (1, 2)))
    for model, line in zip(_ordered(data), lines, strict=True):
        pen.band(pairs, model["least"], model["most"], line.color)
    draw_lines(pen, lines if beside else [replace(line, name="") for line in lines])
    paper.write(2, top - 26, f"right answers (guessing: {percent(data['chance'])})", color=colors.muted)
    middle, seconds = (76 + canvas.width - beside - 22) / 2, "s: core seconds of training"
    below = "pairs of key and value stored" if beside else "pairs stored"
    if not beside and 76 + paper.text_width(below + seconds) + 20 > canvas.width:
        seconds = "s: core seconds"
    paper.write(
        middle if beside else 76, canvas.height - 22, below, color=colors.muted, align="center" if beside else "left"
    )
    paper.write(canvas.width - 2, canvas.height - 22, seconds, color=colors.muted, align="right")
    return pen.picture


def _ordered(data: Data) -> list[Data]:
    """The models, the one with the most right answers first."""
    return sorted(data["models"], key=lambda model: -sum(model["accuracy"]))


def _lines(data: Data, pen: Pen) -> list[Line]:
    """A line a model; where they meet at their end, their names stand in the order that the lines have before."""
    lines: list[Line] = []
    below = 2.0
    for model in _ordered(data):
        color, dashed = look_of(model, pen.colors)
        dashed = model["architecture"] == "rnn" or (model["architecture"] == "transformer" and dashed)
        below = min(model["accuracy"][-1], below - 0.001)
        lines.append(Line(title(model), data["pairs"], model["accuracy"], color, dashed, name_at=below))
    return lines


def describe(data: Data) -> str:
    """Every model with its size, its seconds and its share of right answers at each number of pairs."""
    parts = [
        f"{model['model']} ({human(model['parameters'])} parameters"
        + (f", a state of {model['state']} numbers" if model["state"] else "")
        + f", {model['seeds']} {'seed' if model['seeds'] == 1 else 'seeds'}, trained for {_spent(model)} of one core): "
        + ", ".join(
            f"{percent(share)} of {number}" for number, share in zip(data["pairs"], model["accuracy"], strict=True)
        )
        + "."
        for model in data["models"]
    ]
    return (
        "Right answers when some of the pairs of key and value that a model was shown are asked for; "
        f"guessing gives {percent(data['chance'])}. " + " ".join(parts) + f" {verdict(data)}."
    )
