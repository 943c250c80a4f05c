"""Draws how long three untrained models of one size need to read n tokens, and then to write one more.

Measured on one core of the machine that builds the talk, one sequence at a time; weights do not change what a forward
pass costs. On one core the transformer's parallelism is worth nothing, and what is left is arithmetic: reading takes
all three a time in proportion to n, until attention's n² shows. Writing is a step a token for every one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import plot, styled
from talkgen.figures.measure.timing import core_seconds, machine, one_thread, show_seconds
from talkgen.figures.numbers import human, significant, superscript

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture
    from torch import Tensor

    from talkgen.lm.models.base import LanguageModel, State

TABLES = ()
MEASURES_TIME = True
_SHORTEST = 16
_WRITTEN = 4  # tokens: one alone is a short time to measure
_NAMES = {"rnn": "RNN", "lstm": "LSTM", "transformer": "Transformer"}
_COMMON = {"n_layer": 2, "n_head": 4, "norm": "rms", "bias": False}
_SHAPES: dict[str, dict[str, Any]] = {
    "rnn": {"architecture": "rnn", "n_embd": 314},
    "lstm": {"architecture": "lstm", "n_embd": 157},
    "transformer": {"architecture": "transformer", "n_embd": 128, "positions": "rotary"},
}
_VOCABULARY = 256
Call = tuple[str, str, int]


class Params(base.Params):
    """The longest sequence in tokens, and how often each length is measured."""

    longest: int = Field(4096, ge=4 * _SHORTEST, le=16384)
    repeats: int = Field(5, ge=3, le=50)


def compute(params: Params, inputs: Inputs) -> Data:  # noqa: ARG001 – needs nothing but the code of the models
    """Seconds of a core for reading n tokens in one forward pass, and for a token written after them; n doubles."""
    import torch

    lengths = [_SHORTEST * 2**k for k in range(int(math.log2(params.longest / _SHORTEST)) + 1)]
    models = {name: build(name, 2 * params.longest) for name in _SHAPES}
    ids = torch.arange(lengths[-1])[None] % _VOCABULARY  # [1, n]; which tokens they are does not matter
    calls: dict[Call, Callable[[], object]] = {}
    with one_thread(), torch.inference_mode():
        for n in lengths:
            for name, model in models.items():
                calls[name, "read", n] = partial(read, model, ids[:, :n])
                calls[name, "write", n] = partial(write_on, model, read(model, ids[:, :n]), ids[:, :1])
        seconds = core_seconds(calls, params.repeats)
    for call, times in seconds.items():
        seconds[call] = [t / _WRITTEN for t in times] if call[1] == "write" else times
    return {
        "lengths": lengths,
        "repeats": params.repeats,
        "parameters": {name: model.count_parameters(embeddings=False) for name, model in models.items()},
        "machine": machine(),
        "torch": torch.__version__,
        "timings": {name: _summary(name, lengths, seconds) for name in models},
    }


def build(name: str, context: int) -> LanguageModel:
    """A model with fresh weights; all have about 395,000 parameters beside their embeddings, in two layers."""
    from talkgen.lm.models.architectures import build_model
    from talkgen.lm.models.config import ModelConfig

    shape = {**_COMMON, **_SHAPES[name], "block_size": context}
    return build_model(ModelConfig(_VOCABULARY, **shape)).eval()


def read(model: LanguageModel, ids: Tensor) -> State:
    """Reads `ids` [1, n] in one forward pass, predicts one token, and returns the state to write on from."""
    state = model.new_state(1, 2 * ids.size(1) + 64)
    model(ids, state, last_only=True)
    return state


def write_on(model: LanguageModel, state: State, token: Tensor) -> None:
    """Takes four steps of a token [1, 1] each."""
    for _ in range(_WRITTEN):
        model(token, state)


def _summary(name: str, lengths: Sequence[int], seconds: Mapping[Call, Sequence[float]]) -> Data:
    """The medians and extremes of a model's times, and its exponents: of each repeat, the slope in log-log."""
    found: Data = {}
    for what in ("read", "write"):
        times = np.array([seconds[name, what, n] for n in lengths])  # [lengths, repeats]
        found[what] = {
            kind: [significant(t, 3) for t in measure(times, axis=1).tolist()]
            for kind, measure in (("median", np.median), ("lowest", np.min), ("highest", np.max))
        }
        slopes = [exponent(lengths, repeat) for repeat in times.T.tolist()]
        found[what]["exponent"] = [significant(s, 3) for s in (min(slopes), float(np.median(slopes)), max(slopes))]
    return found


