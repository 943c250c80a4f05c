"""Draws a recurrent model unrolled over a sentence: one cell again and again, one state, and what it still holds.

The first token is changed for eight others; what is left of the change after each step is how far the state h of all
layers has moved, over how far it moved after the first token itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.chain import Chain
from talkgen.figures.draw.headline import write_headline, write_note
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.recurrent import NAMES, read_states, recurrent_model
from talkgen.figures.measure.tokens import read_text, show_piece, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_MOST = 12  # cells that can be told apart
_OTHERS = 8  # tokens that the first one is changed for, spread over the vocabulary
_ROOMY = 70  # px a cell from which on its percentage is written with its sign
_FOLDED, _UNROLLED, _DONE = 1, 2, 3


class Params(base.Params):
    """Whose cell, over which sentence, and the step: the loop, the chain, what is left of the first token."""

    model: ModelName = "small-lstm"
    sentence: str = Field("the name is bound to the value", min_length=1, max_length=400)
    step: int = Field(_DONE, ge=_FOLDED, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """After each token: the likeliest next one, and what is left of a change of the first, from 1 on.

    Raises:
        ModelError: the model is not recurrent, or the sentence has too many tokens.
    """
    import torch

    loaded = inputs.model(params.model)
    model, config = recurrent_model(loaded), loaded.model.config
    ids = read_text(loaded, params.sentence, _MOST)
    other = ids.repeat(_OTHERS, 1)
    moved = torch.arange(1, _OTHERS + 1) * config.vocab_size // (_OTHERS + 1)
    other[:, 0] = (other[:, 0] + moved) % config.vocab_size
    with torch.inference_mode():
        states, logits = read_states(model, ids)
        others, _ = read_states(model, other)
    apart = torch.stack(
        [(b[0] - a[0]).double().norm(dim=(0, 2)) for a, b in zip(states, others, strict=True)]
    )  # [T, 8]
    left = (apart / apart[0]).mean(1)
    pieces = loaded.tokenizer.pieces(logits[0].argmax(-1).tolist())
    return {
        "model": loaded.label,
        "cell": NAMES[config.architecture],
        "sentence": params.sentence,
        "step": params.step,
        "tokens": show_pieces(loaded, ids),
        "next": [show_piece(piece) for piece in pieces],
        "state": sum(part.numel() for part in states[0]),
        "left": [significant(value, 3) for value in left.tolist()],
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The cell as a loop, or a cell a token with the state between them."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    whose, state = data["model"], f"a state of {data['state']:,} numbers"
    foot = write_note(pen, whose, state)
    middle = (top + foot) / 2
    if data["step"] == _FOLDED:
        _draw_loop(pen, data, middle)
    else:
        _draw_chain(pen, data, middle, foot)
    key = "above: the likeliest next token · below: what is left"
    if data["step"] >= _DONE and pen.text_width(f"{key}{whose} · {state}") + 40 < canvas.width:
        pen.write(2, canvas.height - 14, key, color=pen.colors.muted)
    return pen.picture


def _draw_loop(pen: Pen, data: Data, middle: float) -> None:
    """One cell that hands its state to itself."""
    chain = Chain(pen, 0, pen.canvas.width, middle, 1)
    x, half, color = chain.x(0), chain.wide / 2, pen.colors.recurrent
    chain.draw_inputs(["token x"], middle + 110)
    pen.arrow((x, middle - 30), (x, middle - 92), pen.colors.muted)
    pen.write(x, middle - 110, "what comes next", pen.sizes.small, align="center")
    right, above = x + half + 70, middle - 56
    pen.line([x + half, right, right, x - half - 40, x - half - 40], [middle, middle, above, above, middle], color, 4)
    pen.arrow((x - half - 40, middle), (x - half, middle), color, 4)
    pen.write(right + 12, (middle + above) / 2, "state h", pen.sizes.small, color=color, bold=True)
    chain.draw_cells(data["cell"], color)


def _draw_chain(pen: Pen, data: Data, middle: float, foot: float) -> None:
    """A cell a token; above each what it predicts, and below, above `foot`, what is left of the first token."""
    chain = Chain(pen, 0, pen.canvas.width, middle, len(data["tokens"]))
    color = pen.colors.recurrent
    chain.draw_states(color)
    down = min(104, foot - 60 - middle)  # to the tokens; what is below them stays above the note
    chain.draw_inputs(data["tokens"], middle + down)
    chain.draw_cells(data["cell"], color)
    for index, text in enumerate(data["next"]):
        x = chain.x(index)
        pen.arrow((x, middle - 30), (x, middle - 82), pen.colors.muted)
        pen.write(x, middle - 102, pen.shorten(text, chain.step - 8), color=pen.colors.muted, align="center")
    if data["step"] >= _DONE:
        for index, share in enumerate(data["left"]):
            said = f"{100 * share:.0f}{'%' if chain.step > _ROOMY else ''}"
            pen.write(chain.x(index), middle + down + 42, said, color=color, bold=True, align="center")
    else:
        pen.write(2, middle + down + 42, "the same weights in every cell", color=pen.colors.muted)


def headline(data: Data) -> str:
    """What is left of the first token after the last."""
    count = len(data["tokens"])
    if count == 1:
        return f"One token, one step of the {data['cell']}"
    if data["step"] < _DONE:
        return f"One {data['cell']} cell, {count} times, one after the other"
    return f"After {count} tokens {percent(data['left'][-1])} of a change of the first is left in the state"


def describe(data: Data) -> str:
    """Each token, with what is left of the first one and what is predicted."""
    steps = ", ".join(
        f"“{token}” {100 * share:.0f}% (next: “{following}”)"
        for token, share, following in zip(data["tokens"], data["left"], data["next"], strict=True)
    )
    return (
        f"An {data['cell']} unrolled over “{data['sentence']}” ({data['model']}): the same cell for every token, "
        f"a state of {data['state']:,} numbers handed on. "
        f"What is left of a change of the first token after each: {steps}."
    )
