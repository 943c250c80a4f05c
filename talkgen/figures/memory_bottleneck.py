"""Draws how far back three trained models remember: recall of a value against the distance to where it was shown.

Measured on associative recall: keys with their values pass by, then one key comes again. A recurrent model must have
kept its value in a memory of one size; attention can look it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import plot, styled
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.weights import Loaded

TABLES = ()
_TASK = "recall"
_NAMES = {"attention": "LSTM with attention", "lstm": "LSTM", "rnn": "RNN"}


class Params(base.Params):
    """The three models, all trained on associative recall, and how many questions each distance is asked."""

    attention: ModelName = "recall"
    lstm: ModelName = "recall-lstm"
    rnn: ModelName = "recall-rnn"
    rows: int = Field(256, ge=32, le=4096)
    seed: int = 0


def compute(params: Params, inputs: Inputs) -> Data:
    """The share of right answers of each model at about twelve distances, up to the end of the shortest context."""
    from talkgen.lm.text.tasks import TASKS
    from talkgen.lm.train.evaluate import accuracy_by_distance

    loaded = {name: inputs.model(getattr(params, name)) for name in _NAMES}
    for model in loaded.values():
        _check(model)
    task = TASKS[_TASK]
    last = min(model.model.config.block_size for model in loaded.values()) - 2
    steps = (task.nearest * (last / task.nearest) ** (k / 11) for k in range(12))
    distances = sorted({task.nearest + int((d - task.nearest) // task.step) * task.step for d in steps})
    data: Data = {"distances": distances, "chance": round(1 / task.choices, 4), "rows": params.rows}
    for name, model in loaded.items():
        shares = accuracy_by_distance(
            model.model, model.tokenizer, _TASK, distances, rows=params.rows, seed=params.seed
        )
        data[name] = {
            "model": model.label,
            "parameters": model.model.count_parameters(),
            "accuracy": [round(share, 4) for share in shares],
            "reach": max((d for d, share in zip(distances, shares, strict=True) if share >= 0.5), default=0),
        }
    return data


def _check(loaded: Loaded) -> None:
    """Makes sure that a model knows the task's symbols, a token each.

    Raises:
        ModelError: it was trained on something else.
    """
    from talkgen.lm.text.tasks import TASKS

    ids = [loaded.tokenizer.encode(symbol) for symbol in TASKS[_TASK].symbols]
    if any(len(each) != 1 for each in ids) or len({each[0] for each in ids}) < len(ids):
        raise ModelError(
            f"{loaded.label} was not trained on associative recall", "name models trained with data: task:recall"
        )


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Recall against distance on a log scale, a line a model, named at its end; guessing as a thin line."""
    pen = plot(canvas, 76, 44, canvas.width - 330, canvas.height - 62)
    colors = pen.colors
    distances = data["distances"]
    pen.axes.set(xscale="log", xlim=(distances[0] * 0.93, distances[-1]), ylim=(0, 1))
    pen.label_axis("y", [0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    shown = [2**k for k in range(12) if distances[0] <= 2**k <= distances[-1]]
    pen.label_axis("x", shown, [str(d) for d in shown])
    pen.write(0, 1 + 26 / (canvas.height - 106), "right answers", color=colors.muted, across=True)
    below = -48 / (canvas.height - 106)
    pen.write(0.5, below, "tokens since the answer was shown", color=colors.muted, align="center", across=True)
    pen.axes.axhline(data["chance"], color=colors.muted, linewidth=2 * POINTS, linestyle=(0, (1, 2)))
    look = {"rnn": (colors.recurrent, True), "lstm": (colors.recurrent, False), "attention": (colors.attention, False)}
    lines = [
        Line(
            f"{_NAMES[name]} {percent(data[name]['accuracy'][-1])}",
            distances,
            data[name]["accuracy"],
            color,
            dashed,
        )
        for name, (color, dashed) in look.items()
    ]
    draw_lines(pen, lines)
    guess = f"guessing: {percent(data['chance'])}"
    pen.write(distances[0], data["chance"] / 2, guess, color=colors.muted)
    return pen.picture


def describe(data: Data) -> str:
    """The recall of each model at the nearest and the farthest distance, and how far it reaches."""
    first, last = data["distances"][0], data["distances"][-1]
    parts = [f"Right answers against the distance in tokens; guessing gives {percent(data['chance'])}."]
    for name, title in _NAMES.items():
        shares, reach = data[name]["accuracy"], data[name]["reach"]
        parts.append(
            f"{title}: {percent(shares[0])} at {first} tokens, {percent(shares[-1])} at {last}; "
            f"at least half right up to {reach} tokens."
        )
    return " ".join(parts)
