"""Draws the way of the gradient back through a recurrent model, step by step, on a sentence (Werbos 1990).

L is the loss of the last token, read off the state before it; drawn is the norm of dL/dh, h being the state of all
layers after each token, over that of the last one. In an LSTM the memory c has its own way back, which counts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.chain import Chain
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.measure.recurrent import NAMES, read_states, recurrent_model
from talkgen.figures.measure.tokens import read_text, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.lstm import RecurrentLM

TABLES = ()
_MOST = 12  # cells that can be told apart, and the token that is foretold
_ROOMY = 70  # px a cell from which on its percentage is written with its sign
_FORWARD, _DONE = 1, 2


class Params(base.Params):
    """Whose gradient, over which sentence, and the step: reading on, or on the way back."""

    model: ModelName = "small-lstm"
    sentence: str = Field("the name is bound to the value of", min_length=1, max_length=400)
    step: int = Field(_DONE, ge=_FORWARD, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """The norm of the gradient at the state after each token but the last, over the last of them: [T - 1].

    Raises:
        ModelError: the model is not recurrent, or the sentence has fewer than two tokens, or too many, or it has
            attention beside its states.
    """
    loaded = inputs.model(params.model)
    model = recurrent_model(loaded)
    if model.config.attention:
        message = f"{loaded.label} looks back: its gradient need not walk through the states"
        raise ModelError(message, "name a model without attention: model: small-lstm")
    ids = read_text(loaded, params.sentence, _MOST + 1)
    if ids.size(1) < 2:
        raise ModelError(f"{loaded.label} sees one token in the sentence", "give one of several tokens")
    norms, loss = state_gradients(model, ids)
    return {
        "model": loaded.label,
        "cell": NAMES[model.config.architecture],
        "sentence": params.sentence,
        "step": params.step,
        "tokens": show_pieces(loaded, ids),
        "loss": significant(loss),
        "norms": [significant(float(norm / norms[-1]), 3) for norm in norms],
    }


def state_gradients(model: RecurrentLM, ids: torch.Tensor) -> tuple[torch.Tensor, float]:
    """|dL/d(h, c)| at the state after each token of `ids` [1, T] but the last [T - 1], and L itself."""
    import torch

    with torch.enable_grad():
        states, _ = read_states(model, ids[:, :-1])
        logits = model.head(states[-1][0][-1])  # of the state itself: a kernel's output is a tensor of its own
        loss = torch.nn.functional.cross_entropy(logits, ids[:, -1])
        flat = [part for state in states for part in state]
        gradients = torch.autograd.grad(loss, flat, allow_unused=True)
    parts = len(flat) // len(states)
    squares = [0.0 if gradient is None else float(gradient.double().pow(2).sum()) for gradient in gradients]
    norms = torch.tensor([sum(squares[t * parts : (t + 1) * parts]) for t in range(len(states))]).sqrt()
    return norms, float(loss.detach())


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The chain; below it the gradient's arrows, as thick as what is left of it."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    read = data["tokens"][:-1]
    middle = top + 0.42 * (canvas.height - top - 40) - 20
    chain = Chain(pen, 6, canvas.width - 138, middle, len(read))
    chain.draw_states(pen.colors.recurrent)
    chain.draw_inputs(read, middle - min(96, middle - top - 16))
    chain.draw_cells(data["cell"], pen.colors.recurrent)
    last = chain.x(len(read) - 1)
    room = canvas.width - last - chain.wide / 2 - 52
    pen.arrow((last + chain.wide / 2, middle), (last + chain.wide / 2 + 40, middle), pen.colors.muted)
    beside = last + chain.wide / 2 + 48
    pen.write(beside, middle - 16, pen.shorten(data["tokens"][-1], room, bold=True), bold=True)
    pen.write(beside, middle + 14, f"loss {data['loss']:.2f}", color=pen.colors.muted)
    if data["step"] >= _DONE:
        _draw_way_back(chain, data)
    whose = pen.shorten(f"{data['model']}", canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, whose, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_way_back(chain: Chain, data: Data) -> None:
    """A disc a state, its area the gradient's norm; between them arrows that lead back."""
    pen, color = chain.pen, chain.pen.colors.accent
    y, sign = chain.middle + 110, "%" if chain.step > _ROOMY else ""
    for index, norm in enumerate(data["norms"]):
        x = chain.x(index)
        radius = max(2.5, min(26.0, chain.wide / 2) * min(1.0, norm) ** 0.5)
        pen.circle(x, y, radius, fill=color, edge=color)
        pen.write(x, y + 52, percent(norm).removesuffix("%") + sign, bold=True, align="center")
        if index:
            before = chain.x(index - 1)
            pen.arrow((x - 30, y), (before + 30, y), color, 1.5)
    said = f"gradient of the loss at each state{'' if sign else ', %'}"
    pen.write(chain.x(0) - chain.step / 2 + 4, y + 92, said, color=pen.colors.muted)


def headline(data: Data) -> str:
    """How much of the gradient reaches the first state."""
    back = len(data["norms"]) - 1
    if data["step"] < _DONE or not back:
        return f"The loss is known after {back + 1} {'steps' if back else 'step'}, and the gradient has to walk back"
    return f"{back} {'steps' if back > 1 else 'step'} back, {percent(data['norms'][0])} of the gradient is left"


def describe(data: Data) -> str:
    """The gradient's share at each token."""
    shares = ", ".join(f"“{token}” {percent(norm)}" for token, norm in zip(data["tokens"], data["norms"], strict=False))
    return (
        f"Backpropagation through time: an {data['cell']} ({data['model']}) reads “{data['sentence']}”, and its "
        f"loss for the last token, {data['loss']:.2f} nats, is led back through all states. "
        f"Norm of the gradient at the state after each token, over that at the last state: {shares}."
    )
