"""Draws measured lines with their names at the right end instead of a legend; knows no figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import DASHED, Pen


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
    middles = spread([y for _, y in ends], size * 1.15, box.y0, box.y1 + size)
    for line, (x, _), y in zip(lines, ends, middles, strict=True):
        end, middle = data_to_px.inverted().transform((x + gap, y))
        pen.write(end, middle, line.name, size, color=line.color, bold=True)


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
