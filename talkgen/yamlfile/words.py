"""Says pydantic's complaints in the words of somebody writing YAML."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import ErrorDetails

from talkgen.errors import nearest

_WANTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "dataclass": "a mapping",
    "none": "empty",
}
_BOUNDS = {
    "greater_than": ("must be greater than", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be less than", "lt"),
    "less_than_equal": ("must be at most", "le"),
    "multiple_of": ("must be a multiple of", "multiple_of"),
}


def name_of(value: Any) -> str:
    """What `value` is, as an outline's author would say it."""
    if value is None or value in ("", {}, []):
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 and "\n" not in value else "text"
    return str(value)


def explain(details: list[ErrorDetails]) -> tuple[str, str]:
    """A message and a hint for what is wrong at one place; several details are the branches of a union."""
    wanted = list(dict.fromkeys(want for detail in details if (want := _wanted(detail["type"]))))
    if len(wanted) == len({detail["type"] for detail in details}) or len(wanted) > 1:
        hint = "each item of a list begins with '- ' on a line of its own" if wanted == ["a list"] else ""
        return f"must be {' or '.join(wanted)}, not {name_of(details[0]['input'])}", hint
    detail = next(detail for detail in details if not _wanted(detail["type"]))
    context, given = detail.get("ctx", {}), detail["input"]
    if detail["type"] == "literal_error":
        return _choice(str(context["expected"]), given)
    if detail["type"] in _BOUNDS:
        words, name = _BOUNDS[detail["type"]]
        return f"{words} {context[name]:g}, not {name_of(given)}", ""
    if detail["type"] in ("too_short", "string_too_short"):
        return _too_short(context), ""
    if detail["type"] in ("too_long", "string_too_long"):
        return f"may hold at most {context['max_length']}, has {context.get('actual_length', len(given))}", ""
    if detail["type"] == "string_pattern_mismatch":
        return f"{name_of(given)} is not of the form it must have", f"the pattern is {context['pattern']}"
    if detail["type"] == "value_error":
        return str(context.get("error", detail["msg"])), ""
    return detail["msg"][:1].lower() + detail["msg"][1:], ""


def _wanted(kind: str) -> str | None:
    stem = re.sub(r"_(type|parsing|from_float|required)$", "", kind)
    return _WANTED.get(stem) if stem != kind else None


def _choice(expected: str, given: Any) -> tuple[str, str]:
    choices = re.findall(r"'((?:[^'\\]|\\.)*)'", expected)
    if not choices or not isinstance(given, str):
        return f"must be {expected}, not {name_of(given)}", ""
    return f"{name_of(given)} is not one of {', '.join(choices)}", nearest(given, choices)


def _too_short(context: dict[str, Any]) -> str:
    least, has = context["min_length"], context.get("actual_length", 0)
    return "must not be empty" if least == 1 else f"must hold at least {least}, has {has}"
