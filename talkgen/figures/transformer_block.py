"""Draws a block of a transformer as it runs: its parts along the residual stream, their parameters and their work.

Everything is traced from the model's own modules during a pass over so many tokens: widths, parameters, FLOPs (of
matrix products; what the mask hides is counted, as torch computes it too).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline, write_note
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.modules import Part, trace_modules
from talkgen.figures.numbers import human, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.base import LanguageModel

TABLES = ()
_HALVES = (("attention", ("norm", "q, k, v", "attend", "output")), ("MLP", ("norm", "up", "activation", "down")))
_ABOVE = 7.5  # px between the headline and the halves
_NARROW = 900  # px below which the halves stand one above the other
_LOW = 180  # px of a half below which its boxes stand nearer to the stream, for what is below them


class Params(base.Params):
    """Whose block, counted from 1, and over how many tokens its work is counted."""

    model: ModelName = ""
    layer: int = Field(1, ge=1)
    tokens: int = Field(64, ge=1, le=4096)


def compute(params: Params, inputs: Inputs) -> Data:
    """Of each part in order: its parameters, the FLOPs of the pass, and the widths of what goes in and comes out.

    Raises:
        ModelError: the model is no transformer, or has no such block, or too short a context.
    """
    import torch

    from talkgen.lm.models.transformer import Transformer

    loaded = inputs.model(params.model)
    if not isinstance(loaded.model, Transformer):
        raise ModelError(f"{loaded.label} has no transformer block", "name a transformer: model: small")
    config = loaded.model.config
    for name, value, most in (("layer", params.layer, config.n_layer), ("tokens", params.tokens, config.block_size)):
        if value > most:
            raise ModelError(f"{name} {value} is too much for {loaded.label}", f"choose at most {most}")
    found = trace_modules(loaded.model, torch.arange(params.tokens)[None] % config.vocab_size)
    halves = _halves(found, f"blocks.{params.layer - 1}", loaded.model)
    whole = found[f"blocks.{params.layer - 1}"]
    return {
        "model": loaded.label,
        "layer": params.layer,
        "layers": config.n_layer,
        "heads": config.n_head,
        "tokens": params.tokens,
        "width": config.n_embd,
        "parameters": whole.parameters,
        "flops": whole.flops,
        "halves": halves,
    }


def _halves(found: dict[str, Part], block: str, model: LanguageModel) -> list[Data]:
    """The two additions to the residual stream, each with its four parts."""
    attention, mlp = found[f"{block}.attention"], found[f"{block}.mlp"]
    qkv, proj = found[f"{block}.attention.qkv"], found[f"{block}.attention.proj"]
    up, down = found[f"{block}.mlp.up"], found[f"{block}.mlp.down"]
    attend = Part(0, attention.flops - qkv.flops - proj.flops, qkv.width_out, proj.width_in)
    act = Part(0, 0, up.width_out, down.width_in)
    parts = ((found[f"{block}.norm_1"], qkv, attend, proj), (found[f"{block}.norm_2"], up, act, down))
    activation = {"swiglu": "SwiGLU"}.get(model.config.activation, "GELU")
    return [
        {
            "name": name,
            "parameters": whole.parameters,
            "flops": whole.flops,
            "parts": [
                {
                    "name": activation if title == "activation" else title,
                    "parameters": part.parameters,
                    "flops": part.flops,
                    "in": part.width_in,
                    "out": part.width_out,
                }
                for title, part in zip(titles, of, strict=True)
            ],
        }
        for (name, titles), whole, of in zip(_HALVES, (attention, mlp), parts, strict=True)
    ]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The residual stream along the top; below it the two branches that add to it, a box a part."""
    pen = sheet(canvas)
    stacked = canvas.width < _NARROW
    rows = 2 if stacked else 1
    top = write_headline(pen, headline(data)) + _ABOVE
    room = (canvas.height - top - 34) / rows
    wide = canvas.width if stacked else canvas.width / 2
    for number, half in enumerate(data["halves"]):
        left = 0 if stacked else number * wide
        _draw_half(pen, data, half, (left, top + (number if stacked else 0) * room, left + wide - 4, room))
    whose = f"{data['model']}, block {data['layer']} of {data['layers']}, {data['tokens']} tokens"
    key = "parameters in the box, FLOPs below it"
    write_note(pen, whose)
    if pen.text_width(key + whose) + 40 < canvas.width:
        pen.write(2, canvas.height - 14, key, color=pen.colors.muted)
    return pen.picture


