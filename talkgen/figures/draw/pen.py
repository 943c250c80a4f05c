"""A pen on a blank picture in the slide's style: writes and draws in px of the slide; knows no data.

A figure's `draw` is wrapped in :func:`styled`, so that no setting of the user's matplotlib reaches it, and takes a pen
for a :func:`sheet` (a diagram, in px, y downwards) or for a :func:`plot` (data axes placed in px).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from talkgen.errors import TalkgenError
from talkgen.figures.base import Canvas, Data
from talkgen.figures.draw import lettering, room
from talkgen.figures.draw.lettering import DPI, HALF_CAPITAL, POINTS
from talkgen.style import Colors, Sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture
    from matplotlib.text import Text

Draw = Callable[[Data, Canvas], "Picture"]
Point = tuple[float, float]
DOTTED = (0, (1, 1.6))
DASHED = (0, (2.2, 1.4))
_LEAST = 30  # px that a plot needs each way for a line to be seen in it


def styled(draw: Draw) -> Draw:
    """Makes `draw` independent of the user's matplotlib settings and of the fonts installed on the machine.

    What it returns then raises a NoRoomError where the picture's edge would cut a text off, or one stands on another.
    """

    @functools.wraps(draw)
    def drawn(data: Data, canvas: Canvas) -> Picture:
        import matplotlib as mpl

        lettering.use_bundled_fonts()
        lettering.use_fonts_for(json.dumps(data, ensure_ascii=False))
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(lettering.SPACING)
            picture = draw(data, canvas)
            picture.draw_without_rendering()  # ticks are made while drawing: make them under these settings
            room.thin_numbers(picture)
            room.refuse_crowded(picture, canvas)
        return picture

    return drawn


@dataclass(frozen=True)
class Pen:
    """Draws on one pair of axes in a canvas's style; lengths are px, places are in the units of the axes."""

    axes: Axes
    canvas: Canvas

    @property
    def picture(self) -> Picture:
        """The picture that the axes are on."""
        return cast("Picture", self.axes.figure)

    @property
    def colors(self) -> Colors:
        """The style's colours."""
        return self.canvas.style.colors

    @property
    def sizes(self) -> Sizes:
        """The style's font sizes in px."""
        return self.canvas.style.sizes

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float | None = None,
        *,
        color: str | None = None,
        bold: bool = False,
        mono: bool = False,
        align: Literal["left", "center", "right"] = "left",
        across: bool = False,
    ) -> Text:
        """Writes `text` of `size` px at (x, y), the middle of its capital letters, in the style's ink.

        The position is in the units of the axes, or in shares of them where it lies `across` the axes.
        """
        size = size or self.sizes.figure
        return self.axes.annotate(
            lettering.printable(text),
            (x, y),
            (0, -HALF_CAPITAL * size * POINTS),
            xycoords="axes fraction" if across else "data",
            textcoords="offset points",
            fontproperties=lettering.font(self.canvas.style, size, bold=bold, mono=mono),
            color=color or self.colors.ink,
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
            annotation_clip=False,
        )

    def text_width(self, text: str, size: float | None = None, *, bold: bool = False, mono: bool = False) -> float:
        """Width of `text` in px."""
        return lettering.text_width(self.canvas.style, text, size, bold=bold, mono=mono)

    def shorten(
        self, text: str, room: float, size: float | None = None, *, bold: bool = False, mono: bool = False
    ) -> str:
        """`text`, cut with an ellipsis where it is wider than `room` px."""
        return lettering.shorten(self.canvas.style, text, room, size, bold=bold, mono=mono)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        radius: float,
        *,
        fill: str = "none",
        edge: str = "none",
        alpha: float = 1.0,
        line: float = 2.0,
    ) -> None:
        """A rounded box with its upper left corner at px (x, y) of a sheet; `alpha` thins the fill, not the edge."""
        from matplotlib.colors import to_rgba
        from matplotlib.patches import FancyBboxPatch

        radius = min(radius, width / 2, height / 2)
        self.axes.add_patch(
            FancyBboxPatch(
                (x + radius, y + radius),
                width - 2 * radius,
                height - 2 * radius,
                boxstyle=f"round,pad={radius}",
                facecolor="none" if fill == "none" else to_rgba(fill, alpha),
                edgecolor=edge,
                linewidth=line * POINTS if edge != "none" else 0,
            )
        )

    def circle(self, x: float, y: float, radius: float, *, fill: str, edge: str, above: int = 3) -> None:
        """A disc with an edge at (x, y) of a sheet; `above` orders what overlaps, as matplotlib's zorder."""
        from matplotlib.patches import Circle

        self.axes.add_patch(Circle((x, y), radius, facecolor=fill, edgecolor=edge, linewidth=2 * POINTS, zorder=above))

    def line(self, xs: Sequence[float], ys: Sequence[float], color: str, width: float, **look: Any) -> None:
        """A line of `width` px through the points; `look` is matplotlib's."""
        self.axes.plot(xs, ys, color=color, linewidth=width * POINTS, **look)

    def dots(self, xs: Sequence[float], ys: Sequence[float], color: str, size: float, **look: Any) -> None:
        """A disc of `size` px at each point; `look` is matplotlib's."""
        self.axes.plot(xs, ys, "o", color=color, markersize=size * POINTS, **look)

    def band(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], color: str, alpha: float = 0.25
    ) -> None:
        """What lies between two lines, as a thin fill."""
        self.axes.fill_between(xs, low, high, color=color, alpha=alpha, linewidth=0)

    def arrow(self, start: Point, end: Point, color: str, width: float = 2.5) -> None:
        """A straight arrow of `width` px with a filled head at its end."""
        look = {
            "arrowstyle": "-|>,head_width=0.28,head_length=0.45",
            "color": color,
            "linewidth": width * POINTS,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        self.axes.annotate("", end, start, arrowprops=look)

    def label_axis(self, name: Literal["x", "y"], values: Sequence[float], labels: Sequence[str]) -> None:
        """Puts `labels` at `values` of an axis, and no other tick."""
        axis = self.axes.xaxis if name == "x" else self.axes.yaxis
        axis.set_ticks(values, labels)
        axis.set_ticks([], minor=True)
        for label in axis.get_ticklabels():
            label.set(fontproperties=lettering.font(self.canvas.style), color=self.colors.muted, parse_math=False)

    def at(self, x: float, y: float) -> Point:
        """Where (x, y) of the axes lies, in px from the picture's upper left corner."""
        across, up = self.axes.transData.transform((x, y))
        return float(across), self.canvas.height - float(up)

    def from_px(self, x: float, y: float) -> Point:
        """What place of the axes lies at px (x, y) from the picture's upper left corner."""
        across, up = self.axes.transData.inverted().transform((x, self.canvas.height - y))
        return float(across), float(up)


def blank(canvas: Canvas) -> Picture:
    """An empty picture of the canvas's size."""
    from matplotlib.figure import Figure

    return Figure(figsize=(canvas.width / DPI, canvas.height / DPI), dpi=DPI)


def sheet(canvas: Canvas, picture: Picture | None = None) -> Pen:
    """A pen for invisible axes over all of a picture, a blank one where none is given, in px from its upper left."""
    picture = picture or blank(canvas)
    axes = picture.add_axes((0, 0, 1, 1), xlim=(0, canvas.width), ylim=(canvas.height, 0))
    axes.set_axis_off()
    return Pen(axes, canvas)


def plot(canvas: Canvas, left: float, top: float, right: float, bottom: float, picture: Picture | None = None) -> Pen:
    """A pen for data axes between these px of a picture: no box, quiet grid lines, labels in the style's font.

    Raises:
        TalkgenError: nothing could be seen in so few px.
    """
    width, height = canvas.width, canvas.height
    if min(right - left, bottom - top) < _LEAST:
        hint = "give it a wider column" if right - left < _LEAST else "give it more `height`"
        raise TalkgenError(f"a picture of {width:g} by {height:g} px has no room for its plot", hint)
    picture = picture or blank(canvas)
    axes = picture.add_axes((left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height))
    colors = canvas.style.colors
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=colors.line, linewidth=1.5 * POINTS)
    for name, spine in axes.spines.items():
        spine.set(visible=name == "bottom", color=colors.muted, linewidth=1.5 * POINTS)
    axes.tick_params(which="both", length=0, pad=8 * POINTS)
    return Pen(axes, canvas)
