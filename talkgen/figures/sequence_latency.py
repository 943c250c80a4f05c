"""Draws what a token costs untrained models of three sizes: to read it, to train on it, and to write one more.

Measured on the machine that builds the talk, one sequence at a time; weights do not change what a pass costs. One core
shows the arithmetic, in the seconds that it worked; all cores, by the clock on the wall, what can be shared out. Small
models fit a core's cache, so that three sizes are shown. Which of torch's kernels ran is listened to: an LSTM
in one call and an RNN in a loop are different programs, not only different networks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.headline import wrap, write_headline
from talkgen.figures.draw.lines import Line, draw_lines, name_beside, write_key
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.timing import core_seconds, machine, show_seconds, so_many_threads
from talkgen.figures.numbers import human, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture
    from torch import Tensor

    from talkgen.lm.models.base import LanguageModel
    from talkgen.lm.models.state import State
    from talkgen.style import Colors

TABLES = ()
MEASURES_TIME = True
_WRITTEN = 4  # tokens: one alone is a short time to measure
_NAMES = {"transformer": "Transformer", "lstm": "LSTM", "rnn": "RNN"}
_WHAT = {"read": "reading", "train": "training on it", "write": "writing one more"}
_COMMON = {"n_layer": 2, "n_head": 4, "norm": "rms", "bias": False, "positions": "rotary"}
# Widths that give all three as many parameters beside their embeddings: 0.4, 9.8 and 25 million.
_WIDTHS = {"transformer": (128, 640, 1024), "lstm": (157, 784, 1254), "rnn": (314, 1568, 2508)}
_VOCABULARY = 256
_WHOLE = {"mkldnn_rnn_layer": "one fused call", "attention": "fused attention"}  # kernels of a whole sequence
_LOOP = "a loop over tokens"
_WIDE = 900  # px of a picture in which kernels are named


class Params(base.Params):
    """How many sizes, the tokens read at each, the longest text of which growth is measured, and how often."""

    sizes: int = Field(3, ge=1, le=3)
    tokens: int = Field(64, ge=8, le=2048)
    longest: int = Field(4096, ge=64, le=16384)
    repeats: int = Field(3, ge=3, le=50)


def compute(params: Params, inputs: Inputs) -> Data:  # noqa: ARG001 – needs nothing but the code of the models
    """Seconds a token of every model, and how the time to read grows with the text, at the smallest size."""
    import torch

    cores = os.cpu_count() or 1
    sized = [build_all(size, 2 * params.longest) for size in range(params.sizes)]
    timings: Data = {name: {what: [] for what in _WHAT} for name in _NAMES}
    for models in sized:
        calls = make_calls(models, params.tokens)
        with so_many_threads(1):
            one = core_seconds(calls, params.repeats)
        with so_many_threads(cores):
            every = core_seconds(calls, params.repeats, time.perf_counter)
        for name, what in calls:
            tokens = _WRITTEN if what == "write" else params.tokens
            timings[name][what].append(_about(one[name, what], every[name, what], tokens))
    lengths = [params.longest // 4, params.longest // 2, params.longest]
    with so_many_threads(1), torch.inference_mode():
        for name, exponents in measure_growth(sized[0], lengths, params.repeats).items():
            timings[name]["exponent"] = exponents
    return {
        "tokens": params.tokens,
        "lengths": lengths,
        "repeats": params.repeats,
        "cores": cores,
        "parameters": {name: [each[name].count_parameters(embeddings=False) for each in sized] for name in _NAMES},
        "kernels": {name: kernel_of(sized[0][name]) for name in _NAMES},
        "machine": machine(),
        "torch": torch.__version__,
        "timings": timings,
    }


def build_all(size: int, context: int) -> dict[str, LanguageModel]:
    """The three models of a size, with fresh weights."""
    return {name: build(name, size, context) for name in _NAMES}


def build(name: str, size: int, context: int) -> LanguageModel:
    """A model of two layers with fresh weights, of the `size` that counts from 0."""
    from talkgen.lm.models.architectures import build_model
    from talkgen.lm.models.config import ModelConfig

    shape: dict[str, Any] = {**_COMMON, "architecture": name, "n_embd": _WIDTHS[name][size], "block_size": context}
    return build_model(ModelConfig(_VOCABULARY, **shape)).eval()


def make_calls(models: Mapping[str, LanguageModel], tokens: int) -> dict[tuple[str, str], Callable[[], object]]:
    """What is timed of each model: a text read, a step of training on it, tokens written after it."""
    import torch

    ids = torch.arange(tokens)[None] % _VOCABULARY  # [1, n]; which tokens they are does not matter
    calls: dict[tuple[str, str], Callable[[], object]] = {}
    for name, model in models.items():
        with torch.inference_mode():
            state = read(model, ids)
        calls[name, "read"] = partial(read, model, ids)
        calls[name, "train"] = partial(train, model, ids)
        calls[name, "write"] = partial(write_on, model, state, ids[:, :1])
    return calls


def read(model: LanguageModel, ids: Tensor) -> State:
    """Reads `ids` [1, n] in one forward pass, predicts one token, and returns the state to write on from."""
    import torch

    with torch.inference_mode():
        state = model.new_state(1, 2 * ids.size(1) + 64)
        model(ids, state, last_only=True)
    return state


def train(model: LanguageModel, ids: Tensor) -> None:
    """Every token of `ids` [1, n] foretold, and the gradients of the loss."""
    import torch.nn.functional as F

    model.train()
    logits, _ = model(ids)
    loss = F.cross_entropy(logits[0, :-1], ids[0, 1:])
    model.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    model.eval()


def write_on(model: LanguageModel, state: State, token: Tensor) -> None:
    """Takes four steps of a token [1, 1] each."""
    import torch

    with torch.inference_mode():
        for _ in range(_WRITTEN):
            model(token, state)


def kernel_of(model: LanguageModel) -> str:
    """Which kernel of torch's reads a sequence, by the names of the operations that ran."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    names: set[str] = set()

    class Listen(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            names.add(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    with torch.no_grad(), Listen():  # type: ignore[no-untyped-call]
        model(torch.zeros(1, 8, dtype=torch.long))
    return next((words for part, words in _WHOLE.items() if any(part in name for name in names)), _LOOP)


def measure_growth(models: Mapping[str, LanguageModel], lengths: Sequence[int], repeats: int) -> dict[str, list[float]]:
    """The exponents with which each model's time to read grows with the text: the least, the median, the most."""
    import torch

    ids = torch.arange(lengths[-1])[None] % _VOCABULARY
    calls = {(name, n): partial(read, model, ids[:, :n]) for name, model in models.items() for n in lengths}
    seconds = core_seconds(calls, repeats)
    found = {}
    for name in models:
        slopes = [exponent(lengths, [seconds[name, n][repeat] for n in lengths]) for repeat in range(repeats)]
        found[name] = [significant(s, 3) for s in (min(slopes), float(np.median(slopes)), max(slopes))]
    return found


def exponent(lengths: Sequence[int], seconds: Sequence[float]) -> float:
    """The least-squares slope of log(seconds) against log(n)."""
    return float(np.polyfit(np.log(lengths), np.log(seconds), 1)[0])


def _about(one: Sequence[float], every: Sequence[float], tokens: int) -> Data:
    """Seconds a token: of one core the median and the extremes; of all the least, which others disturbed least."""
    return {
        "median": significant(float(np.median(one)) / tokens, 3),
        "lowest": significant(min(one) / tokens, 3),
        "highest": significant(max(one) / tokens, 3),
        "all_cores": significant(min(every) / tokens, 3),
    }


def verdict(data: Data) -> str:
    """How the LSTM's time compares with the transformer's at the largest size: to read, and to write."""
    size, times = human(data["parameters"]["transformer"][-1]), data["timings"]

    def ratio(what: str) -> str:
        return f"{significant(times['lstm'][what][-1]['median'] / times['transformer'][what][-1]['median'], 2):g}"

    return (
        f"At {size} parameters an LSTM takes {ratio('read')} times as long as a transformer to read, "
        f"{ratio('write')} times to write"
    )


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A panel each for reading, training and writing: time a token against size; strong on one core, faint on all."""
    paper = sheet(canvas)
    colors = paper.colors
    first = write_headline(paper, verdict(data))
    named = [_named(data, name, colors, kernel=canvas.width > _WIDE) for name in _NAMES]
    beside = name_beside(paper, named)
    first = (first if beside else write_key(paper, named, first)) + 20
    left, between = 84, 26
    wide = (canvas.width - left - 2 * between - 20 - beside) / len(_WHAT)
    titles = {what: wrap(paper, title, wide) for what, title in _WHAT.items()}
    top = first + 28 * max(map(len, titles.values())) - 6
    for column, (what, lines) in enumerate(titles.items()):
        x = left + column * (wide + between)
        for row, line in enumerate(lines):
            paper.write(x, first + 28 * row, line, paper.sizes.small, bold=True, color=colors.muted)
        pen = plot(canvas, x, top, x + wide, canvas.height - 78, paper.picture)
        blank = [replace(line, name="", power="") for line in named]
        _draw_panel(pen, data, what, named if what == "write" and beside else blank, ticks=column == 0)
    cores = f"faint: all {data['cores']} cores"
    note = f"time a token, by parameters; n up to {data['lengths'][-1]:,}; {cores}"
    note = note if paper.text_width(note) < canvas.width - 4 else f"time a token, by parameters; {cores}"
    note = paper.shorten(note, canvas.width - 4)
    paper.write(canvas.width / 2, canvas.height - 18, note, color=colors.muted, align="center")
    return paper.picture


def _named(data: Data, name: str, colors: Colors, *, kernel: bool) -> Line:
    """A model's line, yet without points; its name says how the time to read grows and, where it fits, the kernel."""
    ran = "looped" if data["kernels"][name] == _LOOP else "fused"
    label = f"{_NAMES[name]}, {ran}: n" if kernel else f"{_NAMES[name]} n"
    color = colors.attention if name == "transformer" else colors.recurrent
    power = f"{data['timings'][name]['exponent'][1]:.2f}".replace("-", "−")
    return Line(label, (), (), color, dashed=name == "rnn", power=power)


def _draw_panel(pen: Pen, data: Data, what: str, named: Sequence[Line], *, ticks: bool) -> None:
    timings, sizes = data["timings"], data["parameters"]["transformer"]
    every = [
        time[which]
        for name in _NAMES
        for each in _WHAT
        for time in timings[name][each]
        for which in ("median", "all_cores")
    ]
    low, high = min(every) / 1.5, max(every) * 1.5
    pen.axes.set(xscale="log", yscale="log", xlim=(sizes[0] * 0.4, sizes[-1] * 2.5), ylim=(low, high))
    marks = [10.0**k for k in range(-8, 3) if low <= 10.0**k <= high]
    pen.label_axis("y", marks, [show_seconds(mark) if ticks else "" for mark in marks])
    shown = [sizes[0], sizes[-1]]  # what lies between has no room
    pen.label_axis("x", shown, [human(significant(size, 2)) for size in shown])
    lines = []
    for name, line in zip(_NAMES, named, strict=True):
        times = timings[name][what]
        pen.band(sizes, [t["lowest"] for t in times], [t["highest"] for t in times], line.color, alpha=0.2)
        style = "--" if line.dashed else "-"
        pen.line(sizes, [t["all_cores"] for t in times], line.color, 2, alpha=0.55, linestyle=style)
        lines.append(replace(line, xs=sizes, ys=[t["median"] for t in times]))
    draw_lines(pen, lines, gap=18)


def describe(data: Data) -> str:
    """Each model's times at every size, with the kernel that ran, and what they were measured on."""
    sizes = ", ".join(human(size) for size in data["parameters"]["transformer"])
    parts = [
        f"Time a token of three untrained networks of {sizes} parameters beside embeddings, to read {data['tokens']} "
        f"tokens, to train on them, and to write one more: one core of {data['machine']}, one thread, and all "
        f"{data['cores']} by the clock; torch {data['torch']}, medians of {data['repeats']} interleaved repeats."
    ]
    for name, title in _NAMES.items():
        times = data["timings"][name]
        said = "; ".join(
            f"{words} "
            + ", ".join(f"{show_seconds(t['median'])} ({show_seconds(t['all_cores'])} on all)" for t in times[what])
            for what, words in _WHAT.items()
        )
        least, middle, most = times["exponent"]
        parts.append(
            f"{title} ({data['kernels'][name]}): {said}; the time to read n tokens of the smallest grows as n to the "
            f"power {middle:g} ({least:g} to {most:g}) from {data['lengths'][0]:,} to {data['lengths'][-1]:,}."
        )
    parts.append("Writing n tokens takes each of them n steps, one after the other.")
    return " ".join(parts)
