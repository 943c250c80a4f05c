"""Draws what has to wait for what in a recurrent cell and in attention, traced from the modules themselves.

Depth, width and the critical path are computed on the traced graph (see `dependencies.py` for what counts as a step).
They hold for training and for reading a prompt: a transformer that writes goes token by token, too.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.numbers import significant

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.figure import Figure as Picture

TABLES = ()
GRANULARITY = (
    "A step is an operation in which two or more units meet, or a unit and itself in a product of two matrices; what "
    "is done with one unit alone (a projection, an activation, a view) rides along. Sums are one step, however long. "
    "One layer; training or reading a prompt."
)
_IN_THE_PICTURE = (  # the longer where it fits
    "a step: values of tokens meet, as soon as all of them are there",
    "a step: values of tokens meet",
)
_LENGTHS = (8, 16, 32)  # the lengths at which the growth of the depth is measured
_WIDTH = 4  # features of the traced modules: the graph is the same at any width and number of heads
_SEED = 20170612
_LABEL = 26.0  # px that the number of a step needs
_TITLES = {"rnn": "RNN", "lstm": "LSTM", "attention": "Attention"}
Cell = Literal["rnn", "lstm", "attention"]


class Params(base.Params):
    """Which cells stand side by side, over how many tokens."""

    cells: tuple[Cell, ...] = Field(("rnn", "attention"), min_length=1, max_length=2)
    tokens: int = Field(6, ge=2, le=12)

    @field_validator("cells")
    @classmethod
    def _once(cls, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        if len(set(cells)) < len(cells):
            raise ValueError("each cell can stand there once")
        return cells


def compute(params: Params, inputs: Inputs) -> Data:  # noqa: ARG001 - the modules are fresh: no trained model is asked
    """Depth, width, size, critical path and growth of each cell's graph, and the graph itself."""
    data: Data = {"tokens": params.tokens, "cells": list(params.cells), "granularity": GRANULARITY}
    for cell in params.cells:
        depths = {n: _depth(_trace(cell, n)) for n in _LENGTHS}
        first, last = _LENGTHS[0], _LENGTHS[-1]
        slope = (depths[last] - depths[first]) / (last - first)
        data[cell] = {
            **_measure(_trace(cell, params.tokens)),
            "depths": {str(n): depth for n, depth in depths.items()},
            "steps_per_token": significant(slope),
        }
    return data


