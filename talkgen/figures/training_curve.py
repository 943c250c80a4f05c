"""Draws how the loss of two training runs fell: the training loss as a thin line, the held-out loss as points."""

from __future__ import annotations

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
    """Training and held-out losses of both runs in nats a token, against the tokens read, or steps where these are not.

    The same run twice is one.
    """
    runs = [_open_run(inputs.run(name)) for name in dict.fromkeys((params.run, params.beside))]
    has_tokens = all(row["tokens"] is not None for _, rows in runs for row in rows)
    unit = "tokens" if has_tokens else "steps"
    return {"unit": unit, "runs": [_curve(run, rows, unit) for run, rows in runs]}


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
    pen.axes.set(xlim=(0, last), ylim=(min(losses) - 0.2, max(losses)))
    whole = range(int(min(losses)), int(max(losses)) + 1)
    pen.label_axis(
        "y",
        [n for n in whole if n >= min(losses) - 0.2],
        [str(n) for n in whole if n >= min(losses) - 0.2],
    )
    wide = max(pen.text_width(human(last * k / 4)) for k in range(5)) + 24
    parts = next((count for count in (4, 2) if wide * count < canvas.width - 310), 1)
    marks = [last * k / parts for k in range(parts + 1)]
    pen.label_axis("x", marks, [human(mark) for mark in marks])
    tall = canvas.height - 106
    said = "loss, nats a token" if any(run["held_out_loss"] for run in data["runs"]) else "training loss, nats a token"
    pen.write(0, 1 + 26 / tall, said, color=colors.muted, across=True)
    pen.write(0.5, -48 / tall, "tokens read" if unit == "tokens" else "steps", color=colors.muted, **_MIDDLE)
    lines: list[Line] = []
    for run in data["runs"]:
        color = colors.recurrent if run["architecture"] in _RECURRENT else colors.attention
        pen.line(run[unit], run["loss"], color, 2, alpha=0.5)
        tested = bool(run["held_out_loss"])
        xs, ys = (run[f"held_out_{unit}"], run["held_out_loss"]) if tested else (run[unit], run["loss"])
        is_dashed = any(line.color == color for line in lines)
        lines.append(Line(f"{_title(run, data)} {ys[-1]:.2f}", xs, ys, color, dashed=is_dashed, dots=tested))
    draw_lines(pen, lines)
    return pen.picture


def _title(run: Data, data: Data) -> str:
    """What sets a run apart: its architecture, or where that does not, its name."""
    alike = [each for each in data["runs"] if each["architecture"] == run["architecture"]]
    return _NAMES[run["architecture"]] if len(alike) == 1 and run["architecture"] in _NAMES else str(run["name"])


def describe(data: Data) -> str:
    """Each run's first and last held-out loss; its training loss where that is all there is."""
    parts = [
        f"{_NAMES.get(run['architecture'], run['architecture'])} “{run['name']}”: "
        f"{'held-out' if run['held_out_loss'] else 'training'} loss from {losses[0]:.2f} to {losses[-1]:.2f} "
        f"nats a token over {human(max(run[data['unit']] + run['held_out_' + data['unit']]))} {data['unit']}."
        for run in data["runs"]
        for losses in [run["held_out_loss"] or run["loss"]]
    ]
    return "Training curves. " + " ".join(parts)
