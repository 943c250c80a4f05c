"""Puts into an SVG the letters that its texts are written in; knows no figure.

A picture in a page sees neither the page's fonts nor, on another machine, ours: so it carries them, each cut to the
letters that it needs. Its text then is text: found and selected in a PDF, and half the bytes of drawn letters.
"""

from __future__ import annotations

import base64
import html
import re
from functools import cache

from talkgen.figures.draw.lettering import font_file
from talkgen.fonts import JOINERS, part_of

_TEXT = re.compile(r'<text style="([^"]*)"[^>]*>([^<]*)</text>')
_BOLD = re.compile(r"font-weight: (?:bold|[6-9]00)")
_STYLE = '<style type="text/css">'


def with_faces(svg: str) -> str:
    """`svg`, as matplotlib writes it with text as text, with the fonts of its texts inside."""
    letters: dict[tuple[str, int], set[str]] = {}
    for look, text in _TEXT.findall(svg):
        families = re.findall(r"'([^']+)'", look)
        weight = 700 if _BOLD.search(look) else 400
        for each in {*html.unescape(text)} - {*JOINERS}:
            family = next((name for name in families if ord(each) in _characters(name, weight)), families[0])
            letters.setdefault((family, weight), set()).add(each)
    # Two spaces in a row, and one at the end, are as wide as they were measured; a text runs as its first letter does,
    # so that the mark of a space before an Arabic word stands on the right of it, as matplotlib has it.
    rules = "text{white-space:pre;unicode-bidi:plaintext}" + "".join(
        _face(*which, some) for which, some in sorted(letters.items())
    )
    return svg.replace(_STYLE, f"{_STYLE}{rules}", 1)


@cache
def _characters(family: str, weight: int) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_file(family, weight)).get_charmap())


def _face(family: str, weight: int, letters: set[str]) -> str:
    data = base64.b64encode(part_of(font_file(family, weight), letters).read_bytes()).decode()
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:url(data:font/woff2;base64,{data})}}'
