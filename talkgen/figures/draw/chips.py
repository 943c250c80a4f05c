"""Draws tokens as chips in a row, the colours taking turns, as the decks' own token chips do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.figures.base import Canvas
from talkgen.figures.draw.drawing import rounded_box, text_width, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PADDING, _GAP = 10.0, 6.0


def chip_width(canvas: Canvas, text: str, size: float) -> float:
    """Width in px of one chip and the gap after it."""
    return text_width(canvas, text, size, mono=True) + 2 * _PADDING + _GAP


def draw_chips(axes: Axes, canvas: Canvas, tokens: list[str], x: float, y: float, end: float, size: float) -> float:
    """Draws `tokens` from px `x` on, the last ones where not all fit; returns where the row ends."""
    first = len(tokens)
    room = end - x
    while first and chip_width(canvas, tokens[first - 1], size) <= room - (0 if first == 1 else 34):
        first -= 1
        room -= chip_width(canvas, tokens[first], size)
    if first:
        write(axes, canvas, x, y, "…", size, color=canvas.style.colors.muted)
        x += 34
    for index, token in enumerate(tokens[first:], first):
        color = canvas.style.categories[index % 4]
        x = draw_chip(axes, canvas, token, x, y, size, color=color)
    return x


def draw_chip(axes: Axes, canvas: Canvas, text: str, x: float, y: float, size: float, *, color: str) -> float:
    """Draws one chip from px `x` on and returns where the next one begins."""
    width = chip_width(canvas, text, size) - _GAP
    rounded_box(axes, x, y - size * 0.85, width, size * 1.7, 7, fill=color, alpha=0.22, edge=color)
    write(axes, canvas, x + width / 2, y, text, size, mono=True, align="center")
    return x + width + _GAP
