"""The npm packages that a talk's Slidev theme and addons are: pinned before a deck is written, told with their line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from talkgen.digest import digest_file
from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.export.packages import Pin, find_pin, known_pin, slidev_packages
from talkgen.outline.wanted import Wanted, split_package
from talkgen.pipeline.asking_fonts import remember_fonts
from talkgen.pipeline.asking_themes import look_into_packages
from talkgen.pipeline.plan import Plan

Report = Callable[[str], None]


def pin_packages(plan: Plan, report: Report) -> tuple[Pin, ...]:
    """The packages that a talk asks for, each pinned; npm is asked for those that are new.

    Raises:
        OutlineError: npm has none of that name or cannot be asked; each with its place.
    """
    pins: list[Pin] = []
    problems: list[Problem] = []
    for wanted in plan.draft.wanted:
        if not wanted.is_local:
            try:
                pins.append(find_pin(wanted.kind, *split_package(wanted.name), report))
            except TalkgenError as error:
                problems += plan.talk.problems_at(wanted.path, error)
    if problems:
        raise OutlineError(problems)
    return tuple(pins)


def known_pins(plan: Plan) -> tuple[Pin, ...]:
    """The packages that a talk asks for, as far as they are pinned."""
    pins = (_known(wanted) for wanted in plan.draft.wanted)
    return tuple(pin for pin in pins if pin)


def install_packages(plan: Plan, pins: tuple[Pin, ...], report: Report) -> None:
    """Brings the packages that a talk asks for into the cache, and sees which other hosts they ask.

    Raises:
        OutlineError: they cannot be had, with the place of what asks for the first.
    """
    try:
        if pins:
            folder = slidev_packages(pins, report) / "node_modules"
            look_into_packages(pins, folder)
            remember_fonts(pins, folder)
    except TalkgenError as error:
        first = next(wanted for wanted in plan.draft.wanted if not wanted.is_local)
        raise OutlineError(plan.talk.problems_at(first.path, error)) from error


def package_parts(plan: Plan) -> Mapping[str, Any]:
    """What a talk asks for beside what comes with Slidev, as parts of its rendering's key."""
    return {f"{wanted.kind} {wanted.name}": _part(wanted, plan) for wanted in plan.draft.wanted}


def _known(wanted: Wanted) -> Pin | None:
    return None if wanted.is_local else known_pin(wanted.kind, *split_package(wanted.name))


def _part(wanted: Wanted, plan: Plan) -> Any:
    if wanted.is_local:
        from talkgen.outline.themes import theme_files

        files = theme_files(wanted.name, plan.talk.path)
        return {name: digest_file(file) for name, file in files.items()}
    pin = _known(wanted)
    return pin.integrity if pin else "unknown"
