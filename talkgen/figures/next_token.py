"""Draws what a model expects after a prompt: the prompt's tokens, and below the open place a bar for each candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.draw.tokens import draw_token, draw_tokens
from talkgen.figures.measure.tokens import predict
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_LINE = 1.05  # of a text's size: what a row needs


class Params(base.Params):
    """The prompt, and how many candidates are shown."""

    model: ModelName = ""
    prompt: str = Field("The quick brown fox jumps over the lazy", min_length=1, max_length=2000)
    bars: int = Field(8, ge=1, le=12)


def compute(params: Params, inputs: Inputs) -> Data:
    """The likeliest next tokens with their probabilities at temperature 1."""
    loaded = inputs.model(params.model)
    return {"model": loaded.label, **predict(loaded, params.prompt, params.bars)}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The prompt as chips with an open place at its end; candidates one below the other, the likeliest on top."""
    pen = sheet(canvas)
    sizes, colors = pen.sizes, pen.colors
    size = sizes.small
    slot = pen.text_width("?", size, mono=True) + 28
    end = draw_tokens(pen, data["tokens"], 2, 26, canvas.width - slot - 8, size)
    draw_token(pen, "?", end, 26, size, color=colors.accent)
    rows = _rows(data, int((canvas.height - 76.0) / (_LINE * size)))
    top, step = 72.0, (canvas.height - 76.0) / len(rows)
    label = min(0.3 * canvas.width, max(pen.text_width(text, size, mono=True) for text, _ in rows[:-1]) + 8)
    label = max(label, pen.text_width(rows[-1][0]) + 8)
    for index, (text, p) in enumerate(rows):
        _draw_row(pen, (text, p), top + (index + 0.5) * step, step, label, last=index == len(rows) - 1)
    return pen.picture


def _rows(data: Data, most: int) -> list[tuple[str, float]]:
    """The candidates that have room, and in the last row all other tokens."""
    every = [(item["shown"], item["p"]) for item in data["candidates"]]
    rows, left = every[: max(1, most - 1)], every[max(1, most - 1) :]
    return [*rows, (f"{data['vocabulary'] - len(rows):,} others", data["other"] + sum(p for _, p in left))]


def _draw_row(pen: Pen, row: tuple[str, float], y: float, step: float, label: float, *, last: bool) -> None:
    """One candidate: its text, a bar, its share; the bar of all others is quieter."""
    text, p = row
    colors, size = pen.colors, pen.sizes.small
    longest = pen.canvas.width - label - 16 - pen.text_width("100%", size) - 20
    if last:
        pen.write(label, y, text, color=colors.muted, align="right")
    else:
        shown = pen.shorten(text, label, size, mono=True)
        pen.write(label, y, shown, size, mono=True, align="right")
    height = min(26.0, 0.62 * step)
    width = max(3.0, longest * p)
    pen.box(label + 16, y - height / 2, width, height, 4, fill=colors.muted if last else colors.attention)
    color = colors.muted if last else colors.ink
    pen.write(label + 16 + width + 10, y, percent(p), size, color=color)


def describe(data: Data) -> str:
    """The prompt and the candidates with their shares."""
    listed = ", ".join(f"“{item['shown']}” {percent(item['p'])}" for item in data["candidates"])
    return (
        f"What {data['model']} expects after “{data['prompt']}”: {listed}; "
        f"all other tokens together {percent(data['other'])}."
    )
