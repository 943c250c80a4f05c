"""Draws a bidirectional recurrent layer (Schuster & Paliwal 1997): a chain each way, and what each vector has seen.

What has been seen is read off the derivatives of torch's own layer with fresh weights; they depend on no weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.chain import Chain
from talkgen.figures.draw.headline import write_headline, write_note
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.measure.recurrent import NAMES
from talkgen.figures.measure.tokens import read_text, show_pieces

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

TABLES = ()
_MOST = 12  # cells that can be told apart
_WIDTH = 16  # of the layer; what it depends on is the same at any width
_FOOT, _ABOVE, _BELOW = 28, 35, 73  # px of the note, and of what stands above and below the cells
_ROOMY = 330  # px between headline and note in which the cells have their usual height
_FORWARD, _BACKWARD, _DONE = 1, 2, 3


class Params(base.Params):
    """Whose tokens, the kind of cell, and the step: one chain, both, what each vector has seen."""

    model: ModelName = ""
    sentence: str = Field("the name is bound to the value", min_length=1, max_length=400)
    cell: Literal["lstm", "rnn"] = "lstm"
    step: int = Field(_DONE, ge=_FORWARD, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """How many tokens each state of either chain depends on, and their vector together."""
    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.sentence, _MOST)
    forward, backward = seen_both_ways(params.cell, ids.size(1))
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "cell": NAMES[params.cell],
        "step": params.step,
        "tokens": show_pieces(loaded, ids),
        "forward": forward.sum(1).tolist(),
        "backward": backward.sum(1).tolist(),
        "both": (forward | backward).sum(1).tolist(),
    }


def seen_both_ways(cell: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which of `count` tokens each state of the chain forwards and backwards depends on: bool [T, T] each."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        kind = nn.LSTM if cell == "lstm" else nn.RNN
        layer = kind(_WIDTH, _WIDTH, bidirectional=True).double()
        x = torch.randn(count, 1, _WIDTH, dtype=torch.double, requires_grad=True)
    with torch.enable_grad():
        states = layer(x)[0]  # [T, 1, 2 C]
        found = [
            torch.stack(
                [
                    torch.autograd.grad(state.sum(), x, retain_graph=True)[0].abs().sum((1, 2)) > 0
                    for state in half[:, 0]
                ]
            )
            for half in states.chunk(2, dim=2)
        ]
    return found[0], found[1]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A chain from left to right, one from right to left below it, the tokens between them."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    tokens = data["tokens"]
    room = canvas.height - top - _FOOT
    high = 54.0 if room >= _ROOMY else 36.0
    apart = min(84.0, (room - high - _ABOVE - _BELOW) / 2)
    between = min((top + canvas.height) / 2 - 20, canvas.height - _FOOT - _BELOW - high / 2 - apart)
    chains = [Chain(pen, 74, canvas.width - 4, between + sign * apart, len(tokens), high) for sign in (-1, 1)]
    colors = (pen.colors.recurrent, pen.colors.accent)
    for number, (chain, color) in enumerate(zip(chains, colors, strict=True)):
        if data["step"] <= number:
            continue
        chain.draw_states(color, backwards=bool(number))
        chain.draw_inputs(tokens, between)
        chain.draw_cells(data["cell"], color)
        name = "forth" if number == 0 else "back"
        pen.write(2, chain.middle, name, pen.sizes.small, color=color, bold=True)
        seen = data["backward" if number else "forward"]
        for index, count in enumerate(seen):
            away = (high / 2 + 24) * (1 if number else -1)
            pen.write(chain.x(index), chain.middle + away, str(count), color=color, align="center")
    if data["step"] >= _DONE:
        y = chains[1].middle + high / 2 + 62
        pen.write(2, y, "both", pen.sizes.small, bold=True)
        for index, count in enumerate(data["both"]):
            pen.write(chains[1].x(index), y, str(count), pen.sizes.small, bold=True, align="center")
    note = "numbers: how many tokens the state has seen"
    write_note(pen, note if pen.text_width(note) < canvas.width - 4 else "numbers: tokens seen")
    return pen.picture


def headline(data: Data) -> str:
    """What a vector has seen."""
    count = len(data["tokens"])
    if count == 1:
        return "One token: both ways are the same"
    if data["step"] == _FORWARD:
        return f"Read forth, the first state has seen 1 of {count} tokens"
    if data["step"] == _BACKWARD:
        return f"Read back, the first state has seen all {count}"
    return f"Both ways together, each vector has seen all {min(data['both'])} tokens"


def describe(data: Data) -> str:
    """What each state has seen."""
    rows = ", ".join(
        f"“{token}” {forth} forth and {back} back"
        for token, forth, back in zip(data["tokens"], data["forward"], data["backward"], strict=True)
    )
    least, count = min(data["both"]), len(data["tokens"])
    return (
        f"A bidirectional {data['cell']} over “{data['sentence']}”: a chain from left to right, one back. "
        f"Tokens that each state depends on: {rows}; both together {least} of {count} everywhere."
    )
