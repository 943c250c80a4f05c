"""Draws how one prompt is continued in the course of a training run: a row a checkpoint, its held-out loss beside it.

The first row is the model before its first step: the same shape and the same seed give the same fresh weights.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, RunFilm
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import show_text
from talkgen.figures.numbers import significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded
    from talkgen.lm.files.run import Run
    from talkgen.lm.models.base import LanguageModel
    from talkgen.lm.train.data import Data as Text
    from talkgen.lm.train.recipe import Recipe

TABLES = ()
_LINES = 2  # of text a row
_APART = 25.0  # px at least between two lines of a row
_HEAD = 44  # px above the rows, for the prompt


class Params(base.Params):
    """A run that kept checkpoints, and how its models continue the prompt; temperature 0 takes the likeliest token."""

    run: RunFilm = "small"
    prompt: str = Field("The statement", min_length=1, max_length=200)
    tokens: int = Field(24, ge=1, le=100)
    temperature: float = Field(0.7, ge=0, le=10)
    seed: int = 0
    rows: int = Field(5, ge=2, le=6)


def compute(params: Params, inputs: Inputs) -> Data:
    """The continuation and the held-out loss (nats a token) at about evenly spaced logarithms of the step."""
    from talkgen.lm.files.catalog import checkpoint_files
    from talkgen.lm.files.run import Run
    from talkgen.lm.files.weights import load_model
    from talkgen.lm.train.recipe_file import read_recipe

    folder = inputs.run(params.run)
    run = Run(folder)
    if not run.weights:
        raise ModelError(f"{folder} holds no checkpoints", "name a run that `talkgen train` made, or `run add` added")
    recipe = read_recipe(run.recipe) if run.recipe else None
    text = _text_of(run, recipe) if recipe else None
    first = min(run.weights)
    rows = []
    for step in spaced_steps([*([0] if recipe else []), *run.weights], params.rows):
        loaded = load_model(checkpoint_files(run, step if step in run.weights else first))
        if recipe and step not in run.weights:
            loaded = replace(loaded, model=_fresh(loaded.model, recipe))
        loss = _held_out_loss(loaded.model, text) if recipe else run.loss_at(step)
        rows.append({"step": step, "loss": loss, "text": _continue(loaded, params)})
    return {
        "run": recipe.name if recipe else folder.name,
        "architecture": recipe.model.architecture if recipe else run.about.get("architecture"),
        "prompt": params.prompt,
        "temperature": params.temperature,
        "rows": rows,
    }


def spaced_steps(steps: Sequence[int], count: int) -> list[int]:
    """At most `count` of `steps`, both ends among them: the nearest to even spacing in log(step + 1)."""
    last = math.log(max(steps) + 1)
    wanted = (last * k / (count - 1) for k in range(count))
    return sorted({min(steps, key=lambda step: abs(math.log(step + 1) - place)) for place in wanted})


def _text_of(run: Run, recipe: Recipe) -> Text | None:
    """What the run was trained on; None where its source holds another text today, as it may in another Python."""
    from talkgen.lm.train.data import load_data

    text = load_data(recipe)
    trained_on = run.summary().get("data")
    return text if trained_on is None or text.about().items() <= trained_on.items() else None


def _fresh(like: LanguageModel, recipe: Recipe) -> LanguageModel:
    """The model as training begins it."""
    import torch

    from talkgen.lm.models.architectures import build_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return build_model(like.config).eval()


def _held_out_loss(model: LanguageModel, text: Text | None) -> float | None:
    import torch

    from talkgen.lm.train.evaluate import held_out_loss

    if text is None:
        return None
    loss, _ = held_out_loss(model, text.held_out(model.config.block_size), torch.device("cpu"))
    return significant(loss)


def _continue(loaded: Loaded, params: Params) -> str:
    from talkgen.lm.answer.engine import Engine
    from talkgen.lm.answer.sample import Sampling

    how = Sampling(params.temperature)
    return Engine(loaded).generate(params.prompt, max_tokens=params.tokens, seed=params.seed, sampling=how).text


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A strip of rows: the step and its loss on the left, the continuation in at most two lines on the right."""
    pen = sheet(canvas)
    colors, size = pen.colors, pen.sizes.small
    steps = [f"step {row['step']:,}" for row in data["rows"]]
    losses = ["" if row["loss"] is None else f"loss {row['loss']:.2f}" for row in data["rows"]]
    left = max(pen.text_width(text, size, bold=True) for text in steps + losses) + 28
    pen.write(0, _HEAD / 2 - 4, "prompt", color=colors.muted)
    pen.write(left, _HEAD / 2 - 4, _line(pen, data["prompt"] + " …", left, size), size, mono=True)
    tall = (canvas.height - _HEAD) / len(data["rows"])
    for index, (row, step, loss) in enumerate(zip(data["rows"], steps, losses, strict=True)):
        top = _HEAD + index * tall
        pen.line([0, canvas.width], [top, top], colors.line, 1.5)
        between = min(32.0, max(tall * 0.4, min(tall / 2, _APART)))
        middle = top + tall / 2
        first = middle - between / 2
        pen.write(0, first if loss else middle, step, size, color=colors.accent, bold=True)
        pen.write(0, first + between, loss, color=colors.muted)
        lines = _wrap(pen, _continuation(row["text"]), canvas.width - left, size)
        for number, line in enumerate(lines):
            pen.write(left, middle + (number - (len(lines) - 1) / 2) * between, line, size, mono=True)
    return pen.picture


def _line(pen: Pen, text: str, left: float, size: float) -> str:
    """`text` in one line, without its beginning where there is no room for it."""
    text = show_text(text)
    while len(text) > 1 and pen.text_width(text, size, mono=True) > pen.canvas.width - left:
        text = "…" + text.removeprefix("…")[1:]
    return text


def _continuation(text: str) -> str:
    """A continuation as it is shown: one space for several, signs for other white space and for what has no glyph."""
    signs = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in show_text("…" + text))
    return " ".join(signs.split())


def _wrap(pen: Pen, text: str, room: float, size: float) -> list[str]:
    """`text` in at most two lines of `room` px, cut with an ellipsis; none where there is no room."""
    lines: list[str] = []
    most = int(room / pen.text_width("0", size, mono=True))
    for characters in range(most, 1, -1):  # signs that the font lacks are wider than its own
        lines = textwrap.wrap(text, characters, max_lines=_LINES, placeholder=" …", break_on_hyphens=False)
        if all(pen.text_width(line, size, mono=True) <= room for line in lines):
            break
    return lines


def describe(data: Data) -> str:
    """Each row's step, loss and text."""
    rows = [
        f"Step {row['step']:,}"
        + ("" if row["loss"] is None else f", held-out loss {row['loss']:.2f}")
        + f": “{_continuation(row['text'])}”."
        for row in data["rows"]
    ]
    return f"How the run “{data['run']}” continues “{data['prompt']}” in the course of its training. " + " ".join(rows)
