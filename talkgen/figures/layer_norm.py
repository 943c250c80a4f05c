"""Draws what the norms of a transformer do: how large the numbers are that go into each, and those that come out.

LayerNorm (Ba et al. 2016) takes off the mean and divides by the standard deviation, RMSNorm (Zhang & Sennrich 2019)
divides by the root mean square; both multiply by a learned gain. Measured at every norm on every token of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import plot, sheet, styled
from talkgen.figures.measure.passage import PASSAGE
from talkgen.figures.measure.tokens import read_text
from talkgen.figures.numbers import significant

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.base import LanguageModel

TABLES = ()
_NAMES = {"layer": "LayerNorm", "rms": "RMSNorm"}
_BELOW, _LEFT, _APART = 90, 74, 12  # px around the plot, and from its lines to their names
_BEFORE, _DONE = 1, 2


class Params(base.Params):
    """Whose norms, on what text, and the step: what goes in, then what comes out too."""

    model: ModelName = ""
    text: str = Field(PASSAGE, min_length=1, max_length=4000)
    step: int = Field(_DONE, ge=_BEFORE, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """At each norm in order: the size (root mean square) of a token's numbers, before and after, over the tokens.

    Raises:
        ModelError: the model has no norms.
    """
    import torch

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.text, most=500)
    with torch.inference_mode():
        found = norm_sizes(loaded.model, ids)
    if not found:
        raise ModelError(f"{loaded.label} has no norms", "name a transformer: model: small")
    return {
        "model": loaded.label,
        "kind": _NAMES[loaded.model.config.norm],
        "step": params.step,
        "measured_on": ids.size(1),
        "norms": [{"name": name, "before": _spread(before), "after": _spread(after)} for name, before, after in found],
    }


def norm_sizes(model: LanguageModel, ids: torch.Tensor) -> list[tuple[str, torch.Tensor, torch.Tensor]]:
    """Each norm that is called on `ids` [1, T]: its name, and the root mean squares [T] of what it takes and gives."""
    from torch import nn

    found: list[tuple[str, torch.Tensor, torch.Tensor]] = []
    hooks = []
    for name, module in model.named_modules():
        if not isinstance(module, nn.LayerNorm | nn.RMSNorm):
            continue

        def keep(_module: object, given: tuple[Any, ...], result: Any, name: str = name) -> None:
            sizes = [x[0].double().pow(2).mean(-1).sqrt() for x in (given[0], result)]
            found.append((name, *sizes))

        hooks.append(module.register_forward_hook(keep))
    try:
        model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _spread(sizes: torch.Tensor) -> Data:
    """The median token's size, the smallest and the largest."""
    low, middle, high = (significant(float(value), 3) for value in (sizes.min(), sizes.median(), sizes.max()))
    return {"low": low, "middle": middle, "high": high}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Size against depth: what goes into each norm, and what comes out, as a median and a band over all tokens."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 44
    norms, colors = data["norms"], paper.colors
    both = [("before", "goes in", colors.recurrent), ("after", "comes out", colors.attention)]
    names = {part: f"{name} {norms[-1][part]['middle']:g}" for part, name, _ in both}
    right = canvas.width - _APART - 4 - max(paper.text_width(n, paper.sizes.small, bold=True) for n in names.values())
    pen = plot(canvas, _LEFT, top, right, canvas.height - _BELOW, paper.picture)
    every = [norm[part][end] for norm in norms for part in ("before", "after") for end in ("low", "high")]
    low, high = min(every) / 1.3, max(every) * 1.3
    places = list(range(1, len(norms) + 1))
    pen.axes.set(yscale="log", xlim=(0.8, len(norms) + 0.01), ylim=(low, high))
    marks = [m * 10.0**k for k in range(-4, 5) for m in (1, 2, 5) if low <= m * 10.0**k <= high]
    marks = marks if len(marks) <= 7 else [mark for mark in marks if f"{mark:e}".startswith("1.")]
    pen.label_axis("y", marks, [f"{mark:g}" for mark in marks])
    every_other = max(1, len(norms) // 10)
    pen.label_axis("x", places[::every_other], [str(place) for place in places[::every_other]])
    lines = []
    for part, _, color in both[: data["step"]]:
        pen.band(places, [n[part]["low"] for n in norms], [n[part]["high"] for n in norms], color)
        middle = [norm[part]["middle"] for norm in norms]
        lines.append(Line(names[part], places, middle, color))
    draw_lines(pen, lines, _APART)
    size = "size of a token's numbers (root mean square)"
    size = size if paper.text_width(size) < canvas.width - 4 else "size (root mean square)"
    paper.write(2, top - 26, size, color=colors.muted)
    paper.write((_LEFT + right) / 2, canvas.height - 44, "norm", color=colors.muted, align="center")
    note = f"{data['kind']} · band: all {data['measured_on']} tokens · {data['model']}"
    note = paper.shorten(note, canvas.width - 4)
    paper.write(canvas.width - 2, canvas.height - 14, note, color=colors.muted, align="right")
    return paper.picture


def _extremes(data: Data, part: str) -> tuple[float, float]:
    """The smallest and the largest size at any norm."""
    return min(norm[part]["low"] for norm in data["norms"]), max(norm[part]["high"] for norm in data["norms"])


def headline(data: Data) -> str:
    """The range of sizes before the norms, and after them."""
    (low, high), (least, most) = _extremes(data, "before"), _extremes(data, "after")
    if data["step"] == _BEFORE:
        return f"Along the residual stream sizes differ {significant(high / low, 2):g}-fold"
    before, after = significant(high / low, 2), significant(most / least, 2)
    return f"Before {data['kind']} the sizes of tokens differ {before:g}-fold, after it {after:g}-fold"


def describe(data: Data) -> str:
    """Each norm with its sizes."""
    norms = data["norms"]
    shown = norms if len(norms) <= 8 else [norms[0], norms[len(norms) // 2], norms[-1]]
    rows = "; ".join(
        f"{norm['name']} {norm['before']['middle']:g} ({norm['before']['low']:g} to {norm['before']['high']:g}) to "
        f"{norm['after']['middle']:g} ({norm['after']['low']:g} to {norm['after']['high']:g})"
        for norm in shown
    )
    return (
        f"The {len(norms)} norms of {data['model']} ({data['kind']}) on {data['measured_on']} tokens: root mean square "
        f"of a token's numbers before and after, median (least to most). {rows}. {headline(data)}."
    )
