"""Places direct labels beside points so that they cover neither each other nor the points; knows no figure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_MOVES, _CHANCE = 1000, 0.1  # moves of one label each before it is given up that all fit; those made blindly


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
    return _settle(free)


def _settle(free: Sequence[Sequence[Spot]]) -> list[Spot | None]:
    """A spot for each label out of its free ones, so that no two overlap: by min-conflicts (Minton et al. 1992).

    Whoever is in conflict moves to where it meets the fewest others, at times anywhere; who still meets one is left
    out, the least important first, and who can move to a spot that is better to read does.
    """
    chance = random.Random(0)  # noqa: S311 - nothing secret: the same moves every time
    chosen: list[Spot | None] = [spots[0] if spots else None for spots in free]
    for _ in range(_MOVES):
        if not (stuck := [i for i in range(len(free)) if _meets(chosen, i, chosen[i])]):
            break
        label = chance.choice(stuck)
        counts = [_meets(chosen, label, spot) for spot in free[label]]
        best = [spot for spot, count in zip(free[label], counts, strict=True) if count == min(counts)]
        chosen[label] = chance.choice(free[label] if chance.random() < _CHANCE else best)
    for label in reversed(range(len(free))):
        if _meets(chosen, label, chosen[label]):
            chosen[label] = None
    for label, spots in enumerate(free):
        chosen[label] = next((spot for spot in spots if not _meets(chosen, label, spot)), None)
    return chosen


def _meets(chosen: Sequence[Spot | None], label: int, spot: Spot | None) -> int:
    """How many other labels' spots a spot of `label` overlaps."""
    others = (other for index, other in enumerate(chosen) if index != label and other)
    return sum(spot.overlap(other) > 0 for other in others) if spot else 0


def _around(x: float, y: float, width: float, height: float, gap: float) -> list[Spot]:
    """Places beside, above and below a point, then at its corners, the best to read first."""
    across, down = width / 2 + gap, height / 2 + gap
    near = [(across, 0.0), (-across, 0.0), (0.0, -down), (0.0, down)]
    beside = [(sx * across, sy * height * 0.4) for sy in (-1, 1) for sx in (1, -1)]
    corners = [(sx * across * 0.92, sy * down * 0.75) for sy in (-1, 1) for sx in (1, -1)]
    slid = [(s * width, sy * down) for sy in (-1, 1) for s in (0.35, -0.35, 0.18, -0.18, 0.5, -0.5)]
    return [Spot(x + dx, y + dy, width, height) for dx, dy in (*near, *beside, *slid, *corners)]


def _free(spot: Spot, blocked: Sequence[Spot], room: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = room
    inside = left <= spot.x - spot.width / 2 and spot.x + spot.width / 2 <= right
    inside = inside and top <= spot.y - spot.height / 2 and spot.y + spot.height / 2 <= bottom
    return inside and not any(spot.overlap(other) > 0 for other in blocked)
