"""Draws a decoder-only transformer as it runs: embedding, one of its blocks, output, with parameters and FLOPs.

Everything is traced from the model's own modules during a pass over so many tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.draw.stacks import draw_alone, say_row
from talkgen.figures.measure.stacks import trace_decoder
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_DONE = 4


class Params(base.Params):
    """Whose model, over how many tokens its work is counted, and how many of the four boxes are shown."""

    model: ModelName = ""
    tokens: int = Field(64, ge=1, le=4096)
    step: int = Field(_DONE, ge=1, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """The boxes of the model's row, and the shares of parameters and FLOPs that all its blocks have."""
    loaded = inputs.model(params.model)
    row = trace_decoder(loaded, params.tokens)
    blocks = {what: row["blocks"] * sum(part[what] for part in row["parts"][1:-1]) for what in ("parameters", "flops")}
    outside = {what: sum(part[what] for part in (row["parts"][0], row["parts"][-1])) for what in blocks}
    return {
        "model": loaded.label,
        "step": params.step,
        "vocabulary": loaded.model.config.vocab_size,
        "row": row,
        "parameters": blocks["parameters"] + outside["parameters"],
        "flops": blocks["flops"] + outside["flops"],
        "shares": [round(blocks[what] / (blocks[what] + outside[what]), 4) for what in blocks],
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The residual stream from left to right; what a block adds to it hangs below."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    draw_alone(pen, data, canvas, top, out=f"{data['vocabulary']:,}", whose=data["model"])
    return pen.picture


def headline(data: Data) -> str:
    """What share of the model its blocks are."""
    parameters, flops = data["shares"]
    count = data["row"]["blocks"]
    blocks = f"The {count} blocks hold" if count > 1 else "The block holds"
    does = "do" if count > 1 else "does"
    return f"{blocks} {percent(parameters)} of the parameters and {does} {percent(flops)} of the work"


def describe(data: Data) -> str:
    """Each box, and what goes in and comes out."""
    return (
        f"A decoder-only transformer, {data['model']}. {say_row(data['row'])}. Out come {data['row']['tokens']} × "
        f"{data['vocabulary']:,} scores, one row a token, each of which has seen the tokens before it alone. "
        f"{headline(data)}."
    )
