"""Runs a script that draws with matplotlib, in the colours, the font and the size of a slide, and takes its picture."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from talkgen.errors import Place, TalkgenError
from talkgen.figures.base import Canvas
from talkgen.figures.draw.lettering import DPI, POINTS, SPACING, families, use_bundled_fonts, use_fonts_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


def run_script(file: Path, canvas: Canvas) -> Picture:
    """The last picture that a script draws; it runs in its own folder, as by `python file.py`.

    Raises:
        TalkgenError: it draws none.
    """
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    use_bundled_fonts()
    use_fonts_for(file.read_text(encoding="utf-8", errors="replace"))
    plt.close("all")
    before, path, words = Path.cwd(), [*sys.path], [*sys.argv]
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast("Any", look_of(canvas)))
        try:
            os.chdir(file.parent)
            sys.path.insert(0, str(file.parent))
            sys.argv = [file.name]
            runpy.run_path(file.name, run_name="__main__")
        finally:
            os.chdir(before)
            sys.path[:], sys.argv[:] = path, words
        if not plt.get_fignums():
            raise TalkgenError("the script draws no picture", "it leaves one open: plt.plot(…)", Place(file, 1, 1))
        picture = plt.gcf()
        picture.set_size_inches(canvas.width / DPI, canvas.height / DPI)
        picture.set_dpi(DPI)
        picture.draw_without_rendering()
    plt.close("all")
    return picture


def look_of(canvas: Canvas) -> dict[str, Any]:
    """Matplotlib's settings for a theme: its ink on nothing, its font, its categories, its sizes."""
    colors, sizes = canvas.style.colors, canvas.style.sizes
    ink = ("text.color", "axes.labelcolor", "axes.titlecolor", "legend.labelcolor")
    lines = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **SPACING,
        **dict.fromkeys(ink, colors.ink),
        **dict.fromkeys(lines, colors.muted),
        "figure.figsize": (canvas.width / DPI, canvas.height / DPI),
        "figure.dpi": DPI,
        "figure.constrained_layout.use": True,
        "font.family": families(canvas.style.fonts.body),
        "font.size": sizes.small * POINTS,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid.axis": "y",
        "grid.color": colors.line,
        "legend.frameon": False,
        "lines.linewidth": 4 * POINTS,
        "axes.prop_cycle": _cycle(canvas.style.categories),
        "image.cmap": canvas.style.sequence,
    }


def _cycle(colors: Any) -> Any:
    from matplotlib.rcsetup import cycler

    return cycler(color=list(colors))
