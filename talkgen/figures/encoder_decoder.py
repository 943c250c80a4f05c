"""Draws the transformer of Vaswani et al. (2017, figure 1) as it runs: one half reads, the other asks it and writes.

Traced from the modules of a model of that kind; the norms stand before their parts, as in most models since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.draw.stacks import Row, say_row
from talkgen.figures.measure.stacks import trace_encoder_decoder
from talkgen.figures.numbers import human, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_ENCODER, _DECODER, _DONE = 1, 2, 3
_CROSS = 2  # its place in the decoder's row


class Params(base.Params):
    """Whose model, how many tokens are read and written, and the step: the encoder, the decoder, what joins them."""

    model: ModelName = "translator"
    source: int = Field(12, ge=1, le=4096)
    target: int = Field(12, ge=1, le=4096)
    step: int = Field(_DONE, ge=_ENCODER, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """The boxes of both rows, and the FLOPs of all blocks of each."""
    loaded = inputs.model(params.model)
    encoder, decoder = trace_encoder_decoder(loaded, params.source, params.target)
    flops = [
        row["blocks"] * sum(part["flops"] for part in row["parts"][1:-1]) + row["parts"][-1]["flops"]
        for row in (encoder, decoder)
    ]
    return {
        "model": loaded.label,
        "step": params.step,
        "vocabulary": loaded.model.config.vocab_size,
        "encoder": encoder,
        "decoder": decoder,
        "flops": flops,
        "cross": decoder["blocks"] * decoder["parts"][_CROSS]["parameters"],
        "parameters": loaded.model.count_parameters(),
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The encoder above, the decoder below; what was read goes into the decoder's cross-attention."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    high = min(92.0, (canvas.height - top - 214) / 3)
    edge = canvas.width - 4
    encoder = Row(pen, data["encoder"], 4, edge, top + 38 + high / 2, high)
    decoder = Row(pen, data["decoder"], 4, edge, canvas.height - 34 - 26 - high / 2, high, below=False)
    tokens = data["encoder"]["tokens"]
    encoder.draw(4, (f"{tokens} tokens read", f"{tokens} × {data['encoder']['width']}"))
    if data["step"] >= _DECODER:
        written = data["decoder"]["tokens"]
        decoder.draw(5, (f"{written} written", f"{written} × {data['vocabulary']:,}"))
    if data["step"] >= _DONE:
        _join(pen, encoder, decoder)
    whose = pen.shorten(f"parameters and FLOPs of one block · {data['model']}", canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, whose, color=pen.colors.muted, align="right")
    return pen.picture


def _join(pen: Pen, encoder: Row, decoder: Row) -> None:
    """From the encoder's last norm into the cross-attention."""
    start, end = encoder.middle(3), decoder.middle(_CROSS)
    top, bottom = encoder.stream + encoder.high / 2, decoder.hanging() - decoder.high / 2
    between = bottom - 26
    color = pen.colors.attention
    pen.line([start, start, end, end], [top, between, between, bottom - 8], color, 4, zorder=5)
    pen.arrow((end, between), (end, bottom), color, 4)


def headline(data: Data) -> str:
    """What reading and writing cost, or what joins both."""
    if data["step"] < _DONE:
        return f"The encoder reads once: {human(data['flops'][0])} FLOPs for {data['encoder']['tokens']} tokens"
    share = percent(data["cross"] / data["parameters"])
    return f"Cross-attention joins reading and writing with {share} of the parameters"


def describe(data: Data) -> str:
    """Both rows, and how they are joined."""
    encoder, decoder = data["flops"]
    return (
        f"An encoder-decoder transformer, {data['model']}. {say_row(data['encoder'])}. {say_row(data['decoder'])}. "
        f"The decoder's cross-attention looks at what the encoder made. Reading takes {human(encoder)} FLOPs, "
        f"writing {human(decoder)}. {headline(data)}."
    )
