"""Draws what fewer bits a weight cost: the perplexity of a model whose matrices are rounded, in two ways.

Beside it what is gained: bytes a token reads, and its time, in the forms that the compiled decoder answers from (blocks
of 32 weights with a scale each). Where no decoder can be compiled, or for a model that is no transformer, without.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import Line, draw_lines
from talkgen.figures.draw.pen import DOTTED, Pen, plot, sheet, styled
from talkgen.figures.measure.passage import PASSAGE
from talkgen.figures.measure.rounding import matrices, relative_error, round_model, rounded_bytes
from talkgen.figures.measure.timing import core_seconds, machine, show_seconds
from talkgen.figures.measure.tokens import read_text
from talkgen.figures.numbers import human, human_bytes, percent, significant

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.base import LanguageModel

TABLES = ()
MEASURES_TIME = True
BITS = (8, 6, 5, 4, 3, 2)
_WAYS = {"tensor": "per tensor", "channel": "per channel"}
_TENSOR, _CHANNEL, _DONE = 1, 2, 3
_LOST = 1.1  # times the perplexity up to which little is lost
_BELOW, _LEFT, _NAMES, _TABLE = 112, 74, 150, 330  # px around the plot, and for the table where there is room


class Params(base.Params):
    """Whose weights, on what text, how often a form is timed, and the step: per tensor, per channel, what is gained.

    `matrix` names the one whose error is told; where it is open, it is the one that rounding per tensor hurts most.
    """

    model: ModelName = ""
    text: str = Field(PASSAGE, min_length=1, max_length=8000)
    matrix: str | None = None
    repeats: int = Field(5, ge=3, le=50)
    step: int = Field(_DONE, ge=_TENSOR, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Perplexity and bytes for each number of bits and both ways, the errors of one matrix, and times of the forms.

    Raises:
        ModelError: the text has one token, or there is no such matrix.
    """
    import torch

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.text, most=1000)
    if ids.size(1) < 2:
        raise ModelError(f"{loaded.label} sees one token in the text", "give a text of several tokens")
    named = dict(matrices(loaded.model))
    name = params.matrix or max(named, key=lambda name: relative_error(named[name], 4, by_row=False))
    if name not in named:
        raise ModelError(f"{loaded.label} has no matrix '{name}'", f"one of: {', '.join(list(named)[:6])}, …")
    with torch.inference_mode():
        ways = {
            way: {
                "perplexity": [
                    significant(perplexity(round_model(loaded.model, bits, by_row=by_row), ids)) for bits in BITS
                ],
                "bytes": [rounded_bytes(loaded.model, bits, by_row=by_row) for bits in BITS],
                "error": [significant(relative_error(named[name], bits, by_row=by_row), 3) for bits in BITS],
            }
            for way, by_row in (("tensor", False), ("channel", True))
        }
        whole = perplexity(loaded.model, ids)
        forms, seconds = time_forms(loaded.model, ids, params.repeats)
    return {
        "model": loaded.label,
        "step": params.step,
        "measured_on": ids.size(1) - 1,
        "bits": list(BITS),
        "perplexity": significant(whole),
        "bytes": 4 * loaded.model.count_parameters(),
        "ways": ways,
        "matrix": name,
        "forms": forms,
        "machine": machine(),
        "timings": seconds,
    }


def perplexity(model: LanguageModel, ids: torch.Tensor) -> float:
    """E to the mean loss of every token of `ids` [1, T] but the first."""
    import torch

    logits, _ = model(ids)
    return math.exp(float(torch.nn.functional.cross_entropy(logits[0, :-1].double(), ids[0, 1:])))


