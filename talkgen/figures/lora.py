"""Draws what low-rank adaptation (Hu et al. 2021) costs and reaches: held-out loss against trained parameters, by rank.

A model learns French, sentences from a grammar, as many steps with every rank and with all its weights. Beside it the
singular values of what full fine-tuning changed in one matrix: how few directions it needs, LoRA bets.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import DASHED, DOTTED, Pen, plot, sheet, styled
from talkgen.figures.numbers import human, percent, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
_ROWS, _LENGTH, _HELD_OUT = 8, 32, 16  # windows of a step and their tokens; windows that the loss is measured on
_RATES = {"lora": 1e-2, "full": 3e-3}  # of 1e-3, 3e-3, 1e-2 and 3e-2 the best of each, at rank 4, after 40 steps
_LOW, _FULL, _DONE = 1, 2, 3
_BELOW, _LEFT, _BETWEEN = 76, 64, 100  # px around the plots
_NARROW = 320  # px of a plot below which it has fewer ticks
_LEVEL = 64  # px below a line that its name may reach
Rank = Annotated[int, Field(ge=1, le=512)]
Batch = tuple["torch.Tensor", "torch.Tensor"]


class Params(base.Params):
    """Who learns, in which ranks, for how many steps, and the step shown: LoRA, full fine-tuning, singular values."""

    model: ModelName = "small"
    ranks: tuple[Rank, ...] = Field((1, 4, 16), min_length=1, max_length=8)
    steps: int = Field(40, ge=1, le=1000)
    seed: int = Field(1, ge=0)
    step: int = Field(_DONE, ge=_LOW, le=_DONE)


def compute(params: Params, inputs: Inputs) -> Data:
    """Held-out losses before, after each rank and after full fine-tuning, and the singular values of a change.

    Raises:
        ModelError: the model is no transformer.
    """
    import torch

    from talkgen.lm.models.transformer import Transformer
    from talkgen.lm.train.lora import adapt, count_trained, finetune

    loaded = inputs.model(params.model)
    if not isinstance(loaded.model, Transformer):
        raise ModelError(f"{loaded.label} is no transformer", "name one: model: small")
    length = min(_LENGTH, loaded.model.config.block_size - 1)
    learned = french_batches(loaded, params.steps, _ROWS, length, unseen=False, seed=params.seed)
    held_out = french_batches(loaded, 1, _HELD_OUT, length, unseen=True, seed=params.seed)[0]
    ranks = []
    for rank in sorted(set(params.ranks)):
        adapted = adapt(loaded.model, rank, seed=params.seed)
        finetune(adapted, learned, _RATES["lora"], params.seed)
        ranks.append({"rank": rank, "trained": count_trained(adapted), "loss": significant(loss_on(adapted, held_out))})
    whole = copy.deepcopy(loaded.model).requires_grad_(requires_grad=True)
    finetune(whole, learned, _RATES["full"], params.seed)
    name = f"blocks.{loaded.model.config.n_layer // 2}.mlp.up.weight"
    change = (whole.get_parameter(name) - loaded.model.get_parameter(name)).detach().double()
    values = torch.linalg.svdvals(change)
    return {
        "model": loaded.label,
        "step": params.step,
        "steps": params.steps,
        "tokens": params.steps * _ROWS * length,
        "before": significant(loss_on(loaded.model, held_out)),
        "ranks": ranks,
        "full": {"trained": count_trained(whole), "loss": significant(loss_on(whole, held_out))},
        "matrix": name,
        "values": [significant(value, 3) for value in (values / values[0]).tolist()],
        "energy": [significant(value) for value in ((values**2).cumsum(0) / (values**2).sum()).tolist()],
    }


def french_batches(loaded: Loaded, count: int, rows: int, length: int, *, unseen: bool, seed: int) -> list[Batch]:
    """Inputs and targets [rows, length] of French sentences; `unseen` ones hold combinations that others do not."""
    import numpy as np
    import torch

    from talkgen.lm.text.phrases import draw_pair

    rng = np.random.default_rng((seed, int(unseen)))
    ids: list[int] = []
    while len(ids) < count * rows * (length + 1):
        ids += loaded.tokenizer.encode(" ".join(draw_pair(rng, unseen).french) + "\n")
    windows = torch.tensor(ids[: count * rows * (length + 1)]).view(count, rows, length + 1)
    return [(part[:, :-1], part[:, 1:]) for part in windows]


def loss_on(model: torch.nn.Module, batch: Batch) -> float:
    """The mean loss in nats a token."""
    import torch

    with torch.inference_mode():
        logits, _ = model(batch[0])
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1).double(), batch[1].flatten()))


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Loss against trained parameters, a point a rank, other losses as lines; singular values beside it."""
    paper = sheet(canvas)
    top = write_headline(paper, headline(data)) + 44
    bottom = canvas.height - _BELOW
    both = data["step"] >= _DONE
    middle = _LEFT + (0.62 * (canvas.width - _LEFT - _BETWEEN - 20) if both else canvas.width - _LEFT - 20)
    left = plot(canvas, _LEFT, top, middle, bottom, paper.picture)
    _draw_losses(paper, left, data)
    loss = paper.shorten("held-out loss, nats a token", middle + _BETWEEN - 60)
    paper.write(2, top - 26, loss, color=paper.colors.muted)
    paper.write((_LEFT + middle) / 2, bottom + 46, "trained parameters", color=paper.colors.muted, align="center")
    if both:
        right = plot(canvas, middle + _BETWEEN, top, canvas.width - 16, bottom, paper.picture)
        _draw_values(right, data)
        title = paper.shorten("singular values of ΔW", canvas.width - middle - 60)
        paper.write(middle + 56, top - 26, title, color=paper.colors.muted)
        center = (middle + _BETWEEN + canvas.width - 16) / 2
        paper.write(center, bottom + 46, "direction", color=paper.colors.muted, align="center")
    return paper.picture


