"""Draws the inside of an LSTM cell as the module computes it, with how far its gates open at each token of a text.

Names, order and activations of the gates and both formulas are read off the traced step of the model; the layout is
the usual one: the memory runs along the top, the gates stand below it.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

TABLES = ()
_SIGNS = {"mul": "×", "add": "+"}
_SHORT = {"sigmoid": "σ"}  # where the whole name does not fit
_WITH = {"cell": "input"}  # what is written goes through the input gate: both are one step of the memory


class Params(base.Params):
    """Whose cell, the sentence its gates are measured on, and the gate that alone is in colour, if one is."""

    model: ModelName = "small-lstm"
    sentence: str = Field("The value of the expression is bound to the name", min_length=1, max_length=2000)
    layer: int = Field(1, ge=1)
    gate: Literal["forget", "input", "output"] | None = None


def compute(params: Params, inputs: Inputs) -> Data:
    """The gates of a layer with their activations and means over the sentence, and the cell's two formulas."""
    import torch

    from talkgen.lm.models.base import Taps
    from talkgen.lm.models.lstm import RecurrentLM

    loaded = inputs.model(params.model)
    if not isinstance(loaded.model, RecurrentLM) or loaded.model.config.architecture != "lstm":
        raise ModelError(f"{loaded.label} has no LSTM cell to draw", "name an LSTM: model: small-lstm")
    if params.layer > loaded.model.config.n_layer:
        raise ModelError(f"there is no layer {params.layer}: {loaded.label} has {loaded.model.config.n_layer}")
    ids = read_text(loaded, params.sentence, most=500)
    taps = Taps("gates")
    with torch.inference_mode():
        loaded.model(ids, taps=taps)
    measured = taps.values["gates"][params.layer - 1]  # name -> [1, T, C]
    gates, formulas = _read_cell(loaded.model, params.layer - 1)
    for gate in gates:
        values = measured[gate["name"]][0]
        gate["mean"] = significant(float(values.mean()), 3)
        gate["mean_size"] = significant(float(values.abs().mean()), 3)
        # A cell's values are of both signs, and their mean says nothing of how much is written.
        shown = values if gate["activation"] == "sigmoid" else values.abs()
        gate["by_token"] = [significant(value, 3) for value in shown.mean(1).tolist()]
    return {
        "model": loaded.label,
        "layer": params.layer,
        "width": loaded.model.config.n_embd,
        "gate": params.gate,
        "sentence": params.sentence,
        "tokens": show_pieces(loaded, ids),
        "gates": gates,
        **formulas,
    }


