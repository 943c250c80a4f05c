"""Draws token embeddings of a model in the plane: the two directions along which the chosen words differ most (PCA).

How alike two words are is the cosine of their vectors in the model's own space, less the mean vector of the whole
vocabulary, which every token shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.labels import place_labels
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.measure.components import project
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
Word = Annotated[str, Field(min_length=1, max_length=40)]
_WORDS = (
    "is", "are", "was", "may", "can", "must", "the", "a", "an", "this", "in", "of", "to", "for", "with",
    "name", "value", "object", "class", "function", "method", "module", "string", "list",
)  # fmt: skip


class Params(base.Params):
    """Whose embeddings, and of which words: each has to be one token."""

    model: ModelName = ""
    words: tuple[Word, ...] = Field(_WORDS, min_length=3, max_length=64)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each word's place in the plane, how much of the differences it shows, and the most alike word of each.

    Raises:
        ModelError: a word is no single token of the model's.
    """
    import torch

    loaded = inputs.model(params.model)
    ids = [_token(loaded, word) for word in params.words]
    table = loaded.model.embed.weight.detach().double()
    vectors = table[ids] - table.mean(0)  # [W, C]
    plane, shares = project(vectors)
    cosines = torch.nn.functional.normalize(vectors, dim=1) @ torch.nn.functional.normalize(vectors, dim=1).T
    cosines.fill_diagonal_(-2)
    best, nearest = cosines.max(1)
    return {
        "model": loaded.label,
        "width": table.size(1),
        "words": list(params.words),
        "plane": [[significant(value) for value in place] for place in plane.tolist()],
        "shares": [significant(value) for value in shares.tolist()],
        "nearest": nearest.tolist(),
        "cosine": [significant(value) for value in best.tolist()],
    }


def _token(loaded: Loaded, word: str) -> int:
    """The id of a word, with the space before it where the model has such a token.

    Raises:
        ModelError: it is several tokens.
    """
    for text in (f" {word}", word):
        ids = loaded.tokenizer.encode(text)
        if len(ids) == 1:
            return int(ids[0])
    raise ModelError(f"“{word}” is {len(ids)} tokens for {loaded.label}", "choose `words` that are one token each")


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A point a word with its name; the most alike pair in colour."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data)) + 20
    bottom, edge = canvas.height - 44.0, 70.0
    xs, ys = ([place[axis] for place in data["plane"]] for axis in (0, 1))
    places = [
        (
            edge + (x - min(xs)) / ((max(xs) - min(xs)) or 1) * (canvas.width - 2 * edge),
            bottom - 12 - (y - min(ys)) / ((max(ys) - min(ys)) or 1) * (bottom - top - 24),
        )
        for x, y in zip(xs, ys, strict=True)
    ]
    pair = most_alike(data)
    size = pen.sizes.small
    order = sorted(range(len(places)), key=lambda index: index not in pair)  # what the headline names has a label first
    sizes = [(pen.text_width(data["words"][index], size, bold=index in pair) + 4, size * 1.1) for index in order]
    spots = place_labels([places[index] for index in order], sizes, (0, top, canvas.width, bottom), 12)
    across, down = zip(*(places[index] for index in pair), strict=True)
    pen.line(across, down, pen.colors.attention, 3, zorder=1)
    for index, spot in zip(order, spots, strict=True):
        color = pen.colors.attention if index in pair else pen.colors.muted
        pen.circle(*places[index], 6, fill=color, edge=color)
        if spot:
            ink = pen.colors.attention if index in pair else None
            pen.write(spot.x, spot.y, data["words"][index], size, color=ink, bold=index in pair, align="center")
    first, second = data["shares"]
    shown = f"{percent(first)} and {percent(second)}"
    note = f"two of {data['width']} directions: {shown} of the differences · {data['model']}"
    note = pen.shorten(note, canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, note, color=pen.colors.muted, align="right")
    return pen.picture


def most_alike(data: Data) -> tuple[int, int]:
    """The two words whose vectors have the largest cosine, counted from 0."""
    first = max(range(len(data["words"])), key=lambda index: data["cosine"][index])
    return first, data["nearest"][first]


def headline(data: Data) -> str:
    """The most alike pair."""
    first, second = (data["words"][index] for index in most_alike(data))
    return f"Of {len(data['words'])} words “{first}” and “{second}” are most alike: cosine {max(data['cosine']):.2f}"


def describe(data: Data) -> str:
    """Each word with the one most like it."""
    rows = ", ".join(
        f"“{word}” “{data['words'][near]}” {cosine:.2f}".replace("-", "−")
        for word, near, cosine in zip(data["words"], data["nearest"], data["cosine"], strict=True)
    )
    first, second = data["shares"]
    return (
        f"Embeddings of {len(data['words'])} words ({data['model']}) in the plane of two principal components, "
        f"{percent(first)} and {percent(second)} of the variance. The word most like each, with the cosine: {rows}."
    )