def exponent(lengths: Sequence[int], seconds: Sequence[float]) -> float:
    """The least-squares slope of log(seconds) against log(n) over the longer half of `lengths`."""
    half = len(lengths) // 2
    return float(np.polyfit(np.log(lengths[half:]), np.log(seconds[half:]), 1)[0])


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Both axes logarithmic: thick lines for reading n tokens, with the extremes as a band; thin ones for one more."""
    pen = plot(canvas, 84, 44, canvas.width - 246, canvas.height - 62)
    colors = pen.colors
    lengths, timings = data["lengths"], data["timings"]
    every = [t for times in timings.values() for what in ("read", "write") for t in times[what]["median"]]
    low, high = min(every), max(every)
    pen.axes.set(xscale="log", yscale="log", xlim=(lengths[0], lengths[-1]), ylim=(low / 1.5, high * 1.3))
    marks = [10.0**k for k in range(-6, 3) if low / 1.5 <= 10.0**k <= high * 1.3]
    pen.label_axis("y", marks, [show_seconds(mark) for mark in marks])
    shown = lengths[:: 2 if len(lengths) > 5 else 1]
    pen.label_axis("x", shown, [f"{n:,}" for n in shown])
    tall = canvas.height - 106
    pen.write(0, 1 + 26 / tall, "time on one core", color=colors.muted, across=True)
    pen.write(0.5, -48 / tall, "n, tokens", color=colors.muted, align="center", across=True)
    pen.write(0.03, 0.66, "reading n tokens", color=colors.muted, across=True)
    pen.write(0.98, 0.46, "writing one more", color=colors.muted, align="right", across=True)
    lines = []
    for name, times in timings.items():
        color = colors.attention if name == "transformer" else colors.recurrent
        for what in ("read", "write"):
            found = times[what]
            pen.band(lengths, found["lowest"], found["highest"], color, alpha=0.2)
            growth = superscript(f"{found['exponent'][1]:.2f}")
            label = f"{_NAMES[name]} n{growth}" if what == "read" else show_seconds(found["median"][-1])
            lines.append(Line(label, lengths, found["median"], color, dashed=name == "rnn", dots=what == "read"))
    draw_lines(pen, lines)
    return pen.picture


def describe(data: Data) -> str:
    """Each model's times at both ends, how they grow, and what they were measured on."""
    first, last = data["lengths"][0], data["lengths"][-1]
    half = data["lengths"][len(data["lengths"]) // 2]
    parts = [
        f"Time to read n tokens in one forward pass, and to write one more after them: one core of {data['machine']}, "
        f"one thread, torch {data['torch']}, medians of {data['repeats']} interleaved repeats."
    ]
    for name, times in data["timings"].items():
        least, middle, most = times["read"]["exponent"]
        read_, write_ = (list(map(show_seconds, times[what]["median"])) for what in ("read", "write"))
        parts.append(
            f"{_NAMES[name]}, {human(data['parameters'][name])} parameters beside embeddings: reads {first} tokens in "
            f"{read_[0]}, {last:,} in {read_[-1]}; from {half:,} on as n to the power {middle:g} ({least:g} to "
            f"{most:g}); writes a token after {first} in {write_[0]}, after {last:,} in {write_[-1]}."
        )
    parts.append("Writing n tokens takes each of them n steps, one after the other.")
    return " ".join(parts)
