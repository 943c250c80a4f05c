"""Draws who copies: the loss of tokens by whether the context has them, attention beside an LSTM, and one line.

A target that follows the same two tokens as before can be copied by looking back (Olsson et al. 2022, induction); one
that stands in the context otherwise half so; one that is new has to be known. The kind is the target's, which no model
sees beforehand: it sorts losses, and says nothing about how a model decides. Below, what each gave every token of a
line of code that neither was trained on.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName, SweepName
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import wrap, write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.sweep_runs import by_model, label_of
from talkgen.figures.measure.tokens import show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
_KINDS = {"trigram": "seen after the same two tokens", "token": "seen elsewhere", "new": "new"}
_SIDES = ("attention", "recurrent")
# From CPython's idlelib/undo.py, which is in the held-out part of `data: library`; chosen because it repeats a name.
_BEFORE = """\
    def __len__(self):
        return len(self.cmds)

    def append(self, cmd):
        self.cmds.append(cmd)

    def getcmd(self, i):
        return self.cmds[i]

    def redo(self, text):
        for cmd in self.cmds:
            cmd.redo(text)

    def undo(self, text):
       """
_LINE = " cmds = self.cmds[:]"
_MOST = 20  # tokens of a line that can be drawn
_BAR = 26  # px


class Params(base.Params):
    """The sweeps that were measured, the two models that read the line, the line, and what stands before it."""

    attention_sweep: SweepName = "library"
    recurrent_sweep: SweepName = "library-lstm"
    attention: ModelName = "code"
    recurrent: ModelName = "code-lstm"
    before: str = Field(_BEFORE, max_length=4000)
    line: str = Field(_LINE, min_length=1, max_length=120)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each kind's losses, the means of the seeds of the best model of each sweep; each model's probabilities."""
    sweeps = [_about(inputs.sweep(name)) for name in (params.attention_sweep, params.recurrent_sweep)]
    models = [inputs.model(name) for name in (params.attention, params.recurrent)]
    tokens: list[str] = []
    found: list[list[float]] = []
    for loaded in models:
        tokens, probabilities = read_line(loaded, params.before, params.line)
        found.append(probabilities)
    if len(found[0]) != len(found[1]):
        raise ModelError(
            f"{models[0].label} and {models[1].label} cut text differently", "name models of one tokenizer"
        )
    return {
        "context": sweeps[0]["context"],
        "targets": sum(kind["targets"] for kind in sweeps[0]["kinds"].values()),
        **dict(zip(_SIDES, sweeps, strict=True)),
        "line": {"tokens": tokens, **dict(zip(_SIDES, found, strict=True))},
    }


def _about(sweep: Data) -> Data:
    """The model of a sweep whose losses are lowest, by kinds of targets.

    Raises:
        ModelError: the sweep was not measured so.
    """
    measured = [(shape, [run for run in runs if run.get("loss_by_copying")]) for shape, runs in by_model(sweep)]
    measured = [(shape, runs) for shape, runs in measured if runs]
    if not measured:
        hint = "name a sweep that was trained on a text and finished"
        raise ModelError(f"the sweep '{sweep['name']}' has no losses by what can be copied", hint)
    shape, runs = min(measured, key=lambda each: fmean(run["val_loss"] for run in each[1]))
    found = [run["loss_by_copying"] for run in runs]
    return {
        "model": label_of(shape),
        "seeds": len(runs),
        "context": found[0]["context"],
        "kinds": {
            kind: {
                "targets": found[0][kind]["targets"],
                "loss": round(fmean(each[kind]["loss"] for each in found), 4),
                "standard_error": round(fmean(each[kind]["standard_error"] for each in found), 4),
            }
            for kind in _KINDS
        },
    }


def read_line(loaded: Loaded, before: str, line: str) -> tuple[list[str], list[float]]:
    """The tokens of `line` as they are drawn, and what the model gave each after all that stands before it.

    Raises:
        ModelError: it is too long for the model or for the picture.
    """
    import torch

    start, ids = loaded.tokenizer.encode(before), loaded.tokenizer.encode(line)
    room = loaded.model.config.block_size
    if len(ids) > _MOST or len(start) + len(ids) > room:
        said = f"the line has {len(ids)} tokens for {loaded.label}, after {len(start)}"
        raise ModelError(said, f"at most {_MOST} can be drawn, and {room} fit with what stands before")
    if not start:
        start, ids = ids[:1], ids[1:]  # the first token has nothing to be foretold from
    if not ids:
        raise ModelError("a line of one token has nothing before it", "give `before` some text")
    with torch.inference_mode():
        logits, _ = loaded.model(torch.tensor([[*start, *ids[:-1]]]))
    p = logits[0, -len(ids) :].double().softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)]
    return show_pieces(loaded, torch.tensor([ids])), [significant(value, 3) for value in p.tolist()]


