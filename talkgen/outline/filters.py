"""The filters of expressions: numbers as people write them, and a few for text and lists. Pure and bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MAX_TEXT = 100_000  # characters that one expression may make

_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def number(value: float, digits: int | None = None) -> str:
    """1234567 → "1,234,567"; `digits` after the point, or as many as the number has."""
    wanted = _number(value)
    return f"{wanted:,}" if digits is None else f"{wanted:,.{_digits(digits)}f}"


def human(value: float) -> str:
    """134515008 → "135M": three significant digits and a scale (k, M, B, T)."""
    wanted = _number(value)
    for scale, letter in _SCALES:
        if abs(wanted) >= scale * 0.9995:
            return _three(wanted / scale) + letter
    return _three(wanted)


def percent(value: float, digits: int = 0) -> str:
    """0.893 → "89%"."""
    return f"{100 * _number(value):.{_digits(digits)}f}%"


def round_(value: float, digits: int = 0) -> float:
    """To `digits` after the point, halves away from zero; a whole number where there are none."""
    rounded = Decimal(repr(_number(value))).quantize(Decimal(1).scaleb(-_digits(digits)), ROUND_HALF_UP)
    return float(rounded) if digits else int(rounded)


def default(value: Any, instead: Any) -> Any:
    """`instead`, where the value is not known."""
    return instead if value is None else value


def join(values: Sequence[Any], between: str = ", ") -> str:
    """A list's items as one text."""
    texts = [str(value) for value in _sequence(values)]
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_TEXT:
        raise ValueError(f"makes more than {MAX_TEXT:,} characters")
    return between.join(texts)


def length(value: Any) -> int:
    """How many items or characters."""
    if not isinstance(value, str | Sequence | Mapping):
        raise TypeError("has no length")
    return len(value)


def _three(value: float) -> str:
    """Three significant digits, without a trailing ".0"."""
    if abs(value) < 1:
        return f"{value:.3g}"
    whole = len(str(int(abs(value))))
    text = f"{value:.{max(0, 3 - whole)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("takes a number")
    return value


def _digits(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 15:
        raise ValueError("takes 0 to 15 digits")
    return value


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError("takes a list")
    return value


def _text(change: Callable[[str], str]) -> Callable[[Any], str]:
    def filtered(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError("takes text")
        return change(value)

    return filtered


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "human": human,
    "percent": percent,
    "round": round_,
    "default": default,
    "join": join,
    "length": length,
    "abs": lambda value: abs(_number(value)),
    "min": lambda values: min(_sequence(values)),
    "max": lambda values: max(_sequence(values)),
    "sum": lambda values: sum(map(_number, _sequence(values))),
    "first": lambda values: _sequence(values)[0],
    "last": lambda values: _sequence(values)[-1],
    "upper": _text(str.upper),
    "lower": _text(str.lower),
    "title": _text(str.title),
    "capitalize": _text(str.capitalize),
    "trim": _text(str.strip),
}
