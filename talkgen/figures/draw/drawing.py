"""Blank pictures in the slide's style, measured in px of the slide, and text in the bundled fonts; knows no data.

A figure's `draw` is wrapped in :func:`styled`, so that no setting of the user's matplotlib reaches it, and draws on a
:func:`sheet` (a diagram, in px, y downwards) or in a :func:`plot` (data axes placed in px).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from talkgen.assets import asset_dir
from talkgen.figures.base import Canvas, Data

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

_DPI = 96  # CSS px an inch: an SVG then has the canvas's size in px
POINTS = 72 / _DPI  # points a px, for line widths and marker sizes
_HALF_CAPITAL = 0.36  # half the height of a capital letter, in ems, of both families
_FALLBACK = "DejaVu Sans"  # comes with matplotlib; has the arrows and signs that Inter's subset lacks

Draw = Callable[[Data, Canvas], "Picture"]


def styled(draw: Draw) -> Draw:
    """Makes `draw` independent of the user's matplotlib settings and of the fonts installed on the machine."""

    @functools.wraps(draw)
    def drawn(data: Data, canvas: Canvas) -> Picture:
        import matplotlib as mpl

        _bundled_fonts()
        with mpl.rc_context():
            mpl.rcdefaults()
            picture = draw(data, canvas)
            picture.draw_without_rendering()  # ticks are made while drawing: make them under these settings
        return picture

    return drawn


def _font_files() -> list[str]:
    from matplotlib import get_data_path

    ours = sorted((asset_dir("templates") / "fonts").glob("*.ttf"))
    return [*map(str, ours), *(f"{get_data_path()}/fonts/ttf/DejaVuSans{weight}.ttf" for weight in ("", "-Bold"))]


@functools.cache
def _bundled_fonts() -> None:
    """Puts the bundled fonts, and matplotlib's own, before installed ones of the same name."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    for file in _font_files():
        manager.addfont(file)
        manager.ttflist.insert(0, manager.ttflist.pop())


def font(canvas: Canvas, size: float | None = None, *, bold: bool = False, mono: bool = False) -> FontProperties:
    """The style's font at `size` px; its smallest figure size where none is given."""
    from matplotlib.font_manager import FontProperties

    family = canvas.style.fonts.mono if mono else canvas.style.fonts.body
    size = size or canvas.style.sizes.figure
    return FontProperties(family=[family, _FALLBACK], weight=700 if bold else 400, size=size * POINTS)


def blank(canvas: Canvas) -> Picture:
    """An empty picture of the canvas's size."""
    from matplotlib.figure import Figure

    return Figure(figsize=(canvas.width / _DPI, canvas.height / _DPI), dpi=_DPI)


def sheet(canvas: Canvas) -> tuple[Picture, Axes]:
    """A picture with one invisible pair of axes over all of it, in px from the upper left corner."""
    picture = blank(canvas)
    axes = picture.add_axes((0, 0, 1, 1), xlim=(0, canvas.width), ylim=(canvas.height, 0))
    axes.set_axis_off()
    return picture, axes


def plot(picture: Picture, canvas: Canvas, left: float, top: float, right: float, bottom: float) -> Axes:
    """Data axes between these px from the upper left corner: no box, quiet grid lines, labels in the style's font."""
    width, height = canvas.width, canvas.height
    axes = picture.add_axes((left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height))
    colors = canvas.style.colors
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=colors.line, linewidth=1.5 * POINTS)
    for name, spine in axes.spines.items():
        spine.set(visible=name == "bottom", color=colors.muted, linewidth=1.5 * POINTS)
    axes.tick_params(which="both", length=0, pad=8 * POINTS)
    return axes


def label_axis(axes: Axes, canvas: Canvas, name: str, values: Sequence[float], labels: Sequence[str]) -> None:
    """Puts `labels` at `values` of the axis `name` ("x" or "y"), and no other tick."""
    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_ticks(values, labels)
    axis.set_ticks([], minor=True)
    for label in axis.get_ticklabels():
        label.set(fontproperties=font(canvas), color=canvas.style.colors.muted, parse_math=False)


def write(
    axes: Axes,
    canvas: Canvas,
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
    size = size or canvas.style.sizes.figure
    return axes.annotate(
        printable(text),
        (x, y),
        (0, -_HALF_CAPITAL * size * POINTS),
        xycoords="axes fraction" if across else "data",
        textcoords="offset points",
        fontproperties=font(canvas, size, bold=bold, mono=mono),
        color=color or canvas.style.colors.ink,
        horizontalalignment=align,
        verticalalignment="baseline",
        parse_math=False,
        annotation_clip=False,
    )


def text_width(
    canvas: Canvas, text: str, size: float | None = None, *, bold: bool = False, mono: bool = False
) -> float:
    """Width of `text` in px."""
    from matplotlib.backends import backend_agg

    _bundled_fonts()
    renderer: Any = backend_agg.RendererAgg
    properties = font(canvas, size, bold=bold, mono=mono)
    width, _, _ = renderer(1, 1, _DPI).get_text_width_height_descent(printable(text), properties, ismath=False)
    return float(width)


def shorten(
    canvas: Canvas, text: str, room: float, size: float | None = None, *, bold: bool = False, mono: bool = False
) -> str:
    """`text`, cut with an ellipsis where it is wider than `room` px."""
    if text_width(canvas, text, size, bold=bold, mono=mono) <= room:
        return text
    while text and text_width(canvas, text + "…", size, bold=bold, mono=mono) > room:
        text = text[:-1]
    return text + "…"


@functools.cache
def _known_characters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset().union(*(FT2Font(file).get_charmap() for file in _font_files()))


def printable(text: str) -> str:
    """`text` with each character that none of the fonts has, or that is not printable, as `�`."""
    known = _known_characters()
    return "".join(
        c if ord(c) in known and (c.isprintable() or c == "\n") else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def rounded_box(
    axes: Axes,
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
    """A box with its upper left corner at px (x, y) of a sheet; `alpha` thins the fill, not the edge."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import FancyBboxPatch

    radius = min(radius, width / 2, height / 2)
    axes.add_patch(
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
