"""Draws what the temperature of a softmax does to a prediction: the same logits, divided by T before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.measure.tokens import read_text, show_piece
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_NAMES = 150  # px for the tokens at most
_FOOT, _BITS = 62, 38  # px below `top` that hold no bars: for T and what is at the foot, and for the entropy
_ROW, _UP = 23, 16  # px that a row needs, and that T can stand higher
Temperature = Annotated[float, Field(ge=0.05, le=20)]


class Params(base.Params):
    """The prompt, the temperatures, how many of the likeliest tokens are shown, and how many temperatures so far."""

    model: ModelName = ""
    prompt: str = Field("If the name is bound", min_length=1, max_length=2000)
    temperatures: tuple[Temperature, ...] = Field((0.5, 1.0, 2.0), min_length=1, max_length=4)
    bars: int = Field(7, ge=1, le=10)
    step: int = Field(4, ge=1, le=4)


def compute(params: Params, inputs: Inputs) -> Data:
    """At each temperature: the probabilities of the tokens that are likeliest at 1, and the entropy in bits."""
    import torch

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.prompt, most=500)
    with torch.inference_mode():
        logits = loaded.model(ids, last_only=True)[0][0, -1].double()
    top = logits.topk(min(params.bars, len(logits))).indices
    found = []
    for temperature in params.temperatures:
        p = (logits / temperature).softmax(-1)
        entropy = -(p * p.clamp_min(1e-300).log2()).sum()
        shares = [significant(value) for value in p[top].tolist()]
        found.append({"temperature": temperature, "p": shares, "entropy": significant(float(entropy))})
    return {
        "model": loaded.label,
        "prompt": params.prompt,
        "step": params.step,
        "vocabulary": len(logits),
        "tokens": [show_piece(piece) for piece in loaded.tokenizer.pieces(top.tolist())],
        "at": found,
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A column of bars a temperature, the same tokens in each; the entropy below."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data)) + 58
    prompt = pen.shorten(f"“{data['prompt']}” …", canvas.width - 4)
    pen.write(2, top - 38, prompt, color=pen.colors.muted)
    columns = data["at"][: data["step"]]
    high = (canvas.height - top - _FOOT - _BITS) / len(data["tokens"])
    if low := high < _ROW:  # the bits then stand beside T, which moves up
        top -= _UP
        high = (canvas.height - top - _FOOT) / len(data["tokens"])
    high = min(46.0, high)
    names = [pen.shorten(token, _NAMES, mono=True) for token in data["tokens"]]
    label = max(pen.text_width(name, mono=True) for name in names) + 16
    room = (canvas.width - label) / len(data["at"])
    number = pen.text_width("100%") + 14
    for row, name in enumerate(names):
        pen.write(label - 12, top + 28 + (row + 0.5) * high, name, mono=True, align="right")
    for index, each in enumerate(columns):
        left = label + index * room
        name, bits = f"T = {each['temperature']:g}", f"{each['entropy']:.1f} bits"
        pen.write(left, top + 6, name, pen.sizes.small, color=pen.colors.accent, bold=True)
        for row, share in enumerate(each["p"]):
            y, long = top + 28 + row * high, max(2.0, share * (room - number - 10))
            pen.box(left, y + 0.14 * high, long, 0.72 * high, 5, fill=pen.colors.attention)
            pen.write(left + long + 8, y + high / 2, percent(share))
        beside = pen.text_width(name, pen.sizes.small, bold=True) + 16
        place = (left + beside, top + 6) if low else (left, top + 28 + len(names) * high + 22)
        pen.write(*place, bits, pen.sizes.small, bold=True)
    whose = pen.shorten(f"entropy over {data['vocabulary']:,} tokens · {data['model']}", canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, whose, color=pen.colors.muted, align="right")
    return pen.picture


def headline(data: Data) -> str:
    """What the likeliest token has at the lowest and at the highest temperature."""
    shown = data["at"][: data["step"]]
    cold, hot = (pick(shown, key=lambda each: each["temperature"]) for pick in (min, max))
    token = data["tokens"][0]
    if cold is hot:
        return f"At temperature {cold['temperature']:g} “{token}” has {percent(cold['p'][0])}"
    return (
        f"“{token}” has {percent(cold['p'][0])} at temperature {cold['temperature']:g}, "
        f"{percent(hot['p'][0])} at {hot['temperature']:g}"
    )


def describe(data: Data) -> str:
    """The probabilities at each temperature."""
    rows = "; ".join(
        f"at {each['temperature']:g} ({each['entropy']:.1f} bits) "
        + ", ".join(f"“{token}” {percent(share)}" for token, share in zip(data["tokens"], each["p"], strict=True))
        for each in data["at"][: data["step"]]
    )
    return f"What {data['model']} expects after “{data['prompt']}” at temperatures of the softmax: {rows}."
