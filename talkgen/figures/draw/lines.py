"""Draws measured lines with their names at the right end, or above where that has no room; knows no figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import DASHED, Pen

NARROW = 700  # px of a picture below which names stand above its plots
_RAISED = 0.42  # of a name's size: how much higher an exponent stands
_STROKE, _APART, _ROW = 34, 24, 30  # px of a key: its line, to the next name, to the next row


@dataclass(frozen=True)
class Line:
    """A line with its name; `dashed` sets it apart from another of the same colour.

    Its name stands at the height of its end, or `name_at` another.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    color: str
    dashed: bool = False
    dots: bool = True
    name_at: float | None = None
    power: str = ""

    def name_width(self, pen: Pen) -> float:
        """Width in px of the name and its exponent."""
        size = pen.sizes.small
        return pen.text_width(self.name, size, bold=True) + pen.text_width(self.power, bold=True)

    def write_name(self, pen: Pen, x: float, y: float) -> None:
        """Writes the name from (x, y) of the pen's axes on, and after it the exponent, as large as other numbers."""
        size = pen.sizes.small
        pen.write(x, y, self.name, size, color=self.color, bold=True)
        if self.power:
            right, down = pen.at(x, y)
            place = pen.from_px(right + pen.text_width(self.name, size, bold=True), down - _RAISED * size)
            pen.write(*place, self.power, color=self.color, bold=True)


def name_beside(pen: Pen, lines: Sequence[Line]) -> float:
    """Px that the names need at the right of a plot; none in a narrow picture, where they stand above."""
    return 0.0 if pen.canvas.width < NARROW else max(line.name_width(pen) for line in lines)


def write_key(pen: Pen, lines: Sequence[Line], top: float) -> float:
    """Writes the names of `lines` on a sheet below px `top`, each after a piece of its line; returns where they end."""
    row = _ROW + _RAISED * pen.sizes.small * any(line.power for line in lines)
    x, y = 2.0, top + row - _ROW / 2
    for line in lines:
        width = _STROKE + 8 + line.name_width(pen)
        if x > 2 and x + width > pen.canvas.width:
            x, y = 2.0, y + row
        pen.line([x, x + _STROKE], [y, y], line.color, 4, linestyle=DASHED if line.dashed else "-")
        line.write_name(pen, x + _STROKE + 8, y)
        x += width + _APART
    return y + _ROW / 2


def draw_lines(pen: Pen, lines: Sequence[Line], gap: float = 12.0) -> None:
    """Draws `lines` and writes each name `gap` px right of its last point, moved up or down where two would meet.

    The limits of the axes have to be set before.
    """
    for line in lines:
        pen.axes.plot(
            line.xs,
            line.ys,
            color=line.color,
            linewidth=4 * POINTS,
            linestyle=DASHED if line.dashed else "-",
            marker="o" if line.dots else "",
            markersize=10 * POINTS,
            solid_capstyle="round",
            clip_on=False,
            zorder=3,
        )
    data_to_px = pen.axes.transData
    heights = [line.ys[-1] if line.name_at is None else line.name_at for line in lines]
    ends = [data_to_px.transform((line.xs[-1], y)) for line, y in zip(lines, heights, strict=True)]
    size = pen.sizes.small
    box = pen.axes.get_window_extent()
    apart = size * (1.15 + _RAISED * any(line.power for line in lines))
    middles = spread([y for _, y in ends], apart, box.y0, box.y1 + size)
    for line, (x, _), y in zip(lines, ends, middles, strict=True):
        end, middle = data_to_px.inverted().transform((x + gap, y))
        line.write_name(pen, end, middle)


def spread(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """`values` moved apart as little as needed, so that each two are `gap` apart, within `low` and `high` if it goes.

    Neighbours that would meet form a group around their mean (the pool-adjacent-violators algorithm).
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    groups: list[list[float]] = []  # each: the values of its members, lowered by their rank in the group times gap
    for i in order:
        groups.append([values[i]])
        while len(groups) > 1 and _start(groups[-1], gap) < _start(groups[-2], gap) + gap * len(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [_start(group, gap) + rank * gap for group in groups for rank in range(len(group))]
    shift = min(0.0, high - placed[-1]) if placed else 0.0
    shift = max(shift, low - placed[0]) if placed else 0.0
    result = [0.0] * len(values)
    for i, y in zip(order, placed, strict=True):
        result[i] = y + shift
    return result


def _start(group: list[float], gap: float) -> float:
    """Where the lowest of a group stands, so that the group's middle is the mean of what its members want."""
    return sum(group) / len(group) - gap * (len(group) - 1) / 2