def _read_cell(model: Any, layer: int) -> tuple[list[Data], Data]:
    """The gates in the order of the module's rows, and its formulas for the memory c and the output h."""
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    width = model.config.n_embd
    names: list[str] = []

    def step(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> tuple[torch.Tensor, ...]:
        new_h, new_c, gates = model.step(layer, x, h, c)
        names[:] = gates
        return (new_h, new_c, *gates.values())

    with torch.no_grad():
        graph = make_fx(step)(*torch.randn(3, 1, width)).graph
    inputs = dict(zip((node for node in graph.nodes if node.op == "placeholder"), ("x", "h", "c"), strict=True))
    h, c, *gates = next(node for node in graph.nodes if node.op == "output").args[0]
    known = {**inputs, **dict(zip(gates, names, strict=True))}
    memory = _formula(c, known)
    found = [
        {"name": name, "activation": gate.target.overloadpacket.__name__, "position": _position(gate)}
        for name, gate in zip(names, gates, strict=True)
    ]
    found.sort(key=lambda gate: gate["position"])
    return found, {"memory": memory, "output": _formula(h, {**known, c: "c′"})}


def _formula(node: Any, known: dict[Any, str]) -> str:
    """The traced value `node` in terms of the `known` ones: `forget × c + input × cell`."""
    if node in known:
        return known[node]
    name = node.target.overloadpacket.__name__
    parts = [_formula(part, known) for part in node.args]
    return f" {_SIGNS[name]} ".join(parts) if name in _SIGNS else f"{name} {parts[0]}"


def _position(gate: Any) -> int:
    """Which of the chunks of the cell's rows a gate is the activation of."""
    chunk = gate.args[0]
    if chunk.target is operator.getitem:
        return int(chunk.args[1])
    return int(chunk.args[2] if len(chunk.args) > 2 else 0)


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The memory along the top, the gates below it, what they read at the bottom."""
    pen = sheet(canvas)
    cell = _Cell(pen, data)
    cell.draw_wires()
    cell.draw_operations()
    cell.draw_gates()
    cell.write_names()
    return pen.picture


class _Cell:
    """The diagram's places in px, and its parts."""

    def __init__(self, pen: Pen, data: Data) -> None:
        self.pen, self.data, canvas = pen, data, pen.canvas
        self.colors, self.sizes = pen.colors, pen.sizes
        left, right, height = 40.0, canvas.width - 64.0, canvas.height
        share = (right - left) / 4
        self.x = {name: left + (i + 0.5) * share for i, name in enumerate(("forget", "input", "cell", "output"))}
        self.memory, self.meet, self.gates, self.bus = 0.14 * height, 0.31 * height, 0.59 * height, 0.84 * height
        self.write = (self.x["input"] + self.x["cell"]) / 2  # where the new content joins the memory
        self.box = (share - 16, 0.32 * height)

    def _tone(self, gate: str, color: str) -> str:
        """`color`, or what stands back where another gate is the one to be seen."""
        chosen = self.data["gate"]
        return color if chosen in (None, _WITH.get(gate, gate)) else self.colors.line

    def _wire(self, *points: tuple[float, float], color: str | None = None, width: float = 2.5) -> None:
        xs, ys = zip(*points, strict=True)
        self.pen.line(xs, ys, color or self.colors.muted, width, solid_joinstyle="round", zorder=1)

    def draw_wires(self) -> None:
        """From the inputs to the gates, from the gates to where they act, along the memory and out."""
        colors, top = self.colors, self.gates - self.box[1] / 2
        self._wire((20, self.bus), (self.x["output"], self.bus))
        tone = {name: self._tone(name, colors.muted) for name in self.x}
        for name, x in self.x.items():
            self.pen.arrow((x, self.bus), (x, self.gates + self.box[1] / 2), tone[name])
        for name in ("input", "cell"):
            self._wire((self.x[name], top), (self.x[name], self.meet), (self.write, self.meet), color=tone[name])
        self._wire((self.write, self.meet), (self.write, self.memory), color=tone["input"])
        self._wire((self.x["forget"], top), (self.x["forget"], self.memory), color=tone["forget"])
        self._wire((self.x["output"], top), (self.x["output"], self.memory), color=tone["output"])
        self.pen.arrow((20, self.memory), (self.pen.canvas.width - 8, self.memory), colors.recurrent, 6)
        shown = self._tone("output", colors.recurrent)
        self.pen.arrow((self.x["output"], self.meet), (self.pen.canvas.width - 8, self.meet), shown, 3.5)

    def draw_operations(self) -> None:
        """The multiplications and the addition, and the squashing of what is shown to the outside."""
        between = (self.memory + self.meet) / 2
        for gate, x, y, sign in (
            ("forget", self.x["forget"], self.memory, "×"),
            ("input", self.write, self.memory, "+"),
            ("input", self.write, self.meet, "×"),
            ("output", self.x["output"], self.meet, "×"),
        ):
            edge, ink = self._tone(gate, self.colors.recurrent), self._tone(gate, self.colors.ink)
            self.pen.circle(x, y, 20, fill=self.colors.surface, edge=edge, above=4)
            self.pen.write(x, y - 1, sign, self.sizes.body, color=ink, align="center").set_zorder(5)
        self.pen.box(self.x["output"] - 30, between - 15, 60, 30, 15, fill=self.colors.surface, edge=self.colors.line)
        self._center(self.x["output"], between, "tanh", color=self._tone("output", self.colors.ink))

    def draw_gates(self) -> None:
        """A box a gate: its name, its activation, its measured mean, and a bar a token of how far it stands open."""
        colors, (width, height) = self.colors, self.box
        for gate in self.data["gates"]:
            x, y = self.x[gate["name"]], self.gates - height / 2
            sigmoid = gate["activation"] == "sigmoid"
            value = percent(gate["mean"]) if sigmoid else f"{gate['mean_size']:.2f}"
            edge, ink, quiet = (self._tone(gate["name"], c) for c in (colors.recurrent, colors.ink, colors.muted))
            self.pen.box(x - width / 2, y, width, height, 10, fill=colors.surface, edge=edge)
            self._center(x, y + 0.17 * height, gate["name"], self.sizes.small, color=ink, bold=True)
            name = gate["activation"]
            name = name if self.pen.text_width(f"{name} {value}") <= width - 8 else _SHORT.get(name, name)
            self._center(x, y + 0.39 * height, f"{name} {value}", color=quiet)
            place = (x - width / 2 + 12, y + 0.53 * height, width - 24, 0.41 * height)
            self._bars(place, gate["by_token"], edge)

    def _bars(self, place: tuple[float, float, float, float], values: list[float], color: str) -> None:
        """A bar a token in a frame as high as 1."""
        from matplotlib.patches import Rectangle

        left, top, width, height = place
        self.pen.axes.add_patch(Rectangle((left, top), width, height, color=self.colors.line, alpha=0.45, linewidth=0))
        each = width / len(values)
        for token, value in enumerate(values):
            bar = (left + (token + 0.1) * each, top + height * (1 - value))
            shape = Rectangle(bar, 0.8 * each, height * value, color=color, linewidth=0)
            self.pen.axes.add_patch(shape)

    def _center(self, x: float, y: float, text: str, size: float | None = None, **look: Any) -> None:
        self.pen.write(x, y, text, size, align="center", **look)

    def write_names(self) -> None:
        """The states at both ends, what goes in, and where the numbers are from."""
        pen, size, color = self.pen, self.sizes.small, self.colors.recurrent
        right = pen.canvas.width - 10
        pen.write(8, self.memory - 38, "memory c", size, color=color, bold=True)
        pen.write(right, self.memory - 38, "c′", size, color=color, bold=True, align="right")
        pen.write(right, self.meet + 30, "h′", size, color=self._tone("output", color), bold=True, align="right")
        pen.write(8, self.bus + 24, "token x, last output h", size)
        taken = 8 + pen.text_width("token x, last output h", size) if self.bus + 46 > pen.canvas.height - 14 else 0
        tokens = self.data["tokens"]
        notes = (f"a bar a token: {''.join(tokens)}", f"a bar for each of {len(tokens)} tokens", "a bar a token")
        note = next((text for text in notes if pen.text_width(text) < right - taken - 10), notes[-1])
        pen.write(right, pen.canvas.height - 14, note, color=self.colors.muted, align="right")


def describe(data: Data) -> str:
    """The formulas and the gates with their means."""
    gates = ", ".join(
        f"{gate['name']} ({gate['activation']}) "
        + (
            percent(gate["mean"]) + " open"
            if gate["activation"] == "sigmoid"
            else f"of mean size {gate['mean_size']:.2f}"
        )
        for gate in data["gates"]
    )
    return (
        f"An LSTM cell: memory c′ = {data['memory']}, output h′ = {data['output']}. "
        f"Its gates, on average over “{data['sentence']}” in layer {data['layer']} of {data['model']}: {gates}."
    )
