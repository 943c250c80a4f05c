"""What the tools' own themes and addons ask other hosts for: the addresses in their style sheets.

Those of npm packages are looked for once, when they are installed, and remembered by the packages' digests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen.export.packages import Pin, known_pin
from talkgen.memo import recall, remembered
from talkgen.outline.addresses import REMOTE, css_addresses
from talkgen.outline.wanted import Wanted, is_path, split_package

if TYPE_CHECKING:
    from talkgen.pipeline.plan import Plan
    from talkgen.yamlfile import PathInData

_MEMO = "hosts"
_STYLED = {".css", ".vue", ".scss", ".sass", ".less", ".styl", ".pcss"}
_FETCHING = re.compile(r"@import|\burl\(", re.IGNORECASE)


def look_into_packages(pins: Iterable[Pin], folder: Path) -> None:
    """Remembers which addresses of other hosts the packages in a folder of npm's name."""
    for pin in pins:
        remembered(_MEMO, pin.integrity, partial(_asked_in, folder / pin.package))


def _asked_in(package: Path) -> list[str]:
    return _asked(sorted(package.rglob("*")))


def addresses_of_themes(plan: Plan, target: str) -> Mapping[str, PathInData]:
    """Each address that themes and addons of a target's own fetch, as far as it is known, and what names them."""
    found: dict[str, PathInData] = {}
    if target == "marp":
        found |= dict.fromkeys(_of_sheets(plan), ("theme", "marp"))
    for wanted in plan.draft.wanted if target == "slidev" else ():
        for address in _of_wanted(wanted, plan):
            found.setdefault(address, wanted.path)
    return found


def _of_sheets(plan: Plan) -> list[str]:
    """Those of a Marp theme that is a style sheet beside the outline."""
    name = plan.draft.themes.get("marp", "")
    if not is_path(name):
        return []
    from talkgen.outline.themes import marp_sheets

    return _asked(marp_sheets(name, plan.talk.path).values())


def _of_wanted(wanted: Wanted, plan: Plan) -> list[str]:
    if wanted.is_local:
        from talkgen.outline.themes import theme_files

        return _asked(theme_files(wanted.name, plan.talk.path).values())
    pin = known_pin(wanted.kind, *split_package(wanted.name))
    return recall(_MEMO, pin.integrity) or [] if pin else []


def _asked(files: Iterable[Path]) -> list[str]:
    """The addresses of other hosts in style sheets and in the styles of components."""
    texts = (file.read_text("utf-8", "replace") for file in files if file.suffix in _STYLED and file.is_file())
    named = (each.to for text in texts if _FETCHING.search(text) for each in css_addresses(text))
    return [address for address in dict.fromkeys(named) if REMOTE.match(address)]
