"""Draws what a model would say after each of its layers (nostalgebraist 2020, “interpreting GPT: the logit lens”).

The residual stream after each block goes through the last norm and the output layer, as if the blocks above did not
exist; shown is the likeliest token of each place and its probability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.measure.tokens import read_text, show_piece, show_pieces
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.transformer import Transformer

TABLES = ()
_MOST = 10  # tokens whose predictions can be read
_ROWS = 7  # layers drawn at most, the first and the last among them


class Params(base.Params):
    """The sentence, and how many of the layers' rows are shown, from below; all of them where it is open."""

    model: ModelName = ""
    sentence: str = Field("The name is bound", min_length=1, max_length=400)
    step: int | None = Field(None, ge=1, le=_ROWS)


def compute(params: Params, inputs: Inputs) -> Data:
    """After each layer, 0 being the embedding: the likeliest next token of every place, and its probability.

    Raises:
        ModelError: the model is no transformer, or the sentence has too many tokens.
    """
    import torch

    from talkgen.lm.models.transformer import Transformer

    loaded = inputs.model(params.model)
    if not isinstance(loaded.model, Transformer):
        raise ModelError(f"{loaded.label} has no residual stream", "name a transformer: model: small")
    ids = read_text(loaded, params.sentence, _MOST)
    with torch.inference_mode():
        stream = residual_stream(loaded.model, ids)
        probabilities = loaded.model.head(loaded.model.norm(stream)).double().softmax(-1)  # [L + 1, T, V]
    likeliest, tokens = probabilities.max(-1)
    last = [int(index) for index in tokens[:, -1]]
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "step": params.step,
        "tokens": show_pieces(loaded, ids),
        "layers": [
            {
                "layer": layer,
                "next": [show_piece(piece) for piece in loaded.tokenizer.pieces(tokens[layer].tolist())],
                "p": [round(value, 4) for value in likeliest[layer].tolist()],
            }
            for layer in range(len(stream))
        ],
        "settled": next(layer for layer in range(len(last)) if len(set(last[layer:])) == 1),
    }


def residual_stream(model: Transformer, ids: torch.Tensor) -> torch.Tensor:
    """What goes into the first block, and what comes out of each: [L + 1, T, C]."""
    import torch

    from talkgen.lm.models.base import Taps

    first: list[torch.Tensor] = []
    hook = model.blocks[0].register_forward_pre_hook(lambda _module, given: first.append(given[0]))
    taps = Taps("hidden")
    try:
        model(ids, taps=taps)
    finally:
        hook.remove()
    return torch.cat([first[0], *taps.values["hidden"]])


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A row a layer, the last at the top; a column a token; the darker, the surer."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data)) + 14
    tokens, rows = data["tokens"], shown_layers(data)
    count = len(shown_layers(data | {"step": None}))
    label = pen.text_width("embedding") + 16
    wide, high = (canvas.width - label - 2) / len(tokens), min(64.0, (canvas.height - top - 72) / count)
    bottom = top + count * high
    for row, layer in enumerate(rows):
        y = bottom - (row + 0.5) * high
        name = f"layer {layer['layer']}" if layer["layer"] else "embedding"
        pen.write(label - 14, y, name, color=pen.colors.muted, align="right")
        for column, (text, share) in enumerate(zip(layer["next"], layer["p"], strict=True)):
            fill = mix(pen.colors.surface, pen.colors.attention, share)
            x = label + column * wide
            pen.box(x + 1.5, y - high / 2 + 1.5, wide - 3, high - 3, 5, fill=fill)
            pen.write(x + wide / 2, y, pen.shorten(text, wide - 10), color=ink_on(fill), align="center")
    for column, token in enumerate(tokens):
        x = label + (column + 0.5) * wide
        pen.write(x, bottom + 22, pen.shorten(token, wide - 6, bold=True), bold=True, align="center")
    note = pen.shorten(f"the likeliest next token after each layer · {data['model']}", canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, note, color=pen.colors.muted, align="right")
    return pen.picture


def shown_layers(data: Data) -> list[Data]:
    """The layers that have a row, the first one first: evenly spread where there are many."""
    last = len(data["layers"]) - 1
    count = min(_ROWS, last + 1)
    chosen = sorted({round(index * last / max(1, count - 1)) for index in range(count)})
    return [data["layers"][layer] for layer in chosen][: data["step"] or count]


def headline(data: Data) -> str:
    """From where on the last prediction stands."""
    layers, settled = data["layers"], data["settled"]
    final = layers[-1]
    text = f"“{final['next'][-1]}” ({percent(final['p'][-1])})"
    last = final["layer"]
    if settled == 0:
        return f"{text} is the likeliest from the embedding on"
    return f"{text} is the likeliest from layer {settled} of {last} on"


def describe(data: Data) -> str:
    """What the last place would say after each layer."""
    rows = ", ".join(
        f"{'layer ' + str(each['layer']) if each['layer'] else 'the embedding'} “{each['next'][-1]}” "
        f"{percent(each['p'][-1])}"
        for each in data["layers"]
    )
    return (
        f"The logit lens: {data['model']} reads “{data['sentence']}”; the likeliest next token after each layer, as if "
        f"it were the last: {rows}. {headline(data)}."
    )
