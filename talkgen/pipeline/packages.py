"""The npm packages that a talk's Slidev theme and addons are: pinned before a deck is written, told with their line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from talkgen.digest import digest_file
from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.export.packages import Pin, find_pin, known_pin, slidev_packages
from talkgen.outline.wanted import Wanted, split_package
from talkgen.pipeline.plan import Plan

if TYPE_CHECKING:
    from talkgen.render.deck import Degraded

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
    """Brings the packages that a talk asks for into the cache.

    Raises:
        OutlineError: they cannot be had, with the place of what asks for the first.
    """
    try:
        if pins:
            slidev_packages(pins, report)
    except TalkgenError as error:
        first = next(wanted for wanted in plan.draft.wanted if not wanted.is_local)
        raise OutlineError(plan.talk.problems_at(first.path, error)) from error


def asked_hosts(plan: Plan, pins: tuple[Pin, ...], report: Report) -> Iterator[Degraded]:
    """A line for each address of another host that the style sheets of what a talk asks for fetch something from."""
    from talkgen.outline.themes import theme_files
    from talkgen.render.deck import Degraded
    from talkgen.yamlfile import where_path

    packages = slidev_packages(pins, report) / "node_modules" if pins else None
    for wanted in plan.draft.wanted:
        pin = _known(wanted)
        if wanted.is_local:
            files = list(theme_files(wanted.name, plan.talk.path).values())
        else:
            files = sorted((packages / pin.package).rglob("*")) if packages and pin else []
        texts = (file.read_text("utf-8", "replace") for file in files if file.suffix in _STYLED and file.is_file())
        place = plan.talk.source.document.place(wanted.path)
        for address in dict.fromkeys(found for text in texts for found in _REMOTE.findall(text)):
            words = f"{wanted.name} fetches {address} from its host when the deck is shown; without it other fonts do"
            yield Degraded(f"{place.path.name}:{place.line}: {where_path(wanted.path)}", words)


_STYLED = {".css", ".vue", ".scss", ".sass", ".less", ".styl", ".pcss"}
_REMOTE = re.compile(r"""(?:@import\s+|url\(\s*)["']?((?:https?:)?//[^\s"')]+)""")


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
