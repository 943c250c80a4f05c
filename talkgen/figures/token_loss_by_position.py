"""Draws what a longer context is worth: the loss of the same held-out tokens, foretold from few tokens and from many.

After Kaplan et al. (2020), Fig. 7. There each position has tokens of its own; here every length of context is asked for
the same targets, so that a difference is the context's and its standard error that of a difference. Measured at the end
of training, on the models of two sweeps that read as many tokens of one text.
"""

from __future__ import annotations

from itertools import chain
from math import hypot
from statistics import fmean
from typing import TYPE_CHECKING

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.sweep_runs import by_model, label_of, look_of
from talkgen.figures.numbers import human

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_APART = 60  # px that a length on the axis needs
_ERRORS = 2  # standard errors that a difference has to be away from zero to be said


class Params(base.Params):
    """The sweeps of transformers and of recurrent models."""

    attention: SweepName = "library"
    recurrent: SweepName = "library-lstm"


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's loss at every length of context, and what the longest gains over the shortest, with its error."""
    models = []
    for name in dict.fromkeys((params.attention, params.recurrent)):
        sweep = inputs.sweep(name)
        for shape, runs in by_model(sweep):
            chosen = [run for run in runs if run.get("loss_by_context")]
            if not chosen:
                hint = "name a sweep that was trained on a text and finished"
                raise ModelError(f"the sweep '{name}' has no losses by length of context", hint)
            models.append(_about(shape, chosen))
    measured = [run["loss_by_context"] for run in chosen]
    return {"context": measured[0]["context"], "targets": measured[0]["targets"], "models": models}


def _about(shape: Data, runs: list[Data]) -> Data:
    """The means over seeds; all seeds are asked for the same targets, so that an error is no smaller for more seeds."""
    found = [run["loss_by_context"] for run in runs]
    return {
        "model": label_of(shape),
        "architecture": shape["architecture"],
        "shift": bool(shape.get("shift")),
        "parameters": runs[0]["parameters_without_embeddings"],
        "tokens": max(run["tokens"] for run in runs),
        "seeds": len(runs),
        "losses": [round(fmean(losses), 4) for losses in zip(*(each["loss"] for each in found), strict=True)],
        "errors": [round(fmean(errors), 4) for errors in zip(*(each["standard_error"] for each in found), strict=True)],
        "gain": {
            key: round(fmean(each["gain_in_all"][key] for each in found), 4) for key in ("loss", "standard_error")
        },
    }


def verdict(data: Data) -> str:
    """Who gains most from the longest context, beside the best of the other kind; or that this cannot be told."""
    best = {
        kind: max(models, key=lambda model: model["gain"]["loss"])
        for kind, models in (("attention", _of(data, "transformer")), ("recurrent", _of(data, "lstm", "rnn")))
        if models
    }
    first, last = data["context"][0], data["context"][-1]
    if len(best) < 2:
        only = best.popitem()[1]
        return f"from {first} to {last} tokens of context {only['model']} gains {only['gain']['loss']:.2f} nats"
    more, less = sorted(best.values(), key=lambda model: -model["gain"]["loss"])
    apart = more["gain"]["loss"] - less["gain"]["loss"]
    # The same targets for both, whose losses go together: the errors' root of squares is on the safe side.
    if apart <= _ERRORS * hypot(more["gain"]["standard_error"], less["gain"]["standard_error"]):
        return f"{more['model']} and {less['model']} gain alike from a longer context"
    return (
        f"{last} tokens of context instead of {first} give {more['model']} {more['gain']['loss']:.2f} nats, "
        f"{less['model']} {less['gain']['loss']:.2f}"
    )


def _of(data: Data, *architectures: str) -> list[Data]:
    return [model for model in data["models"] if model["architecture"] in architectures]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against the length of the context on a log scale, a line a model, a band of two standard errors."""
    paper = sheet(canvas)
    top = write_headline(paper, verdict(data)) + 44
    names = max(paper.text_width(model["model"], paper.sizes.small, bold=True) for model in data["models"])
    right = canvas.width - names - 22
    pen = plot(canvas, 62, top, right, canvas.height - 72, paper.picture)
    _set_axes(pen, data)
    lines = []
    for model in data["models"]:
        color, dashed = look_of(model, pen.colors)
        low, high = (
            [loss + sign * _ERRORS * error for loss, error in zip(model["losses"], model["errors"], strict=True)]
            for sign in (-1, 1)
        )
        if not dashed:
            pen.band(data["context"], low, high, color, alpha=0.18)
        lines.append(Line(model["model"], data["context"], model["losses"], color, dashed))
    draw_lines(pen, lines)
    paper.write(2, top - 26, f"loss of the same {data['targets']:,} tokens, nats", color=pen.colors.muted)
    note, band = "tokens of context before each", "band: ±2 standard errors"
    if (62 + right + paper.text_width(note)) / 2 > canvas.width - paper.text_width(band) - 20:
        note = "tokens before each"
        if 82 + paper.text_width(note + band) > canvas.width:
            note, band = "tokens before", "±2 standard errors"
        right = 62 + paper.text_width(note)
    paper.write((62 + right) / 2, canvas.height - 22, note, color=pen.colors.muted, align="center")
    paper.write(canvas.width - 2, canvas.height - 22, band, color=pen.colors.muted, align="right")
    return pen.picture


def _set_axes(pen: Pen, data: Data) -> None:
    from matplotlib.ticker import MaxNLocator

    losses = list(chain.from_iterable(model["losses"] for model in data["models"]))
    low, high = min(losses) - 0.15, max(losses) + 0.15
    first, last = data["context"][0], data["context"][-1]
    pen.axes.set(xscale="log", xlim=(first * 0.93, last), ylim=(low, high))
    ticks = [tick for tick in MaxNLocator(5, steps=[1, 2.5, 5, 10]).tick_values(low, high) if low <= tick <= high]
    pen.label_axis("y", ticks, [f"{tick:g}" for tick in ticks])
    room = pen.axes.bbox.width / len(data["context"])
    shown = data["context"][:: 1 if room > _APART else 2]
    pen.label_axis("x", shown, [str(length) for length in shown])


def describe(data: Data) -> str:
    """Each model's losses at every length, and what the longest gains over the shortest."""
    first, last = data["context"][0], data["context"][-1]
    parts = [
        f"{model['model']} of {human(model['parameters'])} parameters, {human(model['tokens'])} tokens read "
        f"({model['seeds']} {'seed' if model['seeds'] == 1 else 'seeds'}): "
        + ", ".join(f"{loss:.2f} at {n}" for n, loss in zip(data["context"], model["losses"], strict=True))
        + f"; from {first} to {last} it gains {model['gain']['loss']:.3f} ± {model['gain']['standard_error']:.3f}."
        for model in data["models"]
    ]
    return (
        f"Loss in nats of the same {data['targets']:,} held-out tokens, foretold from the tokens before them: "
        + " ".join(parts)
        + f" Differences are paired, ± one standard error. In short: {verdict(data)}."
    )