def time_forms(model: LanguageModel, ids: torch.Tensor, repeats: int) -> tuple[dict[str, int], dict[str, float]]:
    """Bytes that a token reads, and its seconds on a core after half of `ids` [1, T], in every compiled form."""
    from talkgen.lm.fast import native
    from talkgen.lm.fast.compiled_transformer import CompiledTransformer
    from talkgen.lm.files.packed import FORMATS
    from talkgen.lm.models.transformer import Transformer

    if not isinstance(model, Transformer) or native.load_library() is None:
        return {}, {}
    half = max(1, ids.size(1) // 2)
    forms = {form: CompiledTransformer.from_transformer(model, form) for form in FORMATS}
    for form in forms.values():
        form.threads = 1

    def writer(form: CompiledTransformer) -> Callable[[], object]:
        state = form.new_state(1, half + 1)
        form(ids[:, :half], state, last_only=True)

        def write() -> None:
            form(ids[:, :1], state, last_only=True)
            state.truncate(half)

        return write

    seconds = core_seconds({name: writer(form) for name, form in forms.items()}, repeats)
    middle = {str(name): significant(sorted(times)[len(times) // 2], 3) for name, times in seconds.items()}
    return {str(name): form.bytes for name, form in forms.items()}, middle


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Perplexity against bits, fewer to the right; beside it the table of what a token reads and takes."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 44
    table = _TABLE if canvas.width > 900 and data["forms"] and data["step"] >= _DONE else 0
    pen = plot(canvas, _LEFT, top, canvas.width - _NAMES - table, canvas.height - _BELOW, paper.picture)
    _draw_curves(pen, data)
    paper.write(2, top - 26, "perplexity", color=paper.colors.muted)
    _write_bits(paper, pen, data)
    if table:
        _write_table(paper, data, canvas.width - table + 34, top + 6)
    note = paper.shorten(f"over {data['measured_on']} tokens · {data['model']}", canvas.width - 4)
    paper.write(canvas.width - 2, canvas.height - 14, note, color=paper.colors.muted, align="right")
    return paper.picture


def _draw_curves(pen: Pen, data: Data) -> None:
    """A line a way, and the one of float32."""
    colors = {"tensor": pen.colors.recurrent, "channel": pen.colors.attention}
    ways = list(_WAYS)[: data["step"]]
    every = [value for way in _WAYS for value in data["ways"][way]["perplexity"]]
    low, high = min(*every, data["perplexity"]) / 1.15, max(every) * 1.2
    pen.axes.set(yscale="log", xlim=(BITS[0], BITS[-1]), ylim=(low, high))
    marks = [m * 10.0**k for k in range(9) for m in (1, 2, 5) if low <= m * 10.0**k <= high]
    marks = marks if len(marks) <= 6 else [mark for mark in marks if f"{mark:e}".startswith("1.")]
    pen.label_axis("y", marks, [human(mark) for mark in marks])
    pen.line([BITS[0], BITS[-1]], [data["perplexity"]] * 2, pen.colors.muted, 2.5, linestyle=DOTTED)
    draw_lines(pen, [Line(_WAYS[way], data["bits"], data["ways"][way]["perplexity"], colors[way]) for way in ways])


def _write_bits(paper: Pen, pen: Pen, data: Data) -> None:
    """Below the plot the bits and, where they fit, the model's bytes."""
    pen.label_axis("x", BITS, [str(bits) for bits in BITS])
    bottom, muted = paper.canvas.height - _BELOW + 56, paper.colors.muted
    paper.write(2, bottom - 28, "bits", color=muted)
    paper.write(2, bottom, "bytes", color=muted)
    reached = paper.text_width("bytes") + 4
    for bits, size in zip(data["bits"], data["ways"]["channel"]["bytes"], strict=True):
        x, text = pen.at(bits, data["perplexity"])[0], human_bytes(size)
        half = paper.text_width(text) / 2
        if x - half > reached + 6:
            paper.write(x, bottom, text, color=muted, align="center")
            reached = x + half


def _write_table(paper: Pen, data: Data, left: float, top: float) -> None:
    """A row a form: its name, what a token reads, what it takes."""
    right, colors = paper.canvas.width - 4, paper.colors
    tall = min(42.0, (paper.canvas.height - 76 - top) / (len(data["forms"]) + 1))
    paper.write(left, top, "a token", color=colors.muted)
    paper.write(right - 94, top, "reads", color=colors.muted, align="right")
    paper.write(right, top, "takes", color=colors.muted, align="right")
    for row, (name, size) in enumerate(data["forms"].items(), 1):
        y = top + tall * row
        paper.write(left, y, name, paper.sizes.small, bold=True)
        paper.write(right - 94, y, human_bytes(size), align="right")
        paper.write(right, y, show_seconds(data["timings"][name]), color=colors.attention, bold=True, align="right")
    index = BITS.index(4)
    tensor, channel = (percent(data["ways"][way]["error"][index]) for way in _WAYS)
    y = top + tall * (len(data["forms"]) + 1) + 12
    matrix = data["matrix"].removesuffix(".weight")
    paper.write(left, y, paper.shorten(matrix, right - left), color=colors.muted)
    paper.write(
        left, y + 28, paper.shorten(f"at 4 bits off by {tensor} or {channel}", right - left), color=colors.muted
    )


def fewest_bits(data: Data, way: str) -> int:
    """The fewest bits at which the perplexity is at most a tenth above float32's; 0 where none of them does."""
    kept = [
        bits
        for bits, value in zip(data["bits"], data["ways"][way]["perplexity"], strict=True)
        if value <= _LOST * data["perplexity"]
    ]
    return min(kept, default=0)


def headline(data: Data) -> str:
    """How few bits are enough, both ways."""
    tensor, channel = fewest_bits(data, "tensor"), fewest_bits(data, "channel")
    if data["step"] == _TENSOR:
        least = f"{tensor} bits are enough" if tensor else "8 bits are too few"
        return f"With one scale a matrix {least}"
    if not channel:
        return "Even 8 bits cost more than a tenth of the perplexity"
    size = data["ways"]["channel"]["bytes"][data["bits"].index(channel)]
    part = f"{significant(data['bytes'] / size, 2):g} times smaller"
    more = f", {tensor} with one a matrix" if tensor and tensor != channel else ""
    return f"{channel} bits are enough with a scale a channel{more}: {part}"


def describe(data: Data) -> str:
    """Each number of bits with both perplexities, the matrix, and the forms."""
    tensor, channel = data["ways"]["tensor"], data["ways"]["channel"]
    rows = "; ".join(
        f"{bits} bits {a:g} per tensor, {b:g} per channel ({human_bytes(size)})"
        for bits, a, b, size in zip(
            data["bits"], tensor["perplexity"], channel["perplexity"], channel["bytes"], strict=True
        )
    )
    index = BITS.index(4)
    forms = ", ".join(
        f"{name} {human_bytes(size)} in {show_seconds(data['timings'][name])}" for name, size in data["forms"].items()
    )
    timed = f" A token reads and takes, on one core of {data['machine']}: {forms}." if forms else ""
    return (
        f"Matrices of {data['model']} rounded to few bits; perplexity over {data['measured_on']} tokens, "
        f"{data['perplexity']:g} in float32 ({human_bytes(data['bytes'])}): {rows}. The matrix {data['matrix']} at 4 "
        f"bits is off by {percent(tensor['error'][index])} per tensor, {percent(channel['error'][index])} per channel."
        f"{timed} {headline(data)}."
    )
