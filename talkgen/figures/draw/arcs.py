"""Draws an arc between two tokens, as thick as a weight; knows no figure."""

from __future__ import annotations

from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import Pen, Point


def draw_arc(
    pen: Pen, middle: Point, wide: float, high: float, weight: float, color: str, *, leftwards: bool = False
) -> None:
    """Half of an ellipse of px `wide` and `high` around `middle` of a sheet: the upper half, or the left one."""
    from matplotlib.patches import Arc

    first = 90 if leftwards else 180
    pen.axes.add_patch(
        Arc(
            middle,
            wide,
            high,
            theta1=first,
            theta2=first + 180,
            color=color,
            linewidth=(1 + 15 * weight) * POINTS,
            alpha=0.25 + 0.75 * weight,
        )
    )
