"""Draws how the loss of two training runs fell: the training loss as a thin line, the held-out loss as points."""

from __future__ import annotations

from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, RunLog
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import plot, styled
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.run import Run

TABLES = ()
_POINTS = 150  # of the training loss: more cannot be told apart on a slide
_NAMES = {"transformer": "Transformer", "lstm": "LSTM", "rnn": "RNN"}
_RECURRENT = {"lstm", "rnn", "gru"}
_MIDDLE: Data = {"align": "center", "across": True}


class Params(base.Params):
    """The runs, side by side."""

    run: RunLog = "small"
    beside: RunLog = "small-lstm"


def compute(params: Params, inputs: Inputs) -> Data:
    """Training and held-out losses of both runs, against the tokens read, or steps where these are not told.

    They are nats a token where all of them are known to be of language models. The same run twice is one.
    """
    runs = [_open_run(inputs.run(name)) for name in dict.fromkeys((params.run, params.beside))]
    has_tokens = all(row["tokens"] is not None for _, rows in runs for row in rows)
    unit = "tokens" if has_tokens else "steps"
    is_nats = all(_is_of_text(run, rows) for run, rows in runs)
    return {"unit": unit, "nats": is_nats, "runs": [_curve(run, rows, unit) for run, rows in runs]}


def _is_of_text(run: Run, rows: list[Data]) -> bool:
    """Whether a run is known to train a language model: another program's log may be of anything."""
    return bool(run.recipe or "vocabulary" in run.about or rows[0]["tokens"] is not None)


def _open_run(folder: Path) -> tuple[Run, list[Data]]:
    """A run and its log.

    Raises:
        ModelError: the folder holds no log, or what trains there has not been tested yet.
    """
    from talkgen.lm.files.run import Run

    run = Run(folder)
    if not run.log_files:
        raise ModelError(f"{folder} holds no training log", "name a run that `talkgen train` made, or `run add` added")
    rows = run.log()
    if not rows or (run.recipe and all(row["val_loss"] is None for row in rows)):
        raise ModelError(
            f"the run in {folder} has not been tested on held-out text yet", "let it train a little longer"
        )
    return run, rows


def _curve(run: Run, rows: list[Data], unit: str) -> Data:
    """A run's losses; those on held-out text are none where it was not tested."""
    x = "tokens" if unit == "tokens" else "step"
    learnt = [row for row in rows if row["loss"] is not None]
    size = max(1, len(learnt) // _POINTS)
    groups = [learnt[i : i + size] for i in range(0, len(learnt), size)]
    tested = [row for row in rows if row["val_loss"] is not None]
    return {
        **_names(run),
        unit: [group[-1][x] for group in groups],
        "loss": [significant(sum(row["loss"] for row in group) / len(group)) for group in groups],
        f"held_out_{unit}": [row[x] for row in tested],
        "held_out_loss": [significant(row["val_loss"]) for row in tested],
    }


def _names(run: Run) -> dict[str, str]:
    if run.recipe:
        recipe = yaml.safe_load(run.recipe.read_text(encoding="utf-8"))
        return {"name": recipe["name"], "architecture": recipe["model"]["architecture"]}
    return {"name": run.folder.name, "architecture": str(run.about.get("architecture", "model"))}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against tokens read; recurrent runs and transformers in their colours, the last held-out loss at the end."""
    pen = plot(canvas, 60, 44, canvas.width - 250, canvas.height - 62)
    colors, unit = pen.colors, data["unit"]
    last = max(max(run[unit] + run[f"held_out_{unit}"]) for run in data["runs"])
    losses = [loss for run in data["runs"] for loss in run["loss"] + run["held_out_loss"]]
    low, high = min(losses) - min(0.2, 0.1 * (max(losses) - min(losses))), max(losses)
    pen.axes.set(xlim=(0, last), ylim=(low, high))
    heights = _heights(low, high)
    pen.label_axis("y", heights, [f"{height:g}" for height in heights])
    wide = max(pen.text_width(human(last * k / 4)) for k in range(5)) + 24
    parts = next((count for count in (4, 2) if wide * count < canvas.width - 310), 1)
    marks = [last * k / parts for k in range(parts + 1)]
    pen.label_axis("x", marks, [human(mark) for mark in marks])
    tall = canvas.height - 106
    said = "loss" if any(run["held_out_loss"] for run in data["runs"]) else "training loss"
    pen.write(0, 1 + 26 / tall, f"{said}, nats a token" if data["nats"] else said, color=colors.muted, across=True)
    pen.write(0.5, -48 / tall, "tokens read" if unit == "tokens" else "steps", color=colors.muted, **_MIDDLE)
    lines: list[Line] = []
    for run in data["runs"]:
        color = colors.recurrent if run["architecture"] in _RECURRENT else colors.attention
        pen.line(run[unit], run["loss"], color, 2, alpha=0.5)
        tested = bool(run["held_out_loss"])
        xs, ys = (run[f"held_out_{unit}"], run["held_out_loss"]) if tested else (run[unit], run["loss"])
        is_dashed = any(line.color == color for line in lines)
        lines.append(Line(f"{_title(run, data)} {_loss(ys[-1])}", xs, ys, color, dashed=is_dashed, dots=tested))
    draw_lines(pen, lines)
    return pen.picture


def _heights(low: float, high: float) -> list[float]:
    """The losses that the axis says: whole ones, where these are neither few nor many."""
    from matplotlib.ticker import MaxNLocator

    whole = [float(height) for height in range(ceil(low), floor(high) + 1)]
    if 3 <= len(whole) <= 8:
        return whole
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low <= tick <= high]


def _loss(value: float) -> str:
    """A loss in two decimals; one that these would hide in two digits."""
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def _title(run: Data, data: Data) -> str:
    """What sets a run apart: its architecture, or where that does not, its name."""
    alike = [each for each in data["runs"] if each["architecture"] == run["architecture"]]
    return _NAMES[run["architecture"]] if len(alike) == 1 and run["architecture"] in _NAMES else str(run["name"])


def describe(data: Data) -> str:
    """Each run's first and last held-out loss; its training loss where that is all there is."""
    unit = " nats a token" if data["nats"] else ""
    parts = [
        f"{_NAMES.get(run['architecture'], run['architecture'])} “{run['name']}”: "
        f"{'held-out' if run['held_out_loss'] else 'training'} loss from {_loss(losses[0])} to {_loss(losses[-1])}"
        f"{unit} over {human(max(run[data['unit']] + run['held_out_' + data['unit']]))} {data['unit']}."
        for run in data["runs"]
        for losses in [run["held_out_loss"] or run["loss"]]
    ]
    return "Training curves. " + " ".join(parts)
