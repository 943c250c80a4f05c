"""Draws what a position alone does: sinusoids' dot product, and what a trained model has made of its positions.

Left, the encoding of Vaswani et al. (2017, section 3.5): the dot product of two positions' sinusoids, over that of a
position with itself. Right, each head of a layer with rotary positions (Su et al. 2021): the score of the mean query
and the mean key of a text, k tokens apart, less that at no distance; what the tokens are is averaged away. Or, of a
model that learned a vector for each position, the two principal components of these vectors, from place to place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.components import project
from talkgen.figures.measure.tokens import read_text
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
_TEXT = (
    "The name is bound to the value of the expression. If the name is bound in a block, it is a local variable of that "
    "block, unless it is declared as global."
)
_BASE = 10_000  # of the sinusoids' wavelengths, as in the paper
_NEAR = 4  # offsets that count as near: the mean over them is compared with the last quarter's
_TOP, _BELOW, _LEFT, _BETWEEN, _NAMES = 84, 62, 56, 84, 116  # px around the plots


class Params(base.Params):
    """Whose heads, on what text, and up to which offset.

    `layer` counts from 1; where it is open, it is that of the head that likes near tokens most.
    """

    model: ModelName = ""
    layer: int | None = Field(None, ge=1)
    text: str = Field(_TEXT, min_length=1, max_length=2000)
    offsets: int = Field(64, ge=8, le=512)


def compute(params: Params, inputs: Inputs) -> Data:
    """By offset: the sinusoids' similarity, and each head's score in nats, less that at offset 0.

    Of learned positions, instead of heads: their two components, and the shares of the variance that these hold.

    Raises:
        ModelError: the model has no positions, or no such layer.
    """
    loaded = inputs.model(params.model)
    config = loaded.model.config
    if (table := getattr(loaded.model, "positions", None)) is not None:
        return _learned(loaded, table.weight, params.offsets)
    if not hasattr(loaded.model, "blocks"):
        raise ModelError(f"{loaded.label} has no positions to draw", "name a transformer: model: small")
    if params.layer and params.layer > config.n_layer:
        message = f"there is no layer {params.layer}: the model has {config.n_layer}"
        raise ModelError(message, "choose a smaller `layer`")
    layers = [params.layer - 1] if params.layer else range(config.n_layer)
    by_layer = {layer: position_scores(loaded, layer, params.text, params.offsets).tolist() for layer in layers}
    layer = max(by_layer, key=lambda layer: max(map(advantage, by_layer[layer])))
    return {
        "model": loaded.label,
        "layer": layer + 1,
        "width": config.n_embd,
        "sinusoid": [significant(value) for value in similarity(config.n_embd, params.offsets).tolist()],
        "heads": [[significant(score - head[0]) for score in head] for head in by_layer[layer]],
    }


def _learned(loaded: Loaded, table: torch.Tensor, offsets: int) -> Data:
    """The data of a model that learned a vector [C] for each position."""
    places, shares = project(table.detach().double())
    return {
        "model": loaded.label,
        "width": table.size(1),
        "sinusoid": [significant(value) for value in similarity(table.size(1), offsets).tolist()],
        "components": [[significant(value) for value in component] for component in places.T.tolist()],
        "shares": [significant(value) for value in shares.tolist()],
    }


def similarity(width: int, offsets: int) -> np.ndarray:
    """PE(p) · PE(p + k) over PE(p) · PE(p) for k from 0 on [offsets]: the mean cosine, whatever p is."""
    frequencies = _BASE ** (-np.arange(0, width, 2) / width)
    cosines: np.ndarray = np.cos(np.outer(np.arange(offsets), frequencies)).mean(1)
    return cosines


def position_scores(loaded: Loaded, layer: int, text: str, offsets: int) -> torch.Tensor:
    """q̄ᵀ R(k) k̄ / √D of each head [H, offsets], of the mean query and key over `text` before they are turned."""
    import torch

    from talkgen.lm.models.rotary import rotary_angles, rotate

    found: list[torch.Tensor] = []
    model, config = loaded.model, loaded.model.config
    attention = model.get_submodule(f"blocks.{layer}.attention.qkv")
    hook = attention.register_forward_hook(lambda _module, _given, result: found.append(result))
    try:
        with torch.inference_mode():
            model(read_text(loaded, text, most=500))
    finally:
        hook.remove()
    heads, keys, size = config.n_head, config.n_kv_head, config.head_dim
    mean = found[0][0].mean(0)
    query, key = mean[: heads * size].view(1, heads, 1, size), mean[heads * size : (heads + keys) * size]
    key = key.view(1, keys, 1, size).repeat_interleave(heads // keys, dim=1)
    turned = rotate(query.expand(1, heads, offsets, size), *rotary_angles(config, 0, offsets, mean))
    scores: torch.Tensor = (turned * key).sum(-1)[0].double() / size**0.5
    return scores


def advantage(scores: Sequence[float]) -> float:
    """How many nats more a near token gets than a far one: the means of offsets 1 to 4 and of the last quarter."""
    far = scores[-len(scores) // 4 :]
    return float(np.mean(scores[1 : 1 + _NEAR]) - np.mean(far))


def most_local(data: Data) -> int:
    """Which head likes near tokens most, from 0 on."""
    return max(range(len(data["heads"])), key=lambda head: advantage(data["heads"][head]))


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Two plots against the offset; in the right one the head that likes near tokens most has the colour."""
    paper = sheet(canvas)
    top = max(_TOP, write_headline(paper, headline(data)) + 50)
    middle = _LEFT + 0.4 * (canvas.width - _LEFT - _BETWEEN - _NAMES)
    bottom = canvas.height - _BELOW
    left = plot(canvas, _LEFT, top, middle, bottom, paper.picture)
    right = plot(canvas, middle + _BETWEEN, top, canvas.width - _NAMES, bottom, paper.picture)
    _draw_sinusoid(left, data)
    learned = "components" in data
    (_draw_components if learned else _draw_heads)(right, data)
    what = "learned: components" if learned else f"rotary heads, layer {data['layer']}: score, nats"
    titles = ((0, "sinusoids: similarity"), (middle + 30, what))
    for x, title in titles:
        room = (middle + 10 if x == 0 else canvas.width) - x
        paper.write(x + 2, top - 26, paper.shorten(title, room), color=paper.colors.muted)
    centers = ((_LEFT + middle) / 2, (middle + _BETWEEN + canvas.width - _NAMES) / 2)
    for x, text in zip(centers, ("tokens apart", "position" if learned else "tokens apart"), strict=True):
        paper.write(x, bottom + 46, text, color=paper.colors.muted, align="center")
    return paper.picture


