"""Draws a traced transformer as a residual stream, with an embedding, the parts of a block, and what comes last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talkgen.figures.base import Canvas, Data
from talkgen.figures.draw.headline import write_note
from talkgen.figures.draw.pen import Pen
from talkgen.figures.numbers import human

_GAP = 34.0  # px between boxes, where the stream and its pluses are seen
_TALL = 78.0  # px from which on a box holds three lines
_ABOVE = 28.0  # px between the stream and the boxes that hang on it


@dataclass(frozen=True)
class Row:
    """Where a row is drawn: its stream's height in px, that of its boxes, and whether they hang below the stream."""

    pen: Pen
    data: Data
    left: float
    right: float
    stream: float
    high: float
    below: bool = True

    @property
    def wide(self) -> float:
        """Width of a box."""
        return (self.right - self.left) / len(self.data["parts"]) - _GAP

    def middle(self, index: int) -> float:
        """The middle of a box, across."""
        return self.left + (index + 0.5) * (self.wide + _GAP)

    def hanging(self) -> float:
        """The middle of the boxes of a block, down the page."""
        return self.stream + (1 if self.below else -1) * (self.high / 2 + _ABOVE)

    def draw(self, shown: int, ends: tuple[str, str]) -> None:
        """Draws the first `shown` boxes; `ends` are the names of what goes in and what comes out."""
        pen, parts, colors = self.pen, self.data["parts"], self.pen.colors
        last = len(parts) - 1
        whole = shown > last
        end = self.right if whole else self.middle(shown - 1) + self.wide / 2 + _GAP
        pen.line([self.left, end], [self.stream] * 2, colors.ink, 4, zorder=1)
        if whole:
            pen.arrow((self.right - 12, self.stream), (self.right, self.stream), colors.ink, 4)
        self._draw_frame(min(shown, last))
        for index, part in enumerate(parts[:shown]):
            on_stream = index in (0, last)
            self._draw_box(part, self.middle(index), self.stream if on_stream else self.hanging())
            if not on_stream:
                self._connect(index)
        away = -(self.high / 2 + 18) if self.below else self.high / 2 + 18
        halves = [pen.text_width(text) / 2 for text in ends]
        first = max(self.middle(0), self.left + halves[0])
        pen.write(first, self.stream + away, ends[0], color=colors.muted, align="center")
        if whole:
            x = min(self.middle(last), self.right - halves[1])
            pen.write(x, self.stream + away, ends[1], color=colors.muted, align="center")

    def _draw_frame(self, shown: int) -> None:
        """Around the parts of a block that are drawn, with how often it stands there, and what runs through it."""
        if shown < 2:
            return
        pen, sign = self.pen, 1 if self.below else -1
        left = self.middle(1) - self.wide / 2 - 26
        right = self.middle(shown - 1) + self.wide / 2 + _GAP - 4
        far, near = self.hanging() + sign * (self.high / 2 + 12), self.stream - sign * 42
        top, bottom = min(far, near), max(far, near)
        pen.box(left, top, right - left, bottom - top, 12, edge=pen.colors.line)
        count = self.data["blocks"]
        texts = [f"a block · {count} of them", f"{count} blocks"] if count > 1 else ["one block"]
        shape = f"{self.data['tokens']} × {self.data['width']}"
        y = self.stream - sign * 22
        pen.write(left + 12, y, shape)
        end = right - _GAP - 10  # left of the plus on the frame's edge, right of the one before it
        start = max(left + 42 + pen.text_width(shape), self.middle(shown - 2) + self.wide / 2 + 34)
        if text := next((text for text in texts if start + pen.text_width(text) <= end), ""):
            pen.write(end, y, text, color=pen.colors.muted, align="right")

    def _connect(self, index: int) -> None:
        """Out of the stream into a box and back, where it is added."""
        pen, x, y, half = self.pen, self.middle(index), self.hanging(), self.wide / 2
        out, back = x - half - 14, x + half + 14
        pen.line([out, out, x], [self.stream, y, y], pen.colors.muted, 2.5, zorder=0)
        pen.line([x, back, back], [y, y, self.stream], pen.colors.muted, 2.5, zorder=0)
        pen.circle(back, self.stream, 13, fill=pen.colors.surface, edge=pen.colors.ink, above=4)
        pen.write(back, self.stream - 1, "+", pen.sizes.small, align="center").set_zorder(5)

    def _draw_box(self, part: Data, x: float, y: float) -> None:
        """A part: its name, its parameters, its FLOPs."""
        pen, colors = self.pen, self.pen.colors
        attends = part["name"].endswith("attention")
        edge = colors.attention if attends else colors.accent if part["name"] == "MLP" else colors.muted
        pen.box(x - self.wide / 2, y - self.high / 2, self.wide, self.high, 10, fill=colors.surface, edge=edge)
        name = _name(part, pen, self.wide - 8)
        tall = self.high >= _TALL
        pen.write(x, y - (0.28 if tall else 0.2) * self.high, name, pen.sizes.small, bold=True, align="center")
        rows = _numbers(part, pen, self.wide - 8, rows=2 if tall else 1)
        for row, text in enumerate(rows):
            share = (0.03 + 0.29 * row) if tall else 0.24
            pen.write(x, y + share * self.high, text, color=colors.muted if row else None, align="center")


