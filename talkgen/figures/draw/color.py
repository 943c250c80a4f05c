"""Mixes two of a style's colours so that equal steps look equal, and picks the ink that can be read on a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Linear sRGB to the cone responses of OKLab, and those (their cube roots) to L, a, b: Ottosson 2020, "A perceptual
# color space for image processing", bottosson.github.io/posts/oklab.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def mix(start: str, end: str, share: float) -> str:
    """The colour `share` of the way from `start` to `end` (both `#rrggbb`), along a straight line in OKLab."""
    first, last = (_TO_LAB @ np.cbrt(_TO_CONES @ _linear(color)) for color in (start, end))
    lab = first + share * (last - first)
    linear = np.linalg.solve(_TO_CONES, np.linalg.solve(_TO_LAB, lab) ** 3).clip(0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in coded)


def ink_on(color: str) -> str:
    """Black or white, whichever stands out more on `color` (contrast by the relative luminance of WCAG 2)."""
    luminance = float(_linear(color) @ np.array([0.2126, 0.7152, 0.0722]))
    return "#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def _linear(color: str) -> NDArray[np.float64]:
    coded = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
