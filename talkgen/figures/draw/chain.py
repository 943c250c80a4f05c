"""Draws a row of equal cells over tokens, as recurrent networks are unrolled: a token below each, a state between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talkgen.figures.draw.pen import Pen


@dataclass(frozen=True)
class Chain:
    """Where the cells stand: px from left to right, the height of their middle, and how many there are."""

    pen: Pen
    left: float
    right: float
    middle: float
    count: int
    high: float = 60.0

    @property
    def step(self) -> float:
        """From one cell to the next."""
        return min(190.0, (self.right - self.left) / self.count)

    @property
    def wide(self) -> float:
        """Width of a cell."""
        return 0.56 * self.step

    def x(self, index: int) -> float:
        """The middle of a cell, across."""
        start = (self.left + self.right - self.count * self.step) / 2
        return start + (index + 0.5) * self.step

    def draw_cells(self, name: str, color: str) -> None:
        """A box a cell, with its name where there is room for it."""
        pen = self.pen
        for index in range(self.count):
            x, half = self.x(index), self.wide / 2
            pen.box(x - half, self.middle - self.high / 2, 2 * half, self.high, 10, fill=pen.colors.surface, edge=color)
            if pen.text_width(name, pen.sizes.small, bold=True) < self.wide - 4:
                pen.write(x, self.middle, name, pen.sizes.small, bold=True, align="center")

    def draw_states(self, color: str, *, backwards: bool = False) -> None:
        """An arrow from each cell to the next."""
        for index in range(self.count - 1):
            ends = self.x(index) + self.wide / 2, self.x(index + 1) - self.wide / 2
            start, end = reversed(ends) if backwards else ends
            self.pen.arrow((start, self.middle), (end, self.middle), color, 4)

    def draw_inputs(self, tokens: Sequence[str], y: float) -> None:
        """Each token at `y`, and an arrow from it into its cell."""
        pen = self.pen
        up = y > self.middle
        edge = self.middle + (self.high / 2 if up else -self.high / 2)
        for index, token in enumerate(tokens):
            x = self.x(index)
            pen.write(x, y, pen.shorten(token, self.step - 8, pen.sizes.small), pen.sizes.small, align="center")
            pen.arrow((x, y - 18 if up else y + 18), (x, edge), pen.colors.muted)