def _draw_half(pen: Pen, data: Data, half: Data, place: tuple[float, float, float, float]) -> None:
    """One branch in `place` (left, top, right, height): out of the stream, through its parts, and back."""
    left, top, right, tall = place
    stream, boxes = top + 0.2 * tall, top + (0.52 if tall < _LOW else 0.56) * tall
    color = pen.colors.attention if half["name"] == "attention" else pen.colors.accent
    plus = right - 24
    pen.line([left, right], [stream, stream], pen.colors.ink, 4, zorder=1)
    pen.write(left + 8, stream - 22, f"{data['width']} wide", color=pen.colors.muted)
    step = (plus - left - 20) / 4
    wide, high = step - 34, 0.3 * tall
    first, last = left + 20 + step / 2, left + 20 + 3.5 * step
    pen.line([left + 10, left + 10, first], [stream, boxes, boxes], pen.colors.muted, 2.5, zorder=0)
    pen.line([last, plus, plus], [boxes, boxes, stream], pen.colors.muted, 2.5, zorder=0)
    for index, part in enumerate(half["parts"]):
        x = left + 20 + (index + 0.5) * step
        pen.box(x - wide / 2, boxes - high / 2, wide, high, 10, fill=pen.colors.surface, edge=color)
        name = pen.shorten(part["name"], wide - 6, pen.sizes.small, bold=True)
        pen.write(x, boxes - 0.22 * high, name, pen.sizes.small, bold=True, align="center")
        pen.write(x, boxes + 0.24 * high, human(part["parameters"]) if part["parameters"] else "none", align="center")
        pen.write(x, boxes + high / 2 + 22, human(part["flops"]) if part["flops"] else "–", align="center")
        if index < len(half["parts"]) - 1:
            pen.write(x + step / 2, boxes - high / 2 - 16, str(part["out"]), color=pen.colors.muted, align="center")
            pen.line([x + wide / 2, x + step - wide / 2], [boxes, boxes], pen.colors.muted, 2.5, zorder=0)
    pen.circle(plus, stream, 17, fill=pen.colors.surface, edge=color, above=4)
    pen.write(plus, stream - 1, "+", pen.sizes.body, align="center").set_zorder(5)
    fits = all(pen.text_width(_total(each), pen.sizes.small, bold=True) <= right - left - 24 for each in data["halves"])
    total = _total(half, " parameters" if fits else "")
    pen.write(left + 20, top + 0.94 * tall, total, pen.sizes.small, color=color, bold=True)


def _total(half: Data, unit: str = " parameters") -> str:
    return f"{half['name']}: {human(half['parameters'])}{unit}, {human(half['flops'])} FLOPs"


def headline(data: Data) -> str:
    """Which half holds more parameters, and which works more."""
    attention, mlp = data["halves"]
    shares = [mlp[what] / (attention[what] + mlp[what]) for what in ("parameters", "flops")]
    return f"The MLP: {percent(shares[0])} of parameters, {percent(shares[1])} of work"


def describe(data: Data) -> str:
    """Each part with its width, parameters and FLOPs."""
    parts = [
        f"{half['name']} ({human(half['parameters'])} parameters, {human(half['flops'])} FLOPs): "
        + ", ".join(
            f"{part['name']} {part['in']} to {part['out']} wide, {human(part['parameters'])} parameters, "
            f"{human(part['flops'])} FLOPs"
            for part in half["parts"]
        )
        for half in data["halves"]
    ]
    return (
        f"Block {data['layer']} of {data['layers']} of {data['model']}, traced over {data['tokens']} tokens: "
        f"a residual stream {data['width']} wide, to which two branches add. "
        + "; ".join(parts)
        + f". {headline(data)}."
    )
