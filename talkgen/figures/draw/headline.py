"""Writes above a diagram what it says, on as many lines as it needs; knows no figure."""

from __future__ import annotations

from talkgen.figures.draw.pen import Pen

_FIRST, _LINE, _EDGE = 18, 29, 2  # px: the middle of the first line, from one to the next, left of all


def write_headline(pen: Pen, text: str) -> float:
    """Writes `text` along the upper edge of a sheet and returns the px down to where it ends."""
    lines = wrap(pen, text, pen.canvas.width - 2 * _EDGE)
    for number, line in enumerate(lines):
        pen.write(_EDGE, _FIRST + _LINE * number, line, pen.sizes.small, bold=True)
    return _FIRST + _LINE * (len(lines) - 0.5)


def wrap(pen: Pen, text: str, room: float) -> list[str]:
    """`text` of a headline in lines of at most `room` px; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.text_width(longer, pen.sizes.small, bold=True) <= room:
            lines[-1] = longer
        else:
            lines.append(pen.shorten(word, room, pen.sizes.small, bold=True))
    return lines