def verdict(data: Data) -> str:
    """Where attention's lead lies: among what can be copied, and what it is where nothing can."""
    gaps = {
        kind: data["recurrent"]["kinds"][kind]["loss"] - data["attention"]["kinds"][kind]["loss"] for kind in _KINDS
    }
    most = max(gaps, key=lambda kind: gaps[kind])
    words = {"trigram": "what it has seen", "token": "tokens seen elsewhere", "new": "what is new"}
    name, other = data["attention"]["model"], data["recurrent"]["model"]
    if gaps[most] <= 0:
        return f"{other} leads {name} on every kind of token"
    said = f"{name} leads by {gaps[most]:.2f} nats on {words[most]}"
    if gaps["new"] < 0 and most != "new":
        return f"{said}, {other} by {-gaps['new']:.2f} on what is new"
    return said if most == "new" else f"{said}, by {gaps['new']:.2f} on what is new"


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A column for each kind with a bar for each model; below, the line's tokens with both probabilities."""
    pen = sheet(canvas)
    top = write_headline(pen, verdict(data)) + 26
    middle = _draw_kinds(pen, data, top)
    below = _draw_line(pen, data, middle + 34)
    pen.write(2, below + 22, "percent that each gave the tokens of a line of code", color=pen.colors.muted)
    return pen.picture


def _draw_kinds(pen: Pen, data: Data, top: float) -> float:
    """Columns of bars in nats, all on one scale; returns where they end."""
    gap = 30.0
    wide = (pen.canvas.width - 2 * gap) / len(_KINDS)
    heads = {kind: wrap(pen, f"{words}: {percent(_share(data, kind))}", wide) for kind, words in _KINDS.items()}
    first = top + 28 * max(map(len, heads.values())) + 6
    number = pen.text_width("0.00", pen.sizes.small, bold=True) + 10
    scale = (wide - number) / max(data[side]["kinds"][kind]["loss"] for side in _SIDES for kind in _KINDS)
    for column, (kind, lines) in enumerate(heads.items()):
        x = column * (wide + gap)
        for row, line in enumerate(lines):
            pen.write(x + 2, top + 28 * row, line, pen.sizes.small, bold=True)
        for row, (side, color) in enumerate(_colors(pen)):
            loss, y = data[side]["kinds"][kind]["loss"], first + row * (_BAR + 8)
            pen.box(x, y - _BAR / 2, loss * scale, _BAR, 4, fill=color)
            pen.write(x + loss * scale + 8, y, f"{loss:.2f}", pen.sizes.small, color=color, bold=True)
    below = first + 2 * (_BAR + 8)
    note = f"loss in nats of {data['targets']:,} held-out tokens, {data['context']} before each"
    pen.write(2, below + 6, pen.shorten(note, pen.canvas.width - 4), color=pen.colors.muted)
    return below + 6


def _share(data: Data, kind: str) -> float:
    return float(data["attention"]["kinds"][kind]["targets"]) / float(data["targets"])


def _colors(pen: Pen) -> list[tuple[str, str]]:
    return [("attention", pen.colors.attention), ("recurrent", pen.colors.recurrent)]


def _draw_line(pen: Pen, data: Data, top: float) -> float:
    """A column a token: the token, and below it what each model gave it, the fuller the likelier; returns its end."""
    line = data["line"]
    names = {side: data[side]["model"].split(" ")[0] for side in _SIDES}
    left = max(pen.text_width(name, bold=True) for name in names.values()) + 14
    size = float(pen.sizes.figure)
    wants = [max(pen.text_width(token, size, mono=True), pen.text_width("00", size)) + 12 for token in line["tokens"]]
    room = (pen.canvas.width - left) / sum(wants)
    widths = [min(room, 1.6) * want for want in wants]
    tall = min(46.0, (pen.canvas.height - top - 40) / 3)
    for row, (side, color) in enumerate(_colors(pen), 1):
        pen.write(2, top + (row + 0.5) * tall, names[side], color=color, bold=True)
    x = left
    for column, (token, width) in enumerate(zip(line["tokens"], widths, strict=True)):
        shown = pen.shorten(token, width - 2, size, mono=True)
        pen.write(x + width / 2, top + 0.5 * tall, shown, size, mono=True, align="center")
        for row, (side, color) in enumerate(_colors(pen), 1):
            p = line[side][column]
            fill = mix(pen.colors.background, color, max(0.08, p))
            pen.box(x + 2, top + row * tall + 2, width - 4, tall - 4, 5, fill=fill)
            place = x + width / 2, top + (row + 0.5) * tall
            pen.write(*place, _hundredths(p), size, color=ink_on(fill), align="center")
        x += width
    return top + 3 * tall


def _hundredths(p: float) -> str:
    """A probability in percent without its sign; below a half percent a dot, since nothing fits the room."""
    return "·" if p < 0.005 else f"{100 * p:.0f}"


def describe(data: Data) -> str:
    """Each kind's share and losses, and the line's tokens with both probabilities."""
    parts = [
        f"{words} ({percent(_share(data, kind))} of them): "
        + ", ".join(
            f"{data[side]['model']} {data[side]['kinds'][kind]['loss']:.2f} "
            f"± {data[side]['kinds'][kind]['standard_error']:.2f}"
            for side in _SIDES
        )
        + "."
        for kind, words in _KINDS.items()
    ]
    line = data["line"]
    tokens = ", ".join(
        f"{token} {percent(a)} and {percent(b)}"
        for token, a, b in zip(line["tokens"], line["attention"], line["recurrent"], strict=True)
    )
    return (
        f"Loss in nats of {data['targets']:,} held-out tokens after {data['context']} tokens, by what the target is: "
        + " ".join(parts)
        + f" The probability that both gave each token of a line: {tokens}. In short: {verdict(data)}."
    )
