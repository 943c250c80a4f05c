"""Writes above a plot what it says, the numbers it says it with, and what the vertical axis is; knows no figure."""

from __future__ import annotations

from collections.abc import Sequence

from talkgen.figures.base import Data
from talkgen.figures.draw.headline import wrap
from talkgen.figures.draw.pen import Pen

_HEIGHT = 104  # px from the upper edge of a picture to its plot, with two lines of numbers
_LINE = 28
_EDGE = 2  # px that letters may reach over where they are written to


def write_caption(pen: Pen, finding: str, numbers: Sequence[tuple[str, str]], axis: str) -> float:
    """Writes on a sheet the plot's `finding`, two `numbers` (text, colour), and the name of its vertical `axis`.

    Returns the px down to where the plot begins.
    """
    lines = wrap(pen, finding[:1].upper() + finding[1:], pen.canvas.width - 2 * _EDGE)
    for row, line in enumerate(lines):
        pen.write(_EDGE, 16 + _LINE * row, line, pen.sizes.small, bold=True)
    lower = _LINE * (len(lines) - 1)
    for row, (text, color) in enumerate(numbers):
        pen.write(pen.canvas.width - _EDGE, 50 + lower + _LINE * row, text, color=color, align="right")
    needed = pen.text_width(axis) + max(pen.text_width(text) for text, _ in numbers) + 2 * _EDGE
    top = lower + (_HEIGHT if needed < pen.canvas.width else _HEIGHT + _LINE)
    pen.write(_EDGE, top - 26, axis, color=pen.colors.muted)
    return float(top)


def with_interval(number: Data) -> str:
    """A number of `fits.estimate` in words that fit a picture: 0.105 (95 %: 0.093 to 0.126)."""
    text = f"{number['value']:z.3f} (95 %: {number['low']:z.3f} to {number['high']:z.3f})"
    return text.replace("-", "−")
