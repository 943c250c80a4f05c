"""Places direct labels beside points so that they cover neither each other nor the points; knows no figure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_TRIES = 200


@dataclass(frozen=True)
class Spot:
    """A box in px: its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Spot) -> float:
        """The area in px that both boxes cover."""
        across = (self.width + other.width) / 2 - abs(self.x - other.x)
        down = (self.height + other.height) / 2 - abs(self.y - other.y)
        return max(0.0, across) * max(0.0, down)


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    room: tuple[float, float, float, float],
    gap: float,
    taken: Sequence[Spot] = (),
) -> list[Spot | None]:
    """A place for each label near its point; None for one that finds no free place.

    Args:
        points: (x, y) of the points in px, the most important first.
        sizes: (width, height) of the labels in px.
        room: left, top, right, bottom in px; no label leaves it.
        gap: px between a point's centre and its label.
        taken: boxes that no label may cover.
    """
    choices = [_around(x, y, *size, gap) for (x, y), size in zip(points, sizes, strict=True)]
    dots = [Spot(x, y, 2 * gap, 2 * gap) for x, y in points]
    free = [
        [spot for spot in choices[i] if _free(spot, [*dots[:i], *dots[i + 1 :], *taken], room)]
        for i in range(len(dots))
    ]
    # Whoever is placed first takes the room of others: try many orders, the given one first, and keep the best.
    shuffled = random.Random(0)  # noqa: S311 - nothing secret: the same order every time
    orders = [list(range(len(dots))), *(shuffled.sample(range(len(dots)), len(dots)) for _ in range(_TRIES))]
    return max((_place_in_order(order, free) for order in orders), key=_worth, default=[])


def _place_in_order(order: Sequence[int], free: Sequence[Sequence[Spot]]) -> list[Spot | None]:
    placed: list[Spot | None] = [None] * len(order)
    for index in order:
        others = [spot for spot in placed if spot]
        placed[index] = next((s for s in free[index] if not any(s.overlap(other) for other in others)), None)
    return placed


def _worth(placed: Sequence[Spot | None]) -> tuple[int, list[bool]]:
    """More labels first, then those of more important points."""
    return sum(spot is not None for spot in placed), [spot is not None for spot in placed]


def _around(x: float, y: float, width: float, height: float, gap: float) -> list[Spot]:
    """Places beside, above and below a point, then at its corners, the best to read first."""
    across, down = width / 2 + gap, height / 2 + gap
    near = [(across, 0.0), (-across, 0.0), (0.0, -down), (0.0, down)]
    corners = [(sx * across * 0.92, sy * down * 0.75) for sy in (-1, 1) for sx in (1, -1)]
    slid = [(s * width * 0.35, sy * down) for sy in (-1, 1) for s in (1, -1)]
    return [Spot(x + dx, y + dy, width, height) for dx, dy in (*near, *slid, *corners)]


def _free(spot: Spot, blocked: Sequence[Spot], room: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = room
    inside = left <= spot.x - spot.width / 2 and spot.x + spot.width / 2 <= right
    inside = inside and top <= spot.y - spot.height / 2 and spot.y + spot.height / 2 <= bottom
    return inside and not any(spot.overlap(other) > 0 for other in blocked)
