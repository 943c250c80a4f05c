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

TABLES = ()
_POINTS = 150  # of the training loss: more cannot be told apart on a slide
_NAMES = {"transformer": "Transformer", "lstm": "LSTM", "rnn": "RNN"}


class Params(base.Params):
    """The runs, side by side."""

    run: RunLog = "small"
    beside: RunLog = "small-lstm"


def compute(params: Params, inputs: Inputs) -> Data:
    """Training and held-out losses of both runs in nats a token, against the tokens read."""
    return {"runs": [_read_run(inputs.run(params.run)), _read_run(inputs.run(params.beside))]}


def _read_run(folder: Path) -> Data:
    """A run's curve.

    Raises:
        ModelError: the folder holds no log.
    """
    from talkgen.lm.train.run import read_metrics

    if not (folder / "metrics.jsonl").is_file():
        raise ModelError(f"{folder} holds no training log", "name a run folder that `talkgen train` made")
    rows = read_metrics(folder)
    size = max(1, len(rows) // _POINTS)
    groups = [rows[i : i + size] for i in range(0, len(rows), size)]
    tested = [row for row in rows if row["val_loss"] is not None]
    if not tested:
        raise ModelError(
            f"the run in {folder} has not been tested on held-out text yet", "let it train a little longer"
        )
    recipe = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return {
        "name": recipe["name"],
        "architecture": recipe["model"]["architecture"],
        "tokens": [group[-1]["tokens"] for group in groups],
        "loss": [significant(sum(row["loss"] for row in group) / len(group)) for group in groups],
        "held_out_tokens": [row["tokens"] for row in tested],
        "held_out_loss": [significant(row["val_loss"]) for row in tested],
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against tokens read; recurrent runs and transformers in their colours, the last held-out loss at the end."""
    pen = plot(canvas, 60, 44, canvas.width - 250, canvas.height - 62)
    colors = pen.colors
    last = max(run["tokens"][-1] for run in data["runs"])
    losses = [loss for run in data["runs"] for loss in run["loss"] + run["held_out_loss"]]
    pen.axes.set(xlim=(0, last), ylim=(min(losses) - 0.2, max(losses)))
    whole = range(int(min(losses)), int(max(losses)) + 1)
    pen.label_axis(
        "y",
        [n for n in whole if n >= min(losses) - 0.2],
        [str(n) for n in whole if n >= min(losses) - 0.2],
    )
    pen.label_axis("x", [last * k / 4 for k in range(5)], [human(last * k / 4) for k in range(5)])
    tall = canvas.height - 106
    pen.write(0, 1 + 26 / tall, "loss, nats a token", color=colors.muted, across=True)
    pen.write(0.5, -48 / tall, "tokens read", color=colors.muted, align="center", across=True)
    lines = []
    for run in data["runs"]:
        color = colors.attention if run["architecture"] == "transformer" else colors.recurrent
        pen.line(run["tokens"], run["loss"], color, 2, alpha=0.5)
        name = f"{_NAMES[run['architecture']]} {run['held_out_loss'][-1]:.2f}"
        lines.append(Line(name, run["held_out_tokens"], run["held_out_loss"], color))
    draw_lines(pen, lines)
    return pen.picture


def describe(data: Data) -> str:
    """Each run's first and last held-out loss."""
    parts = [
        f"{_NAMES[run['architecture']]} “{run['name']}”: held-out loss from {run['held_out_loss'][0]:.2f} to "
        f"{run['held_out_loss'][-1]:.2f} nats a token over {human(run['tokens'][-1])} tokens."
        for run in data["runs"]
    ]
    return "Training curves. " + " ".join(parts)