def _draw_sinusoid(pen: Pen, data: Data) -> None:
    values = data["sinusoid"]
    pen.axes.set(xlim=(0, len(values) - 1), ylim=(min(0.0, *values), 1.0))
    pen.label_axis("y", [0, 0.5, 1], ["0", "0.5", "1"])
    _label_offsets(pen, len(values))
    pen.line(range(len(values)), values, pen.colors.attention, 4, solid_capstyle="round")


def _draw_heads(pen: Pen, data: Data) -> None:
    from matplotlib.ticker import MaxNLocator

    every = [score for head in data["heads"] for score in head]
    low, high = min(every) - 0.1, max(every) + 0.1
    pen.axes.set(xlim=(0, len(data["sinusoid"]) - 1), ylim=(low, high))
    ticks = [tick for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    pen.label_axis("y", ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    _label_offsets(pen, len(data["sinusoid"]))
    best = most_local(data)
    offsets = range(len(data["sinusoid"]))
    for head, scores in enumerate(data["heads"]):
        if head != best:
            pen.line(offsets, scores, pen.colors.muted, 2)
    draw_lines(pen, [Line(f"head {best + 1}", offsets, data["heads"][best], pen.colors.attention, dots=False)])


def _draw_components(pen: Pen, data: Data) -> None:
    every = [value for component in data["components"] for value in component]
    count = len(data["components"][0])
    pen.axes.set(xlim=(0, count - 1), ylim=(min(every) * 1.1, max(every) * 1.1))
    pen.label_axis("y", [0], ["0"])
    _label_offsets(pen, count)
    colors = (pen.colors.attention, pen.colors.accent)
    shares = map(percent, data["shares"])
    lines = zip(shares, data["components"], colors, strict=True)
    draw_lines(pen, [Line(share, range(count), component, color, dots=False) for share, component, color in lines])


def _label_offsets(pen: Pen, count: int) -> None:
    places = range(0, count, max(1, count // 4))
    pen.label_axis("x", places, [str(k) for k in places])


def headline(data: Data) -> str:
    """Which head likes near tokens most, and by how much; of learned positions, how few directions they need."""
    if "components" in data:
        count = len(data["components"][0])
        return f"Two directions hold {percent(sum(data['shares']))} of what tells {count} learned positions apart"
    best = most_local(data)
    more = advantage(data["heads"][best])
    return f"By position alone head {best + 1} gives near tokens {more:.1f} nats more".replace("-", "−")


def describe(data: Data) -> str:
    """The sinusoids' similarity at three offsets, and each head's advantage of near tokens, or the components."""
    at = [k for k in (1, 8, 32) if k < len(data["sinusoid"])]
    similar = ", ".join(f"{data['sinusoid'][k]:.2f} at {k}" for k in at)
    if "components" in data:
        first, second = map(percent, data["shares"])
        return (
            f"What a position alone does. Sinusoids {data['width']} wide: similarity of positions so many tokens apart "
            f"{similar}. {len(data['components'][0])} positions that {data['model']} learned, along their two "
            f"principal components, which hold {first} and {second} of the variance."
        )
    heads = ", ".join(f"head {n} {advantage(scores):+.2f}" for n, scores in enumerate(data["heads"], 1))
    return (
        f"What a position alone does. Sinusoids {data['width']} wide: similarity of positions so many tokens apart "
        f"{similar}. Rotary heads of layer {data['layer']} of {data['model']}, nats that offsets 1 to {_NEAR} get more "
        f"than the last quarter of {len(data['sinusoid'])}: {heads}."
    )
