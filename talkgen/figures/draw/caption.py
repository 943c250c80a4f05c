"""Writes above a plot what it says, the numbers it says it with, and what the vertical axis is; knows no figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from talkgen.figures.base import Canvas, Data
from talkgen.figures.draw.drawing import write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 104  # px from the upper edge of a picture to its plot, with two lines of numbers
_EDGE = 2  # px that letters may reach over where they are written to


def write_head(paper: Axes, canvas: Canvas, says: str, numbers: Sequence[tuple[str, str]], axis: str) -> None:
    """Writes on the sheet `paper` what the plot `says`, two `numbers` (text, colour), and the name of its `axis`."""
    write(paper, canvas, _EDGE, 16, says[:1].upper() + says[1:], canvas.style.sizes.small, bold=True)
    for row, (text, color) in enumerate(numbers):
        write(paper, canvas, canvas.width - _EDGE, 50 + 28 * row, text, color=color, align="right")
    write(paper, canvas, _EDGE, HEIGHT - 26, axis, color=canvas.style.colors.muted)


def with_interval(number: Data) -> str:
    """A number of `fits.estimate` in words that fit a picture: 0.105 (95 %: 0.093 to 0.126)."""
    text = f"{number['value']:z.3f} (95 %: {number['low']:z.3f} to {number['high']:z.3f})"
    return text.replace("-", "−")
