"""Draws what a causal mask is for: a token is changed, and how far each prediction moves is measured.

One row a changed token, one column a prediction, made after the token of that column. How far a prediction moves is
the total variation distance of the two distributions: the share of probability that goes elsewhere. Before the change
nothing moves, not by a bit, so that a whole text can be learned from in one pass: no prediction has seen its answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_pieces

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_MOST = 12  # tokens whose numbers can be read from the back row
_ABOVE, _FOOT, _WIDEST = 43, 34, 88  # px above and below the rows, and of a cell at most


class Params(base.Params):
    """The sentence, each of whose tokens is changed by itself: for the one half a vocabulary further."""

    model: ModelName = ""
    sentence: str = Field("The name is bound to the value", min_length=1, max_length=400)


def compute(params: Params, inputs: Inputs) -> Data:
    """How far the prediction after token j moves where token i is changed: [T, T], from 0 to 1."""
    import torch

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.sentence, _MOST)
    count, vocabulary = ids.size(1), loaded.model.config.vocab_size
    changed = ids.repeat(count, 1)  # row i has another token i
    changed.diagonal().add_(vocabulary // 2).remainder_(vocabulary)
    with torch.inference_mode():
        before = loaded.model(ids)[0].double().softmax(-1)
        after = torch.cat([loaded.model(row[None])[0].double().softmax(-1) for row in changed])
    moved = (after - before).abs().sum(-1) / 2
    ahead = moved.tril(-1)
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "tokens": show_pieces(loaded, ids),
        "moved": [[round(value, 4) for value in row] for row in moved.tolist()],
        "earlier": count * (count - 1) // 2,
        "earlier_moved": int((ahead > 0).sum()),
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A row a changed token, a column a prediction; what lies before the change is left without colour."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data)) + _ABOVE
    tokens, muted = data["tokens"], pen.colors.muted
    names = [pen.shorten(token, 130) for token in tokens]
    label = max(pen.text_width(name) for name in names) + 14
    wide = min(_WIDEST, (canvas.width - label) / len(tokens))
    high = min(50.0, (canvas.height - top - _FOOT) / len(tokens))
    left = (canvas.width - label - wide * len(tokens)) / 2 + label
    for row, numbers in enumerate(data["moved"]):
        y = top + row * high
        pen.write(left - 10, y + high / 2, names[row], align="right")
        above = pen.shorten(tokens[row], wide - 4)
        pen.write(left + (row + 0.5) * wide, top - 16, above, color=muted, align="center")
        for column, share in enumerate(numbers):
            _draw_cell(pen, (left + column * wide, y, wide, high), share)
    whose = pen.shorten(f"% of a prediction that moves when the token is another · {data['model']}", canvas.width)
    pen.write(canvas.width / 2, canvas.height - 14, whose, color=muted, align="center")
    return pen.picture


def _draw_cell(pen: Pen, place: tuple[float, float, float, float], share: float) -> None:
    """A share as a colour, with its percentage; nothing at all as a bare 0."""
    x, y, wide, high = place
    if not share:
        pen.write(x + wide / 2, y + high / 2, "0", color=pen.colors.muted, align="center")
        return
    fill = mix(pen.colors.surface, pen.colors.attention, share)
    pen.box(x + 1, y + 1, wide - 2, high - 2, 4, fill=fill)
    pen.write(x + wide / 2, y + high / 2, f"{100 * share:.0f}", color=ink_on(fill), align="center")


def headline(data: Data) -> str:
    """How many predictions before a change moved."""
    if not data["earlier"]:
        return "One token, one prediction"
    if data["earlier_moved"]:
        return f"A changed token moves {data['earlier_moved']} of {data['earlier']} predictions before it"
    return f"A changed token moves none of the {data['earlier']} predictions before it"


def describe(data: Data) -> str:
    """What moves before a change, and how far the prediction right after each changed token does."""
    tokens, moved = data["tokens"], data["moved"]
    own = ", ".join(f"“{token}” {100 * moved[i][i]:.0f}%" for i, token in enumerate(tokens))
    last = ", ".join(f"“{token}” {100 * moved[i][-1]:.0f}%" for i, token in enumerate(tokens))
    return (
        f"Each token of “{data['sentence']}” changed by itself ({data['model']}). {headline(data)}. "
        f"The prediction right after the changed token moves: {own}. The last prediction moves: {last}."
    )
