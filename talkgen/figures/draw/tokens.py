"""Draws tokens in a row, a box each, the colours taking turns, as the decks' own token chips do."""

from __future__ import annotations

from talkgen.figures.draw.pen import Pen

COLOURS = 5  # as the decks' chips: TOKEN_COLOURS in templates/web/look.js
_PADDING, _GAP = 10.0, 6.0


def token_width(pen: Pen, text: str, size: float) -> float:
    """Width in px of one token's box and the gap after it."""
    return pen.text_width(text, size, mono=True) + 2 * _PADDING + _GAP


def draw_tokens(pen: Pen, tokens: list[str], x: float, y: float, end: float, size: float) -> float:
    """Draws `tokens` from px `x` on, the last ones where not all fit; returns where the row ends."""
    first = len(tokens)
    room = end - x
    while first and token_width(pen, tokens[first - 1], size) <= room - (0 if first == 1 else 34):
        first -= 1
        room -= token_width(pen, tokens[first], size)
    if first:
        pen.write(x, y, "…", size, color=pen.colors.muted)
        x += 34
    for index, token in enumerate(tokens[first:], first):
        x = draw_token(pen, token, x, y, size, color=pen.canvas.style.categories[index % COLOURS])
    return x


def draw_token(pen: Pen, text: str, x: float, y: float, size: float, *, color: str) -> float:
    """Draws one token from px `x` on and returns where the next one begins."""
    width = token_width(pen, text, size) - _GAP
    pen.box(x, y - size * 0.85, width, size * 1.7, 7, fill=color, alpha=0.22, edge=color)
    pen.write(x + width / 2, y, text, size, mono=True, align="center")
    return x + width + _GAP
