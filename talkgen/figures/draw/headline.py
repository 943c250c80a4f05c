"""Writes above a diagram what it says, and below it whose it is, on as many lines as needed; knows no figure."""

from __future__ import annotations

from talkgen.figures.draw.pen import Pen

_FIRST, _LINE, _EDGE, _LAST = 18, 29, 2, 14  # px: the first line's middle, to the next, beside all, below the last


def write_headline(pen: Pen, text: str) -> float:
    """Writes `text` along the upper edge of a sheet and returns the px down to where it ends."""
    lines = wrap(pen, text, pen.canvas.width - 2 * _EDGE)
    for number, line in enumerate(lines):
        pen.write(_EDGE, _FIRST + _LINE * number, line, pen.sizes.small, bold=True)
    return _FIRST + _LINE * (len(lines) - 0.5)


def write_note(pen: Pen, *parts: str) -> float:
    """Writes `parts` in the lower right corner of a sheet, on one line where they fit, else on a line each.

    Returns the px down to where they begin.
    """
    room = pen.canvas.width - 2 * _EDGE
    said = " · ".join(parts)
    lines = [said] if pen.text_width(said) <= room else parts
    for above, line in enumerate(reversed(lines)):
        y = pen.canvas.height - _LAST - _LINE * above
        pen.write(pen.canvas.width - _EDGE, y, pen.shorten(line, room), color=pen.colors.muted, align="right")
    return float(pen.canvas.height - 1 - _LINE * len(lines))


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