def _name(part: Data, pen: Pen, room: float) -> str:
    """A part's name, as long as there is room for it."""
    name = str(part["name"])
    names = [name, name.replace("self-", ""), name.replace("-attention", "")]
    return next((each for each in names if pen.text_width(each, pen.sizes.small, bold=True) <= room), names[-1])


def _numbers(part: Data, pen: Pen, room: float, rows: int) -> list[str]:
    """Parameters and FLOPs in so many rows, as much as there is room for; where a table is another's, that is said."""
    number = human(part["parameters"])
    parameters = [f"{number} + shared", number] if part["shared"] else [number]
    parameters = ["shared"] if part["shared"] and not part["parameters"] else parameters
    work = human(part["flops"])
    flops = [f"{work} FLOPs", work] if part["flops"] else ["–"]
    if rows == 1:
        both = [f"{of} · {does}" for of in parameters for does in flops] if part["flops"] else parameters
        return [_fitting([*both, parameters[-1]], pen, room)]
    return [_fitting(parameters, pen, room), _fitting(flops, pen, room)]


def _fitting(texts: Sequence[str], pen: Pen, room: float) -> str:
    return next((text for text in texts if pen.text_width(text) <= room), texts[-1])


def draw_alone(pen: Pen, data: Data, canvas: Canvas, top: float, *, out: str, whose: str) -> None:
    """The one row of `data` below `top`: so many tokens go in, as many vectors of `out` numbers come out."""
    high = min(130.0, (canvas.height - top - 150) / 1.5)
    middle = (top + canvas.height - 34) / 2 - high / 4 - 5  # of the stream; the boxes around it are in the middle
    tokens = data["row"]["tokens"]
    row = Row(pen, data["row"], 4, canvas.width - 4, middle, high)
    row.draw(data["step"], (f"{tokens} tokens", f"{tokens} × {out}"))
    write_note(pen, "parameters and FLOPs of one block", whose)


def say_row(row: Data) -> str:
    """A row in words: each box with its parameters and FLOPs."""
    parts = ", ".join(
        f"{part['name']} {human(part['parameters'])} parameters{' and a shared table' if part['shared'] else ''}, "
        f"{human(part['flops'])} FLOPs"
        for part in row["parts"]
    )
    count = row["blocks"]
    return (
        f"The {row['name']} over {row['tokens']} tokens, {row['tokens']} × {row['width']} along the stream, "
        f"{count} {'blocks' if count > 1 else 'block'} of equal parts: {parts}"
    )
