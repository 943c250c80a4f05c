"""Draws how much of a loss's gradient reaches back through a sequence: tanh RNN, LSTM and transformer, new and trained.

What is measured: a model reads a window of T tokens of held-out text, L is its loss for the token that follows, and
g(k) is the Euclidean norm of dL/dx at distance k, x being the input embedding of the token k places before the last
one that was read. Every path from there to the loss counts, and the definition is the same for all three, whatever
they keep in between. Shown is g(k)/g(0): its geometric mean over windows for each seed, then over seeds.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, SweepModels
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import DASHED, DOTTED, Pen, blank, plot, sheet, styled
from talkgen.figures.numbers import human, significant, superscript

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture
    from torch import Tensor

    from talkgen.lm.files.loaded import Loaded
    from talkgen.lm.models.base import LanguageModel
    from talkgen.lm.models.config import ModelConfig

TABLES = ()
_NAMES = {"transformer": "Transformer", "lstm": "LSTM", "rnn": "RNN"}
_STATES = {"new": "fresh weights", "trained": "trained"}
_FLOOR = 1e-12  # of the picture; the data go on
_LEFT, _BELOW, _NAME = 74, 30, 244  # px for the labels left of the plots, below them, and for names right of each


class Params(base.Params):
    """A sweep that kept its models, the number of new models of each shape, and of windows of text."""

    sweep: SweepModels = "flow"
    seeds: int = Field(5, ge=1, le=50)
    windows: int = Field(32, ge=1, le=1024)


def compute(params: Params, inputs: Inputs) -> Data:
    """g(k)/g(0) for k from 0 to T - 1, of models with fresh weights and of the trained ones, over their seeds."""
    trained: dict[str, list[Loaded]] = {}
    for loaded in inputs.sweep_models(params.sweep):
        trained.setdefault(loaded.model.config.architecture, []).append(loaded)
    ids = read_windows(next(iter(trained.values()))[0], params.windows)
    models: dict[str, Data] = {}
    for name in (name for name in _NAMES if name in trained):
        config = trained[name][0].model.config  # of several shapes the first
        old = [loaded.model for loaded in trained[name] if loaded.model.config == config]
        new = [_fresh(config, seed) for seed in range(params.seeds)]
        models[name] = {
            "parameters": old[0].count_parameters(),
            "new": _measure(new, ids),
            "trained": _measure(old, ids),
        }
        if name == "rnn":
            models[name]["new"] |= recurrent_matrix(new)
            models[name]["trained"] |= recurrent_matrix(old)
    length = ids.size(1) - 1
    return {"windows": len(ids), "length": length, "far": list(far_back(length)), "models": models}


def far_back(length: int) -> tuple[int, int]:
    """The two distances between which the factor of a token is taken: 16 and 64, or less in a shorter window."""
    far = min(64, length - 1)
    return far // 4, far


def read_windows(loaded: Loaded, count: int) -> Tensor:
    """At most `count` windows [B, T + 1] of the text that the model was not trained on, spread evenly; T its context.

    Raises:
        ModelError: the model was not trained on text, or there is too little of it.
    """
    import torch

    from talkgen.lm.train.corpus import read_corpus
    from talkgen.lm.train.data import place_cut
    from talkgen.lm.train.recipe import TASK_NAMES
    from talkgen.lm.train.recipe_file import read_recipe

    recipe = read_recipe(loaded.files.path / "config.yaml")
    if recipe.data in TASK_NAMES:
        raise ModelError(f"{loaded.label} was trained on a synthetic task", "name a sweep over text")
    text = read_corpus(recipe.data)
    ids = torch.tensor(loaded.tokenizer.encode(text[place_cut(text, recipe.held_out) :]))
    windows = ids.unfold(0, loaded.model.config.block_size + 1, loaded.model.config.block_size)
    chosen = np.unique(np.linspace(0, len(windows) - 1, min(count, len(windows))).astype(int))
    return windows[torch.from_numpy(chosen)]


def _fresh(config: ModelConfig, seed: int) -> LanguageModel:
    import torch

    from talkgen.lm.models.architectures import build_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_model(config)


def _measure(models: Sequence[LanguageModel], windows: Tensor) -> Data:
    """The mean over seeds of g(k)/g(0) with its extremes, and the same of what a token further back does to it."""
    logs = []
    for model in models:
        log = gradient_norms(model, windows).log().mean(0).flip(0)  # [T], by distance
        logs.append((log - log[0]).numpy())
    each = np.array(logs)  # [seeds, T]
    near, far = far_back(each.shape[1])
    factors = np.exp((each[:, far] - each[:, near]) / (far - near))
    return {
        "seeds": len(each),
        "mean": _rounded(np.exp(each.mean(0))),
        "lowest": _rounded(np.exp(each.min(0))),
        "highest": _rounded(np.exp(each.max(0))),
        "factor": _rounded(np.array([factors.min(), np.exp(np.log(factors).mean()), factors.max()])),
    }


def gradient_norms(model: LanguageModel, windows: Tensor) -> Tensor:
    """|dL/dx| [B, T] at each position of `windows` [B, T + 1], L being the loss of the last token; in float64.

    In float32 a gradient that vanished over a hundred steps would be 0.
    """
    import torch
    from torch.nn.functional import cross_entropy

    model = copy.deepcopy(model).double().eval()
    model.training = True  # of this module alone: no dropout, and no key cache, which backward could not pass
    inputs: list[Tensor] = []

    def open_embedding(_module: object, _ids: object, output: Tensor) -> Tensor:
        inputs.append(output.detach().requires_grad_())
        return inputs[0]

    model.embed.register_forward_hook(open_embedding)
    logits, _ = model(windows[:, :-1], last_only=True)
    loss = cross_entropy(logits[:, -1], windows[:, -1], reduction="sum")
    (gradient,) = torch.autograd.grad(loss, inputs)  # [B, T, C]
    norms: Tensor = gradient.norm(dim=2)
    return norms


def recurrent_matrix(models: Sequence[LanguageModel]) -> Data:
    """The largest singular value and the spectral radius of the first layer's matrix, means over `models`.

    A singular value below 1 would be enough for gradients to vanish (Pascanu et al. 2013); above 1, they still may.
    """
    matrices = [dict(model.named_parameters())["rnn.weight_hh_l0"].detach().double().numpy() for model in models]
    singular = [np.linalg.norm(matrix, 2) for matrix in matrices]
    radius = [np.abs(np.linalg.eigvals(matrix)).max() for matrix in matrices]
    return {"singular_value": significant(np.mean(singular), 3), "spectral_radius": significant(np.mean(radius), 3)}


def _rounded(values: np.ndarray) -> list[float]:
    return [significant(value, 3) for value in values.tolist()]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Two plots, of new and of trained models, side by side or one above the other; a band spans the seeds."""
    picture = blank(canvas)
    stacked = canvas.width < 900
    across, down = (1, 2) if stacked else (2, 1)
    wide, tall = (canvas.width - _LEFT) / across, (canvas.height - _BELOW) / down
    every = [g for model in data["models"].values() for state in _STATES for g in model[state]["mean"]]
    lowest = 10.0 ** math.floor(math.log10(max(min(every), _FLOOR)))
    for number, (state, title) in enumerate(_STATES.items()):
        left, top = _LEFT + (0 if stacked else number * wide), number * tall if stacked else 0
        pen = plot(canvas, left, top + 44, left + wide - _NAME, top + tall - 36, picture)
        pen.axes.set(yscale="log", xlim=(0, data["length"] - 1), ylim=(lowest, 1.6))
        decades = round(-math.log10(lowest))
        marks = [10.0**-k for k in range(0, decades + 1, max(1, decades // (2 if stacked else 4)))]
        pen.label_axis("y", marks, [_power(mark) if number == 0 or stacked else "" for mark in marks])
        places = range(0, data["length"], max(1, data["length"] // 4))
        pen.label_axis("x", places, [str(k) for k in places])
        pen.write(0, 1 + 26 / (tall - 80), title, bold=True, across=True)
        _draw_lines(pen, data, state, lowest)
    paper = sheet(canvas, picture)
    note = "gradient of the loss k tokens back, relative to k = 0; ×: per further token"
    if paper.text_width(note) > canvas.width:
        note = "gradient k tokens back, relative to k = 0"
    paper.write(canvas.width / 2, canvas.height - 14, note, color=paper.colors.muted, align="center")
    return picture


def _draw_lines(pen: Pen, data: Data, state: str, lowest: float) -> None:
    """A line a model, named at its end, or just before it leaves the plot at the bottom.

    The theory of an RNN is that of its matrix alone: its largest eigenvalue, once a token (Pascanu et al. 2013).
    """
    colors = pen.colors
    distances = range(data["length"])
    names = []
    for name, model in data["models"].items():
        found = model[state]
        color = colors.attention if name == "transformer" else colors.recurrent
        pen.band(distances, found["lowest"], found["highest"], color)
        pen.line(distances, found["mean"], color, 4, linestyle=DASHED if name == "rnn" else "-")
        label = f"{_NAMES[name]} ×{found['factor'][1]:.2f}"
        leaves = found["mean"][-1] < lowest
        end = max(k for k in distances if found["mean"][k] >= 30 * lowest) if leaves else distances[-1]
        place = found["mean"][end]
        if (radius := found.get("spectral_radius", 1)) < 1:  # above 1 the matrix alone would let nothing fade
            pen.line(distances, [radius**k for k in distances], color, 3, linestyle=DOTTED)
            beside = max(end, math.ceil(math.log(place) / math.log(radius)))  # beside the line of the theory, too
            whole = f"{label}, dotted: theory ×{radius:.2f}"
            room = float(pen.axes.bbox.x1) + _NAME - pen.at(beside, place)[0] - 24
            if pen.text_width(whole, pen.sizes.small, bold=True) <= room:
                label, end = whole, beside
            else:
                last = min(distances[-1], math.floor(math.log(30 * lowest) / math.log(radius)))
                names.append(Line(f"theory ×{radius:.2f}", [last], [radius**last], color, dots=False))
        names.append(Line(label, [end], [place], color, dots=False))
    draw_lines(pen, names, gap=20)


def _power(value: float) -> str:
    """A power of ten as it is written, 10⁻⁴."""
    exponent = round(math.log10(value))
    return f"10{superscript(str(exponent))}" if exponent else "1"


def describe(data: Data) -> str:
    """Each model's gradient at three distances, and what a token further back leaves of it, new and trained."""
    shown = [k for k in (1, 16, 64) if k < data["length"]]
    parts = [
        "Norm of the gradient of the loss at the input embedding k tokens back, relative to that of the last token "
        f"read; geometric means over {data['windows']} windows of {data['length']} tokens and over seeds."
    ]
    for name, model in data["models"].items():
        for state, title in _STATES.items():
            found = model[state]
            values = ", ".join(f"{found['mean'][k]:.2g} at {k}" for k in shown)
            least, middle, most = found["factor"]
            parts.append(
                f"{_NAMES[name]} ({human(model['parameters'])} parameters), {title}, {found['seeds']} seeds: {values}; "
                f"from {data['far'][0]} on, a further token multiplies it by {middle:.3g} ({least:.3g} to {most:.3g})."
            )
            if "spectral_radius" in found:
                parts.append(
                    f"Its recurrent matrix: largest singular value {found['singular_value']:.3g}, "
                    f"spectral radius {found['spectral_radius']:.3g}, by which alone a further token would multiply it."
                )
    return " ".join(parts)