def _draw_losses(paper: Pen, pen: Pen, data: Data) -> None:
    """The left plot."""
    from matplotlib.ticker import MaxNLocator

    colors, ranks, full = pen.colors, data["ranks"], data["full"]
    pen.axes.grid(visible=False)
    losses = [each["loss"] for each in ranks]
    low, high = min(*losses, full["loss"]) - 0.25, max(*losses, data["before"], full["loss"]) + 0.25
    first, last = ranks[0]["trained"] / 1.8, max(ranks[-1]["trained"], full["trained"]) * 1.3
    pen.axes.set(xscale="log", xlim=(first, last), ylim=(low, high))
    ticks = [tick for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    pen.label_axis("y", ticks, [f"{tick:g}" for tick in ticks])
    steps = (1,) if pen.axes.bbox.width < _NARROW else (1, 3)
    marks = [m * 10.0**k for k in range(1, 12) for m in steps if first <= m * 10.0**k <= last]
    pen.label_axis("x", marks, [human(mark) for mark in marks])
    _draw_level(pen, data["before"], f"before {data['before']:.2f}", colors.muted, (first, last))
    if data["step"] >= _FULL:
        text = f"all {human(full['trained'])} weights: {full['loss']:.2f}"
        _draw_level(pen, full["loss"], text, colors.recurrent, (first, last))
    pen.line([each["trained"] for each in ranks], losses, colors.attention, 4, marker="o", markersize=8, zorder=3)
    free = 0.0  # px from which on a name has its place to itself
    for each in ranks:
        x, y = pen.at(each["trained"], each["loss"])
        if x < free:
            continue
        name = f"r = {each['rank']}" if each is ranks[0] else str(each["rank"])
        below = y - pen.at(each["trained"], data["before"])[1] < _LEVEL  # where the line's own name stands above it
        paper.write(x + 4, y + 26 if below else y - 24, name, color=colors.attention, bold=True)
        free = x + 4 + paper.text_width(name, bold=True)


def _draw_level(pen: Pen, loss: float, text: str, color: str, ends: tuple[float, float]) -> None:
    """A loss as a line across, with its name on it."""
    pen.line(ends, [loss, loss], color, 3, linestyle=DOTTED if color == pen.colors.muted else DASHED, zorder=2)
    left, height = pen.at(ends[0], loss)
    x, y = pen.from_px(left + 8, height + (18 if color == pen.colors.muted else -18))
    pen.write(x, y, text, color=color, bold=True)


def _draw_values(pen: Pen, data: Data) -> None:
    """The right plot, on a logarithmic axis of directions."""
    values: Sequence[float] = data["values"]
    pen.axes.set(xscale="log", xlim=(1, max(2, len(values))), ylim=(0, 1.05))
    marks = [2**k for k in range(0, 12, 2) if 2**k <= len(values)]
    pen.label_axis("x", marks, [str(mark) for mark in marks])
    pen.label_axis("y", [0, 0.5, 1], ["0", "0.5", "1"])
    pen.line(range(1, len(values) + 1), values, pen.colors.recurrent, 4)


def half_energy(data: Data) -> int:
    """How many directions hold half of what full fine-tuning changed."""
    return next(count for count, share in enumerate(data["energy"], 1) if share >= 0.5)


def headline(data: Data) -> str:
    """What the best rank reaches of the gain, and with how much less."""
    best = min(data["ranks"], key=lambda each: each["loss"])
    gained, possible = data["before"] - best["loss"], data["before"] - data["full"]["loss"]
    share = percent(best["trained"] / data["full"]["trained"])
    if data["step"] < _FULL or possible <= 0:
        return f"Rank {best['rank']} trains {share} of the parameters: loss {data['before']:.2f} to {best['loss']:.2f}"
    return f"Rank {best['rank']} trains {share} of the parameters and gets {percent(gained / possible)} of the gain"


def describe(data: Data) -> str:
    """Each rank, full fine-tuning, and the directions."""
    ranks = "; ".join(
        f"rank {each['rank']} {human(each['trained'])} trained, {each['loss']:.2f}" for each in data["ranks"]
    )
    full = data["full"]
    return (
        f"{data['model']} learns French from {human(data['tokens'])} tokens in {data['steps']} steps; held-out loss in "
        f"nats a token, {data['before']:.2f} before. LoRA: {ranks}. Full fine-tuning: "
        f"{human(full['trained'])} trained, {full['loss']:.2f}. Of what it changed in "
        f"{data['matrix']}, {half_energy(data)} of {len(data['values'])} "
        f"directions hold half. {headline(data)}."
    )
