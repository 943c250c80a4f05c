"""A figure's parameters checked by its module, and what it says of itself; remembered, so that no module is loaded.

Figures compute with libraries that take longer to load than all else of a draft in which a word changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from talkgen.digest import digest_file
from talkgen.errors import Problem, TalkgenError, did_you_mean
from talkgen.figures.registry import is_own, load_origin
from talkgen.figures.uses import Uses
from talkgen.memo import remembered
from talkgen.store.code import source_digest
from talkgen.store.packages import versions
from talkgen.yamlfile import where_path
from talkgen.yamlfile.words import explain

if TYPE_CHECKING:
    from talkgen.figures.base import Params


@dataclass(frozen=True)
class Checked:
    """All parameters of a figure as JSON values, with what their names are of, and what its module says."""

    params: Mapping[str, Any]
    uses: Mapping[str, Uses]
    tables: tuple[str, ...]
    timed: bool
    first_step: int | None  # of those that clicks reveal, where it has some


def check_figure(figure: str, origin: str, given: Mapping[str, Any]) -> Checked:
    """What the figure at `origin` makes of the parameters `given`; remembered but of those that packages bring.

    Raises:
        TalkgenError: some are not known or not valid; with each of them.
    """
    if not (origin.startswith("talkgen.") or is_own(origin)):
        return _check(figure, origin, given)
    made_by = [source_digest("talkgen"), versions("Python", "pydantic"), _source_of(origin)]
    found = remembered("figures", repr([made_by, origin, given]), lambda: asdict(_check(figure, origin, given)))
    return Checked(
        params=found["params"],
        uses={name: Uses(mark["kind"], tuple(mark["parts"])) for name, mark in found["uses"].items()},
        tables=tuple(found["tables"]),
        timed=found["timed"],
        first_step=found["first_step"],
    )


def _source_of(origin: str) -> list[Any]:
    """What the figure in a file of the talk's is made of; of talkgen's own nothing more than all its code."""
    if not is_own(origin):
        return []
    from talkgen.figures.own import read_source

    source = read_source(Path(origin))
    return [*((str(file), digest_file(file)) for file in source.files), versions(*sorted(source.packages))]


def _check(figure: str, origin: str, given: Mapping[str, Any]) -> Checked:
    module = load_origin(origin)
    params = checked_params(figure, module.Params, given)
    return Checked(
        params=params.model_dump(mode="json"),
        uses=uses(params),
        tables=tuple(getattr(module, "TABLES", ())),
        timed=bool(getattr(module, "MEASURES_TIME", False)),
        first_step=_first_step(module.Params),
    )


def checked_params(figure: str, kind: type[Params], params: Mapping[str, Any]) -> Params:
    """The parameters of a figure.

    Raises:
        TalkgenError: some are not known or not valid; with each of them.
    """
    try:
        return kind.model_validate(params)
    except ValidationError as error:
        raise TalkgenError([_param_problem(figure, kind, detail) for detail in error.errors()]) from error


def _param_problem(figure: str, kind: type[Params], detail: Any) -> Problem:
    """One of pydantic's complaints about a figure's parameters, in words."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return Problem(f"the figure '{figure}' has no parameter '{name}'", did_you_mean(name, kind.model_fields))
    where = where_path(detail["loc"])
    return Problem(f"parameter {where} of '{figure}' {explain([detail])[0]}", "talkgen figures list has them all")


def uses(params: Params) -> dict[str, Uses]:
    """What each parameter that is a name uses of what it names."""
    marks = {
        name: [mark for mark in field.metadata if isinstance(mark, Uses)]
        for name, field in type(params).model_fields.items()
    }
    return {name: found[0] for name, found in marks.items() if found}


def _first_step(kind: type[Params]) -> int | None:
    """Where the steps of a figure begin; None where it has none."""
    step = kind.model_fields.get("step")
    bounds = [getattr(note, "ge", None) for note in step.metadata] if step and step.annotation is int else []
    return next((bound for bound in bounds if isinstance(bound, int)), None)