def _trace(cell: Cell, tokens: int) -> nx.DiGraph[int]:
    """The units of one layer over `tokens` tokens; input t is token t + 1, the initial state of an RNN is not shown."""
    import torch

    from talkgen.figures.measure.dependencies import trace_units
    from talkgen.lm.models.attention import Attention, Pass
    from talkgen.lm.models.config import ModelConfig
    from talkgen.lm.models.lstm import RecurrentLM

    draw = torch.Generator().manual_seed(_SEED)
    x = torch.randn(tokens, _WIDTH, generator=draw)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        if cell == "attention":
            layer = Attention(ModelConfig(1, n_embd=_WIDTH, n_head=1))
            return trace_units(lambda x: layer(x[None], Pass()), x)
        model = RecurrentLM(ModelConfig(1, cell, 1, _WIDTH))

    def unroll(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        outputs = []
        for t in range(tokens):
            h, c, _ = model.step(0, x[t : t + 1], h, c)
            outputs.append(h)
        return torch.cat(outputs)

    graph = trace_units(unroll, x, *torch.randn(2, 1, _WIDTH, generator=draw))
    graph.remove_nodes_from((tokens, tokens + 1))
    for _, about in graph.nodes(data=True):
        about["inputs"] = tuple(i for i in about["inputs"] if i < tokens)
    return graph


def _depth(graph: nx.DiGraph[int]) -> int:
    return max(int(about["level"]) for _, about in graph.nodes(data=True))


def _measure(graph: nx.DiGraph[int]) -> Data:
    import networkx as nx

    levels = [level for _, level in graph.nodes(data="level")]
    path = _critical_path(graph)
    return {
        "depth": nx.dag_longest_path_length(graph),
        "width": max(levels.count(level) for level in set(levels) - {0}),
        "nodes": graph.number_of_nodes(),
        "edges": graph.number_of_edges(),
        "operations": {
            str(level): sorted({d["operation"] for _, d in graph.nodes(data=True) if d["level"] == level})
            for level in range(1, len(path))
        },
        "path": path,
        "graph": {
            "nodes": [
                {"id": node, "level": about["level"], "row": max(about["inputs"]), "column": min(about["inputs"])}
                for node, about in graph.nodes(data=True)
            ],
            "edges": [list(edge) for edge in graph.edges],
        },
    }


def _critical_path(graph: nx.DiGraph[int]) -> list[int]:
    """The longest path that ends at the last token and begins as early in the sentence as one can."""
    nodes = graph.nodes
    path = [max(nodes, key=lambda node: (nodes[node]["level"], nodes[node]["inputs"][-1]))]
    while (level := nodes[path[0]]["level"]) > 0:
        before = (node for node in graph.predecessors(path[0]) if nodes[node]["level"] == level - 1)
        path.insert(0, min(before, key=lambda node: nodes[node]["inputs"]))
    return path


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The cells side by side: a row a token, a column a step, the critical path in the cell's colour."""
    pen = sheet(canvas)
    gap = 40.0
    width = (canvas.width - gap * (len(data["cells"]) - 1)) / len(data["cells"])
    for index, cell in enumerate(data["cells"]):
        left = index * (width + gap)
        _draw_cell(pen, data, cell, left, left + width)
    said = next((text for text in _IN_THE_PICTURE if pen.text_width(text) <= canvas.width), "")
    pen.write(canvas.width / 2, canvas.height - 14, said, color=pen.colors.muted, align="center")
    return pen.picture


def _draw_cell(pen: Pen, data: Data, cell: Cell, left: float, right: float) -> None:
    about, colors, sizes = data[cell], pen.colors, pen.sizes
    color = colors.attention if cell == "attention" else colors.recurrent
    title = f"{_TITLES[cell]}: {about['depth']} steps"
    wide = pen.text_width(title, sizes.small, bold=True)
    start = min(left, pen.canvas.width - 4 - wide)  # into the gap before it where the picture ends too soon
    pen.write(start + 2, 16, title, sizes.small, color=color, bold=True)
    longest = max(about["depths"], key=int)
    note = f"{longest} tokens: {about['depths'][longest]} steps"
    if left + pen.text_width(title, sizes.small, bold=True) + pen.text_width(note) + 30 < right:
        pen.write(right - 4, 16, note, color=colors.muted, align="right")
    top, bottom = 58.0, pen.canvas.height - 84.0
    places = _places(about, data["tokens"], left + 98, right - 34, top, bottom)
    columns = sorted({x for x, _ in places.values()})
    radius = min(11.0, 0.3 * (bottom - top) / data["tokens"], 0.45 * min(b - a for a, b in pairwise(columns)))
    for token in range(data["tokens"]):
        name = f"token {token + 1}" if token == 0 else str(token + 1)
        pen.write(left + 76, _row(token, data["tokens"], top, bottom), name, color=colors.muted, align="right")
    path = list(zip(about["path"], about["path"][1:], strict=False))
    bow = 0.42 * (bottom - top) / data["tokens"]
    for a, b in about["graph"]["edges"]:
        line = (color, 4.0, 1.0) if (a, b) in path else (colors.muted, 1.3, 0.45)
        _draw_edge(pen, places[a], places[b], *line, bow if _covered(places, a, b) else 0.0)
    for node, (x, y) in places.items():
        pen.circle(x, y, radius, fill=color if node in about["path"] else colors.surface, edge=color)
    _name_steps(pen, about, places)


def _row(token: int, tokens: int, top: float, bottom: float) -> float:
    return top + (bottom - top) * token / max(1, tokens - 1)


def _places(
    about: Data, tokens: int, left: float, right: float, top: float, bottom: float
) -> dict[int, tuple[float, float]]:
    """Where each unit stands: its row is the last token it has seen; units of a row and step stand side by side."""
    nodes = about["graph"]["nodes"]
    columns = {
        level: sorted({node["column"] for node in nodes if node["level"] == level and level > 0} or {0})
        for level in range(about["depth"] + 1)
    }
    between = 3.2  # room between two steps, in columns
    total = sum(len(shown) - 1 for shown in columns.values()) + between * about["depth"]
    unit = (right - left) / total
    places, start = {}, left
    for level, shown in columns.items():
        for node in nodes:
            if node["level"] == level:
                x = start + unit * (shown.index(node["column"]) if level else 0)
                places[node["id"]] = (x, _row(node["row"], tokens, top, bottom))
        start += unit * (len(shown) - 1 + between)
    return places


def _covered(places: dict[int, tuple[float, float]], a: int, b: int) -> bool:
    """Whether a straight line from `a` to `b` would run through other units of their row."""
    (x, y), (end, last) = places[a], places[b]
    return y == last and any(x < other < end and row == y for other, row in places.values())


def _draw_edge(
    pen: Pen,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    width: float,
    alpha: float,
    bow: float,
) -> None:
    """A curve that leaves and arrives horizontally, `bow` px below its ends on the way."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x, y), (last_x, last_y) = start, end
    bend = min(40.0, (last_x - x) / 2) if bow else (last_x - x) / 2
    points = [start, (x + bend, y + bow * 4 / 3), (last_x - bend, last_y + bow * 4 / 3), end]
    curve = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    pen.axes.add_patch(
        PathPatch(
            curve,
            fill=False,
            edgecolor=color,
            linewidth=width * POINTS,
            alpha=alpha,
            capstyle="round",
            zorder=2 if width > 2 else 1,
        )
    )


def _name_steps(pen: Pen, about: Data, places: dict[int, tuple[float, float]]) -> None:
    """Numbers the steps below the graph, and says what attention's three are."""
    names = {("bmm",): "scores", ("_safe_softmax",): "softmax", ("_softmax",): "softmax"}
    y, color = pen.canvas.height - 48.0, pen.colors.muted
    levels = {node["id"]: node["level"] for node in about["graph"]["nodes"]}
    first, last = (min(x for x, _ in places.values()), max(x for x, _ in places.values()))
    pen.write(first - 22, y, "step", color=color, align="right")
    every = 1 + int(_LABEL * about["depth"] / (last - first))
    middles = [_middle(places, levels, level) for level in range(about["depth"] + 1)]
    room = min(later - earlier for earlier, later in pairwise(middles))
    named = about["depth"] <= 4 and room > pen.text_width("2 softmax 3 sum") / 2
    for level in range(every, about["depth"] + 1, every):
        name = names.get(tuple(about["operations"][str(level)]), "") if named else ""
        name = "sum" if name == "scores" and level > 1 else name
        text = f"{level} {name}".strip()
        pen.write(middles[level], y, text, color=color, align="center")


def _middle(places: dict[int, tuple[float, float]], levels: dict[int, int], level: int) -> float:
    xs = [x for node, (x, _) in places.items() if levels[node] == level]
    return (min(xs) + max(xs)) / 2


def describe(data: Data) -> str:
    """Depth, width and growth of each cell."""
    parts = [f"What waits for what over {data['tokens']} tokens."]
    for cell in data["cells"]:
        about = data[cell]
        longest = max(about["depths"], key=int)
        parts.append(
            f"{_TITLES[cell]}: {about['depth']} steps one after another, at most {about['width']} at once, "
            f"{about['nodes']} units and {about['edges']} dependencies; "
            f"{about['depths'][longest]} steps for {longest} tokens."
        )
    return " ".join(parts)
