"""Draws an encoder by itself as it runs, as BERT's is (Devlin et al. 2019): every vector that it makes sees all tokens.

Traced from the encoder of a model that has one; which tokens an output depends on is read off its gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.draw.stacks import draw_alone, say_row
from talkgen.figures.measure.stacks import encoder_decoder, trace_encoder_decoder

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.translator import EncoderDecoder

TABLES = ()
_DONE = 4


class Params(base.Params):
    """Whose encoder, how many tokens it reads, and how many of the four boxes are shown."""

    model: ModelName = "translator"
    tokens: int = Field(12, ge=1, le=4096)
    step: int = Field(_DONE, ge=1, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """The boxes of the encoder's row, and how many tokens each of its vectors depends on."""
    loaded = inputs.model(params.model)
    row, _ = trace_encoder_decoder(loaded, params.tokens, 1)
    return {
        "model": loaded.label,
        "step": params.step,
        "row": row,
        "seen": seen_tokens(encoder_decoder(loaded), params.tokens).sum(1).tolist(),
    }


def seen_tokens(model: EncoderDecoder, tokens: int) -> torch.Tensor:
    """Which of the tokens read [S] each vector [S] depends on: where the derivative is not zero, bool [S, S]."""
    import torch

    found: list[torch.Tensor] = []
    ids = 2 + torch.arange(tokens)[None] % (model.config.vocab_size - 2)
    hooks = [
        model.embed.register_forward_hook(lambda _module, _given, result: found.append(result.requires_grad_())),
        model.encoder_norm.register_forward_hook(lambda _module, _given, result: found.append(result)),
    ]
    try:
        with torch.enable_grad():
            model.encode(ids)
    finally:
        for hook in hooks:
            hook.remove()
    embedded, vectors = found
    direction = torch.randn(vectors.size(2), generator=torch.Generator().manual_seed(0))
    rows = [
        torch.autograd.grad(vectors[0, place] @ direction, embedded, retain_graph=True)[0][0] for place in range(tokens)
    ]
    return torch.stack(rows).abs().sum(2) > 0


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The residual stream from left to right; what a block adds to it hangs below."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    draw_alone(pen, data, canvas, top, out=str(data["row"]["width"]), whose=f"encoder of {data['model']}")
    return pen.picture


def headline(data: Data) -> str:
    """How many tokens the first vector has seen."""
    tokens, first = data["row"]["tokens"], data["seen"][0]
    if tokens == 1:
        return "One token in, one vector out"
    if set(data["seen"]) == {tokens}:
        return f"Each of the {tokens} vectors has seen all {tokens} tokens, those behind it too"
    return f"The first vector has seen {first} of {tokens} tokens"


def describe(data: Data) -> str:
    """Each box, and what every vector has seen."""
    return f"The encoder of {data['model']}. {say_row(data['row'])}. No mask. {headline(data)}."
