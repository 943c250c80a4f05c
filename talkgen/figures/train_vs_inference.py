"""Draws why a transformer trains on all tokens at once and writes one at a time: n predictions, in one pass and in n.

Both give the same predictions, which is checked; timed on one core, the passes one by one with a cache of keys and
values, so that each reads one token only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.passage import PASSAGE
from talkgen.figures.measure.timing import core_seconds, machine, one_thread, show_seconds
from talkgen.figures.measure.tokens import read_text, show_piece, show_pieces
from talkgen.figures.numbers import significant

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.models.base import LanguageModel

TABLES = ()
MEASURES_TIME = True
_SHOWN = 8  # tokens drawn; the others are counted
_TRAIN, _DONE = 1, 2


class Params(base.Params):
    """Whose predictions of which text, how often they are timed, and the step: training, then inference too."""

    model: ModelName = ""
    text: str = Field(PASSAGE, min_length=1, max_length=4000)
    repeats: int = Field(5, ge=3, le=50)
    step: int = Field(_DONE, ge=_TRAIN, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Seconds of a core for the predictions after each token, and how many are the same both ways."""
    import torch

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.text, most=1000)
    with torch.inference_mode():
        whole, _ = loaded.model(ids)
        single = one_by_one(loaded.model, ids)
        calls = {"train": lambda: loaded.model(ids), "infer": lambda: one_by_one(loaded.model, ids)}
        with one_thread():
            seconds = core_seconds(calls, params.repeats)
    following = whole[0].argmax(-1)
    return {
        "model": loaded.label,
        "step": params.step,
        "count": ids.size(1),
        "tokens": show_pieces(loaded, ids[:, :_SHOWN]),
        "next": [show_piece(piece) for piece in loaded.tokenizer.pieces(following[:_SHOWN].tolist())],
        "same": int((single.argmax(-1) == following).sum()),
        "machine": machine(),
        "timings": {name: significant(sorted(times)[len(times) // 2], 3) for name, times in seconds.items()},
    }


def one_by_one(model: LanguageModel, ids: torch.Tensor) -> torch.Tensor:
    """The logits [T, V] after each token of `ids` [1, T], each read by itself after what is remembered."""
    import torch

    state, found = model.new_state(1, ids.size(1)), []
    for t in range(ids.size(1)):
        logits, state = model(ids[:, t : t + 1], state)
        found.append(logits[0])
    return torch.cat(found)


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """One wide pass over all tokens; below it a narrow one each, with what both take."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data))
    half = (canvas.height - top - 36) / 2
    right = canvas.width - 148
    fitting = max(1, min(len(data["tokens"]), int((right - 40) / 84)))
    step = (right - 40) / fitting
    for row, name in enumerate(("train", "infer")[: data["step"]]):
        middle = top + (row + 0.5) * half
        _draw_passes(pen, data, middle, (step, fitting), one=name == "train")
        seconds = data["timings"][name]
        count = data["count"]
        passes = "1 pass" if name == "train" else f"{count} {'passes' if count > 1 else 'pass'}"
        pen.write(canvas.width - 2, middle - 18, show_seconds(seconds), pen.sizes.body, bold=True, align="right")
        pen.write(canvas.width - 2, middle + 20, passes, color=pen.colors.muted, align="right")
    whose = pen.shorten(f"{data['model']} · one core of {data['machine']}", canvas.width - 4)
    pen.write(canvas.width - 2, canvas.height - 14, whose, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_passes(pen: Pen, data: Data, middle: float, places: tuple[float, int], *, one: bool) -> None:
    """Tokens below, what comes out above; one box around all of them, or one each, handing its keys on."""
    step, fitting = places
    color = pen.colors.attention if one else pen.colors.accent
    high = 44.0
    if one:
        pen.box(4, middle - high / 2, step * fitting - 8, high, 10, fill=pen.colors.surface, edge=color)
        pen.write(step * fitting / 2, middle, "training", pen.sizes.small, bold=True, align="center")
    for index in range(fitting):
        x = (index + 0.5) * step
        if not one:
            wide = step - 30
            pen.box(x - wide / 2, middle - high / 2, wide, high, 10, fill=pen.colors.surface, edge=color)
            pen.write(x, middle, str(index + 1), pen.sizes.small, bold=True, align="center")
            if index:
                pen.arrow((x - step + wide / 2, middle), (x - wide / 2, middle), color)
        pen.arrow((x, middle + 46), (x, middle + high / 2), pen.colors.muted)
        pen.arrow((x, middle - high / 2), (x, middle - 46), pen.colors.muted)
        pen.write(x, middle + 62, pen.shorten(data["tokens"][index], step - 6), align="center")
        pen.write(x, middle - 62, pen.shorten(data["next"][index], step - 6), color=pen.colors.muted, align="center")
    if data["count"] > fitting:
        pen.write(step * fitting + 8, middle, "…", pen.sizes.body, color=pen.colors.muted)


def headline(data: Data) -> str:
    """How much sooner one pass has all predictions."""
    count, times = data["count"], data["timings"]
    if data["step"] < _DONE:
        return f"Training gets {count} predictions from one pass"
    more = significant(times["infer"] / times["train"], 2)
    return f"{count} predictions: one pass to train, {count} to write, {more:g} times as long"


def describe(data: Data) -> str:
    """What both take, and that they agree."""
    times = data["timings"]
    return (
        f"{data['model']} on {data['count']} tokens, on one core of {data['machine']}. In training one pass "
        f"foretells the token after each of them, in {show_seconds(times['train'])}. In inference each token is "
        f"a pass of its own, {show_seconds(times['infer'])} in all. "
        f"{data['same']} of {data['count']} predictions are the same."
    )
