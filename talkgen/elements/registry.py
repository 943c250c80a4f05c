"""The live elements that a talk can name: each module of this folder is one, but for the few that serve them all."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from talkgen.errors import Problem, TalkgenError, did_you_mean
from talkgen.yamlfile.words import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from talkgen.elements.base import ElementModule, Params

_NO_ELEMENTS = {"__init__", "apps", "base", "recording", "registry"}

ELEMENTS = {
    file.stem: f"talkgen.elements.{file.stem}"
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in _NO_ELEMENTS
}
"""Name -> module."""

MOST_RECORDED = 96  # answers of a block: more would take minutes, and megabytes of a deck


def tag(name: str) -> str:
    """The custom element that shows what the element `name` answers."""
    return f"talkgen-{name.replace('_', '-')}"


def load_element(name: str) -> ElementModule:
    """The module of the element `name`; brings no torch.

    Raises:
        TalkgenError: there is no such element.
    """
    if name not in ELEMENTS:
        raise TalkgenError(f"there is no live element '{name}'", did_you_mean(name, ELEMENTS))
    return cast("ElementModule", importlib.import_module(ELEMENTS[name]))


def check_params(name: str, given: Mapping[str, Any]) -> Params:
    """The parameters of the element `name`.

    Raises:
        TalkgenError: some are not known or not valid; with each of them.
    """
    from pydantic import ValidationError

    kind = load_element(name).Params
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise TalkgenError([_problem(name, kind, detail) for detail in error.errors()]) from error


def _problem(name: str, kind: type[Params], detail: Any) -> Problem:
    which = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return Problem(f"the element '{name}' has no parameter '{which}'", did_you_mean(which, kind.model_fields))
    return Problem(f"parameter {which} of '{name}' {explain([detail])[0]}")


def check_dials(name: str, params: Params, dials: Mapping[str, Sequence[Any]] | None) -> dict[str, list[Any]]:
    """The dials of a slide, the author's or else the element's own, each with its values in the given order.

    Raises:
        TalkgenError: one is no parameter, a value is not valid, or there are too many combinations to record.
    """
    start = params.model_dump(mode="json")

    def check(dial: str, value: Any) -> Any:
        return check_params(name, {**start, dial: value}).model_dump(mode="json")[dial]

    return check_grid(name, load_element(name).DIALS if dials is None else dials, start, check)


def check_grid(
    name: str, dials: Mapping[str, Sequence[Any]], start: Mapping[str, Any], check: Callable[[str, Any], Any]
) -> dict[str, list[Any]]:
    """Each dial with its values as `check(dial, value)` gives them, once each, and among them where it starts.

    Raises:
        TalkgenError: there are too many combinations to record.
    """
    checked: dict[str, list[Any]] = {}
    count = 1
    for dial, values in dials.items():
        valid = [check(dial, value) for value in values]
        checked[dial] = [value for i, value in enumerate(valid) if value not in valid[:i]]
        if start[dial] not in checked[dial]:
            checked[dial].insert(0, start[dial])
        count *= len(checked[dial])
    if count > MOST_RECORDED:
        raise TalkgenError(
            f"the dials of '{name}' have {count} combinations, which are all recorded", f"{MOST_RECORDED} at most"
        )
    return checked
