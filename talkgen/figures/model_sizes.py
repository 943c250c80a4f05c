"""Draws how much memory the weights of published models need, in 32, 16, 8 and 4 bits, beside what an accelerator has.

Parameters times bits over eight, of weights alone: caches, gradients and an optimizer's state come on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import TalkgenError, did_you_mean
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import DASHED, Pen, plot, sheet, styled
from talkgen.figures.numbers import human, human_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("parameter_counts.csv", "memories.csv")
BITS = (32, 16, 8, 4)
_MODELS = ("SmolLM2", "GPT-2", "Falcon Mamba", "Chinchilla", "GPT-3", "Llama 3.1")
_BELOW = 80  # px under the plot
_DISC = 36  # px that a disc needs


class Params(base.Params):
    """Which models of the table, and how many of the numbers of bits are shown, from 32 on."""

    models: tuple[str, ...] = Field(_MODELS, min_length=1, max_length=8)
    step: int = Field(len(BITS), ge=1, le=len(BITS))


def compute(params: Params, inputs: Inputs) -> Data:
    """Each model's bytes in every number of bits, the smallest model first, and the memories.

    Raises:
        TalkgenError: a model is not in the table.
    """
    known = {row["name"]: row for row in inputs.table(TABLES[0])}
    for name in params.models:
        if name not in known:
            raise TalkgenError(f"the table has no model '{name}'", did_you_mean(name, known))
    models: list[Data] = [
        {
            "name": name,
            "parameters": int(known[name]["parameters"]),
            "architecture": known[name]["architecture"],
            "bytes": [int(known[name]["parameters"]) * bits / 8 for bits in BITS],
        }
        for name in dict.fromkeys(params.models)
    ]
    models.sort(key=lambda model: model["parameters"])
    memories = [{"name": row["name"], "bytes": int(row["bytes"])} for row in inputs.table(TABLES[1])]
    return {"bits": list(BITS), "step": params.step, "models": models, "memories": memories}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A row a model, a disc a number of bits on a logarithmic axis of bytes; an upright line an accelerator."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 30 + 28 * len(data["memories"])
    models = data["models"]
    names, room = [f"{model['name']} {human(model['parameters'])}" for model in models], 0.42 * canvas.width
    if max(paper.text_width(name, paper.sizes.small, bold=True) for name in names) > room:
        names = [model["name"] for model in models]
    names = [paper.shorten(name, room, paper.sizes.small, bold=True) for name in names]
    left = max(paper.text_width(name, paper.sizes.small, bold=True) for name in names) + 24
    pen = plot(canvas, left, top, canvas.width - 30, canvas.height - _BELOW, paper.picture)
    every = [size for model in models for size in model["bytes"]] + [memory["bytes"] for memory in data["memories"]]
    pen.axes.set(xscale="log", xlim=(min(every) / 1.6, max(every) * 1.6), ylim=(len(models) - 0.5, -0.5))
    marks = [10.0**k for k in range(6, 14) if min(every) / 1.6 <= 10.0**k <= max(every) * 1.6]
    pen.label_axis("x", marks, [human_bytes(mark) for mark in marks])
    pen.label_axis("y", [], [])
    _draw_memories(paper, pen, data, top)
    for row, (model, name) in enumerate(zip(models, names, strict=True)):
        color = getattr(pen.colors, model["architecture"])
        y = pen.at(1, row)[1]
        paper.write(left - 14, y, name, paper.sizes.small, color=color, bold=True, align="right")
        shown = model["bytes"][: data["step"]]
        xs = [pen.at(size, row)[0] for size in shown]
        paper.line([xs[0], xs[-1]], [y, y], color, 3, zorder=2)
        apart = 1 if len(xs) < 2 or xs[0] - xs[1] > _DISC else len(BITS) - 1
        for bits, x in list(zip(data["bits"], xs, strict=False))[::apart]:
            paper.circle(x, y, 17, fill=paper.colors.surface, edge=color)
            paper.write(x, y, str(bits), align="center").set_zorder(4)
    discs = "in the discs: bits a weight"
    note = f"{discs} · bytes of the weights alone"
    note = note if paper.text_width(note) <= canvas.width - 4 else paper.shorten(discs, canvas.width - 4)
    paper.write(canvas.width - 2, canvas.height - 14, note, color=paper.colors.muted, align="right")
    return paper.picture


def _draw_memories(paper: Pen, pen: Pen, data: Data, top: float) -> None:
    """An upright line an accelerator, its name left of its upper end, each on a line of its own."""
    bottom = paper.canvas.height - _BELOW
    for index, memory in enumerate(data["memories"]):
        x = pen.at(memory["bytes"], 0)[0]
        y = top - 18 - 28 * index
        paper.line([x, x], [y - 10, bottom], paper.colors.accent, 2.5, linestyle=DASHED, zorder=1)
        text = f"{memory['name']} {memory['bytes'] / 1e9:g} GB"
        paper.write(x - 8, y, text, color=paper.colors.accent, align="right")


def largest_that_fits(data: Data, memory: Data, bits: int) -> Data | None:
    """The largest model whose weights of so many bits fit into a memory."""
    fitting = [m for m in data["models"] if m["parameters"] * bits / 8 <= memory["bytes"]]
    return fitting[-1] if fitting else None


def headline(data: Data) -> str:
    """What fits on the largest accelerator with the most and with the fewest bits."""
    memory = max(data["memories"], key=lambda memory: memory["bytes"])
    shown = data["bits"][: data["step"]]
    first, last = (largest_that_fits(data, memory, bits) for bits in (shown[0], shown[-1]))
    where = f"{memory['bytes'] / 1e9:g} GB hold"
    if first is None and last is None:
        return f"None of these fits into {memory['bytes'] / 1e9:g} GB"
    if first == last or first is None:
        return f"{where} {(last or data['models'][0])['name']} in {shown[-1]} bits"
    return f"{where} {first['name']} in {shown[0]} bits, {(last or first)['name']} in {shown[-1]}"


def describe(data: Data) -> str:
    """Each model's bytes, and the accelerators."""
    rows = "; ".join(
        f"{model['name']} ({human(model['parameters'])}) "
        + ", ".join(f"{size / 1e9:.3g} GB in {bits}" for bits, size in zip(data["bits"], model["bytes"], strict=True))
        for model in data["models"]
    )
    memories = ", ".join(f"{memory['name']} {memory['bytes'] / 1e9:g} GB" for memory in data["memories"])
    return (
        f"Memory of the weights of published models, by bits a weight: {rows}. Accelerators: {memories}. "
        f"{headline(data)}."
    )
