"""What a Slidev deck asks another host for its fonts: by its own settings, and by those that its theme has for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.export.packages import Pin, known_pin
from talkgen.memo import recall, remembered
from talkgen.outline.wanted import is_path, split_package
from talkgen.outline.web_fonts import fonts_address

if TYPE_CHECKING:
    from talkgen.pipeline.plan import Plan

_MEMO = "fonts of themes"
_OF_DEFAULT = {"mono": "Fira Code", "sans": "Avenir Next,Nunito Sans", "local": "Avenir Next"}  # Slidev's own theme


def address_of_fonts(plan: Plan) -> str:
    """The address of the style sheet of fonts that the deck's page asks for, as far as it is known; "" of none."""
    fonts = plan.draft.fonts
    return fonts_address({**_of_theme(fonts.theme, plan), **fonts.settings}) if fonts else ""


def remember_fonts(pins: Iterable[Pin], folder: Path) -> None:
    """Remembers which fonts the packages in a folder of npm's set."""
    for pin in pins:
        remembered(_MEMO, pin.integrity, partial(_said, folder / pin.package))


def _of_theme(name: str, plan: Plan) -> Mapping[str, Any]:
    if name in ("default", "none"):
        return _OF_DEFAULT if name == "default" else {}
    if is_path(name):
        return _said(plan.talk.path.parent / name)
    pin = known_pin("theme", *split_package(name))
    return (recall(_MEMO, pin.integrity) or {}) if pin else {}


def _said(package: Path) -> dict[str, Any]:
    """The settings of fonts that a package has for decks."""
    try:
        said = json.loads((package / "package.json").read_bytes())
        return dict(said["slidev"]["defaults"]["fonts"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}
