"""The bundled fonts: which characters can be drawn, how wide a text is, how it is cut to its room; knows no picture."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.assets import asset_dir
from talkgen.fonts import share_out, unpacked

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

    from talkgen.style import Style

DPI = 96  # CSS px an inch: an SVG then has the canvas's size in px
POINTS = 72 / DPI  # points a px, for fonts, line widths and marker sizes
HALF_CAPITAL = 0.36  # half the height of a capital letter, in ems, of both families
SPACING: dict[Any, Any] = {"text.hinting": "no_hinting"}  # matplotlib's setting with which letters are as far apart
_BOLD = 700
_KEPT = "\n\u200c\u200d"  # a new line, and what joins letters or keeps them apart
_FALLBACK = "DejaVu Sans"  # comes with matplotlib; has the arrows and signs that Inter's subset lacks


_more: dict[str, Path] = {}  # families for the letters of this picture that the others lack, with their files
_given: set[str] = set()  # such families that matplotlib was given


def _font_files() -> list[str]:
    from matplotlib import get_data_path

    ours = sorted((asset_dir("templates") / "fonts").glob("*.ttf"))
    return [*map(str, ours), *(f"{get_data_path()}/fonts/ttf/DejaVuSans{weight}.ttf" for weight in ("", "-Bold"))]


@functools.cache
def use_bundled_fonts() -> None:
    """Puts the bundled fonts, and matplotlib's own, before installed ones of the same name."""
    for file in _font_files():
        _use(file)


def _use(file: str) -> None:
    from matplotlib import font_manager

    manager = font_manager.fontManager
    manager.addfont(file)
    manager.ttflist.insert(0, manager.ttflist.pop())


def _use_as(family: str, file: Path, weight: int) -> None:
    """Gives a font a name and a weight that its file does not say."""
    from matplotlib import font_manager

    entry = font_manager.FontEntry(fname=str(file), name=family, weight=weight)
    font_manager.fontManager.ttflist.insert(0, entry)


def use_fonts_for(text: str) -> None:
    """Puts the fonts for a text's letters of other scripts, and for its emoji as outlines, behind the style's own.

    They are this picture's alone: it is the same whatever the process drew before.
    """
    shared, _ = share_out(text, "", drawn=True)
    _more.clear()
    for font in (each for each in shared if each.name != _FALLBACK):
        for weight in (400, _BOLD) if font.name not in _given else ():
            _use_as(font.name, unpacked(font.file(min(weight, max(font.weights)))), weight)
        _given.add(font.name)
        _more[font.name] = unpacked(font.file())


def families(own: str) -> list[str]:
    """The families that letters are looked for in: a style's `own`, those of other scripts, and the one for signs."""
    return [own, *_more, _FALLBACK]


def font(style: Style, size: float | None = None, *, bold: bool = False, mono: bool = False) -> FontProperties:
    """The style's font at `size` px; its smallest figure size where none is given."""
    from matplotlib.font_manager import FontProperties

    family = style.fonts.mono if mono else style.fonts.body
    size = size or style.sizes.figure
    return FontProperties(family=families(family), weight=_BOLD if bold else 400, size=size * POINTS)


def font_file(family: str, weight: int) -> Path:
    """The file that a family's letters are drawn from."""
    from matplotlib import font_manager

    wanted = font_manager.FontProperties(family=[family], weight=weight)
    return Path(str(font_manager.findfont(wanted, fallback_to_default=False)))


def text_width(style: Style, text: str, size: float | None = None, *, bold: bool = False, mono: bool = False) -> float:
    """Width of `text` in px, as browsers space its letters: not fitted to a grid of pixels, which moves 2 % of it."""
    from matplotlib.textpath import text_to_path

    use_bundled_fonts()
    measure: Any = text_to_path.get_text_width_height_descent  # without types, as matplotlib has it
    width, _, _ = measure(printable(text), font(style, size, bold=bold, mono=mono), ismath=False)
    return float(width) / POINTS


def shorten(
    style: Style, text: str, room: float, size: float | None = None, *, bold: bool = False, mono: bool = False
) -> str:
    """`text`, cut with an ellipsis where it is wider than `room` px."""
    if text_width(style, text, size, bold=bold, mono=mono) <= room:
        return text
    while text and text_width(style, text + "…", size, bold=bold, mono=mono) > room:
        text = text[:-1]
    return text + "…"


@functools.cache
def _known_characters(more: tuple[Path, ...]) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset().union(*(FT2Font(file).get_charmap() for file in (*_font_files(), *map(str, more))))


def printable(text: str) -> str:
    """`text` with each character that none of the fonts has, or that is not printable, as `�`."""
    known = _known_characters(tuple(_more.values()))
    return "".join(
        c if ord(c) in known and (c.isprintable() or c in _KEPT) else "\N{REPLACEMENT CHARACTER}" for c in text
    )
