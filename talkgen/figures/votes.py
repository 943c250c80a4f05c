"""Draws what a room guessed beside what a model expected: a pair of bars a token, and the loss of both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, VotesOf
from talkgen.figures.draw.headline import wrap
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import show_piece, show_text
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
ROWS = 7
_LINE = 29  # px from a line of the losses to the next


class Params(base.Params):
    """The talk whose votes are shown, and which round: 1 is the first, -1 the last."""

    votes: VotesOf = ""
    round: int = Field(-1, ge=-1000, le=1000)


def compute(params: Params, inputs: Inputs) -> Data:
    """The round's tokens with the model's share and the room's, and −log2 of what each gave to the true one."""
    rounds = inputs.votes(params.votes)
    place = params.round - 1 if params.round > 0 else params.round
    if not (params.round and -len(rounds) <= place < len(rounds)):
        return {"rounds": len(rounds), "round": None}
    return {"rounds": len(rounds), "round": _read(rounds[place])}


def _read(one: Data) -> Data:
    truth = one["answer"]
    odds = {choice["text"]: choice["p"] for choice in [*one["choices"], *([truth] if truth else [])]}
    counted = {vote["text"]: vote["votes"] for vote in one["votes"]}
    voters = max(1, one["voters"])
    must = [truth["text"]] if truth else []
    texts = list(dict.fromkeys([*must, *list(counted)[:3], *odds]))[:ROWS]
    rows = [{"text": text, "p": odds.get(text), "share": round(counted.get(text, 0) / voters, 4)} for text in texts]
    rows.sort(key=lambda row: (-(row["p"] or 0), row["text"]))
    right = counted.get(truth["text"], 0) if truth else 0
    return {
        "prompt": one["prompt"],
        "label": one["label"],
        "voters": one["voters"],
        "rows": rows,
        "truth": truth["text"] if truth else None,
        "model bits": _bits(truth["p"]) if truth and truth["p"] else None,
        "room bits": _bits(right / voters) if right else None,
    }


def _bits(p: float) -> float:
    return round(-math.log2(p), 3)


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The end of the prompt, a row a token with both shares, and the losses below."""
    pen = sheet(canvas)
    one = data["round"]
    if one is None:
        pen.write(canvas.width / 2, canvas.height / 2, describe(data), pen.sizes.small, align="center")
        return pen.picture
    size, colors = pen.sizes.small, pen.colors
    pen.write(2, 22, _tail(pen, f"{one['prompt']} …", canvas.width - 4), size)
    pen.write(canvas.width - 150, 60, "model", size, color=colors.attention, align="right")
    pen.write(canvas.width - 30, 60, "room", size, color=colors.accent, align="right")
    below = wrap(pen, _losses(one), canvas.width - 4)
    top, step = 78.0, (canvas.height - 78.0 - 15.0 - _LINE * len(below)) / len(one["rows"])
    for index, row in enumerate(one["rows"]):
        _draw_row(pen, row, top + (index + 0.5) * step, step, is_true=row["text"] == one["truth"])
    for above, line in enumerate(reversed(below)):
        pen.write(2, canvas.height - 18 - _LINE * above, line, size)
    return pen.picture


def _draw_row(pen: Pen, row: dict[str, Any], y: float, step: float, *, is_true: bool) -> None:
    label, size, colors = 0.22 * pen.canvas.width, pen.sizes.small, pen.colors
    longest = pen.canvas.width - label - 290
    shown = pen.shorten(show_piece(row["text"]), label, size, mono=True)
    pen.write(label, y, shown, size, mono=True, align="right", color=colors.good if is_true else colors.ink)
    height = min(16.0, 0.34 * step)
    for share, color, at in ((row["p"], colors.attention, y - height - 1), (row["share"], colors.accent, y + 1)):
        pen.box(label + 16, at, max(2.0, longest * (share or 0)), height, 3, fill=color)
    told = "–" if row["p"] is None else percent(row["p"])
    pen.write(pen.canvas.width - 150, y, told, size, color=colors.attention, align="right")
    pen.write(pen.canvas.width - 30, y, percent(row["share"]), size, color=colors.accent, align="right")


def _tail(pen: Pen, text: str, width: float) -> str:
    """The end of a text that fits."""
    text = show_text(text)
    while len(text) > 2 and pen.text_width(text, pen.sizes.small) > width:
        text = f"…{text[max(2, len(text) // 20) :]}"
    return text


def _losses(one: Data) -> str:
    if one["truth"] is None:
        return f"{one['voters']} guessed"
    model = "" if one["model bits"] is None else f"model {one['model bits']:.2f} bits, "
    room = f"room {one['room bits']:.2f} bits" if one["room bits"] is not None else "and nobody had it"
    return f"“{show_piece(one['truth'])}”: {model}{room}, {one['voters']} guessed"


def describe(data: Data) -> str:
    """The prompt, the tokens with both shares, and the losses."""
    one = data["round"]
    if one is None:
        asked = f"There is no such round of votes, but {data['rounds']}."
        return asked if data["rounds"] else "The room has not been asked yet."
    listed = ", ".join(
        f"“{show_piece(row['text'])}” {'–' if row['p'] is None else percent(row['p'])} and {percent(row['share'])}"
        for row in one["rows"]
    )
    return f"After “{one['prompt']}”, shares of {one['label']} and of the room: {listed}. {_losses(one)}."
