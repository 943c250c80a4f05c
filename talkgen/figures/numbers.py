"""Rounds measured numbers so that they repeat from machine to machine, and says them as people do."""

from __future__ import annotations

from math import floor, isfinite, log10


def significant(value: float, digits: int = 4) -> float:
    """`value` to that many significant digits."""
    if value == 0 or not isfinite(value):
        return value
    return round(value, digits - 1 - floor(log10(abs(value))))


def human(value: float) -> str:
    """A count in three digits: 950, 24M, 1.56B, 137B, 1.6T."""
    rounded = significant(value, 3)
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if rounded >= unit:
            return f"{rounded / unit:g}{letter}"
    return f"{rounded:g}"


def human_bytes(value: float) -> str:
    """Bytes in three digits: 512B, 24kB, 1.56GB."""
    return f"{human(value).replace('B', 'G')}B"


def percent(share: float) -> str:
    """A share as a percentage; one below one percent keeps a digit, one below a tenth of a percent is "<0.1%"."""
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{100 * share:.1f}%" if 0 < share < 0.0095 else f"{100 * share:.0f}%"


def superscript(exponent: str) -> str:
    """A number as it stands in an exponent: `-4` as ⁻⁴, `1.25` as ¹·²⁵."""
    return exponent.translate(str.maketrans("-−.0123456789", "⁻⁻·⁰¹²³⁴⁵⁶⁷⁸⁹"))
