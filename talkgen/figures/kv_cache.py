"""Draws what keeping keys and values saves and costs: the time of one more token, with and without, and the bytes.

Without a cache every token reads the whole text again. On one core; the times are those of the model's own modules.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import Pen, plot, sheet, styled
from talkgen.figures.measure.timing import core_seconds, machine, one_thread, show_seconds
from talkgen.figures.numbers import human_bytes, significant

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.base import LanguageModel
    from talkgen.lm.models.state import State

TABLES = ()
MEASURES_TIME = True
_SHORTEST = 16
_WRITTEN = 4  # tokens: one alone is a short time to measure
_BELOW, _LEFT = 78, 118  # px around the plot
_BYTES = 96  # px that a cache's bytes need below their length


class Params(base.Params):
    """Whose cache, the longest text in tokens (what its context holds where it is less), and how often it is timed."""

    model: ModelName = ""
    longest: int = Field(1024, ge=2 * _SHORTEST, le=8192)
    repeats: int = Field(5, ge=3, le=50)


def compute(params: Params, inputs: Inputs) -> Data:
    """Seconds of a core for a token after n others, with and without the cache, and the cache's bytes; n doubles.

    Raises:
        ModelError: the model keeps no keys, or its context is too short to show anything.
    """
    import torch

    from talkgen.lm.models.transformer import Transformer

    loaded = inputs.model(params.model)
    model, config = loaded.model, loaded.model.config
    if not isinstance(model, Transformer):
        raise ModelError(f"{loaded.label} keeps no keys and values", "name a transformer: model: small")
    longest = min(params.longest, config.block_size)
    lengths = [n for n in (_SHORTEST * 2**k for k in range(10)) if n <= longest]
    if len(lengths) < 2:
        raise ModelError(
            f"{loaded.label} holds {config.block_size} tokens: too few", "name a model of a longer context"
        )
    ids = torch.arange(longest)[None] % config.vocab_size
    calls: dict[tuple[str, int], Callable[[], object]] = {}
    with one_thread(), torch.inference_mode():
        for n in lengths:
            state = model.new_state(1, n)
            model(ids[:, : n - _WRITTEN], state)
            calls["cache", n] = partial(write_on, model, state, ids[:, n - _WRITTEN : n])
            calls["no cache", n] = partial(model, ids[:, :n], last_only=True)
        seconds = core_seconds(calls, params.repeats)
    middle = {call: sorted(times)[len(times) // 2] for call, times in seconds.items()}
    return {
        "model": loaded.label,
        "lengths": lengths,
        "bytes": [cache_bytes(model, n) for n in lengths],
        "weights": 4 * model.count_parameters(),
        "machine": machine(),
        "timings": {
            "cache": [significant(middle["cache", n] / _WRITTEN, 3) for n in lengths],
            "no cache": [significant(middle["no cache", n], 3) for n in lengths],
        },
    }


def write_on(model: LanguageModel, state: State, tokens: torch.Tensor) -> None:
    """Reads each of `tokens` [1, n] in a step of its own after what the state holds, and takes them back."""
    length = state.length
    for t in range(tokens.size(1)):
        model(tokens[:, t : t + 1], state, last_only=True)
    state.truncate(length)


def cache_bytes(model: LanguageModel, tokens: int) -> int:
    """Bytes of keys and values of so many tokens, as the model keeps them."""
    return tokens * model.new_state(1, 1).bytes_a_token


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The time of a token against what stands before it; the bytes of the cache stand below each length."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 44
    lengths, times = data["lengths"], data["timings"]
    names = {name: f"{name} {show_seconds(times[name][-1])}" for name in ("no cache", "cache")}
    beside = 16 + max(paper.text_width(name, paper.sizes.small, bold=True) for name in names.values())
    pen = plot(canvas, _LEFT, top, canvas.width - beside, canvas.height - _BELOW - 30, paper.picture)
    every = times["cache"] + times["no cache"]
    low, high = min(every) / 1.5, max(every) * 1.3
    pen.axes.set(xscale="log", yscale="log", xlim=(lengths[0], lengths[-1]), ylim=(low, high))
    marks = [m * 10.0**k for k in range(-6, 3) for m in (1, 2, 5) if low <= m * 10.0**k <= high]
    pen.label_axis("y", marks, [show_seconds(mark) for mark in marks])
    pen.label_axis("x", lengths, [f"{n:,}" for n in lengths])
    colors = {"no cache": pen.colors.recurrent, "cache": pen.colors.attention}
    draw_lines(pen, [Line(name, lengths, times[which], colors[which]) for which, name in names.items()])
    _write_bytes(paper, pen, data)
    paper.write(2, top - 26, "time of one more token", color=paper.colors.muted)
    whose = paper.shorten(f"{data['model']} · one core of {data['machine']}", canvas.width - 4)
    paper.write(canvas.width - 2, canvas.height - 14, whose, color=paper.colors.muted, align="right")
    return paper.picture


def _write_bytes(paper: Pen, pen: Pen, data: Data) -> None:
    """Below as many of the lengths as there is room for the bytes that the cache has there."""
    bottom = paper.canvas.height - _BELOW + 26
    room = pen.at(data["lengths"][1], 1)[0] - pen.at(data["lengths"][0], 1)[0]
    apart = -int(-_BYTES // room)
    paper.write(2, bottom - 28, "tokens", color=paper.colors.muted)
    paper.write(2, bottom, "cache", color=paper.colors.attention)
    for n, size in list(zip(data["lengths"], data["bytes"], strict=True))[::-apart]:
        paper.write(pen.at(n, 1)[0], bottom, human_bytes(size), color=paper.colors.attention, align="center")


def headline(data: Data) -> str:
    """What the cache saves at the longest text, and what it costs there."""
    times = data["timings"]
    sooner = significant(times["no cache"][-1] / times["cache"][-1], 2)
    return (
        f"After {data['lengths'][-1]:,} tokens the cache makes the next one {sooner:g} times as fast, "
        f"for {human_bytes(data['bytes'][-1])}"
    )


def describe(data: Data) -> str:
    """Each length with both times and the bytes."""
    times = data["timings"]
    rows = "; ".join(
        f"after {n:,} tokens {show_seconds(with_)} with it, {show_seconds(without)} without, {human_bytes(size)}"
        for n, with_, without, size in zip(
            data["lengths"], times["cache"], times["no cache"], data["bytes"], strict=True
        )
    )
    return (
        f"A cache of keys and values: {data['model']}, on one core of {data['machine']}, time of one more token and "
        f"bytes of the cache in float32 (the weights have {human_bytes(data['weights'])}). {rows}. {headline(data)}."
    )
