"""The fonts that a Slidev deck asks another host for: the address of their style sheet, made as Slidev makes it.

A talk that is native to Slidev asks where Slidev does, which is everywhere but where its settings say otherwise; every
other talk asks where its outline says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from talkgen.outline.wanted import WebFonts

if TYPE_CHECKING:
    from talkgen.outline.schema import Outline
    from talkgen.yamlfile import PathInData

HOSTS = {"google": "https://fonts.googleapis.com/css2", "coollabs": "https://api.fonts.coollabs.io/fonts"}
_KINDS = ("sans", "serif", "mono", "custom")
_QUOTED = re.compile(r"""(['"])(.*)\1""")


def web_fonts(outline: Outline) -> WebFonts | None:
    """What an outline says of them; None where it asks for none."""
    shared, own = outline.frontmatter.get("config"), outline.frontmatter.get("fonts")
    settings = {**_mapping(_mapping(shared).get("fonts")), **_mapping(own)}
    asks = outline.native == "slidev" or _mapping(own).get("provider", "none") != "none"
    theme = "none" if isinstance(outline.theme, str) else outline.theme.slidev or "default"
    return WebFonts(settings, theme, _named(outline)) if asks else None


def _named(outline: Outline) -> PathInData:
    """Where the outline says it, or names the theme that does."""
    for name in ("fonts", "config"):
        if name in outline.frontmatter:
            return ("frontmatter", name)
    return ("native",) if isinstance(outline.theme, str) or not outline.theme.slidev else ("theme", "slidev")


def fonts_address(settings: Mapping[str, Any]) -> str:
    """The address of the style sheet that Slidev's page shows with these settings, its theme's included; "" of none."""
    host = HOSTS.get(str(settings.get("provider", "google")))
    families = _families(settings)
    if not host or not families:
        return ""
    italic = bool(settings.get("italic"))
    weights = _names(settings.get("weights") or "200,400,600")
    weights = [f"{slant},{weight}" for weight in weights for slant in (0, 1)] if italic else weights
    axes = f"{'ital,' if italic else ''}wght@{';'.join(sorted(weights))}"
    asked = (re.sub(r"\s+", "+", _QUOTED.sub(r"\2", family)) for family in families)
    return f"{host}?{'&'.join(f'family={family}:{axes}' for family in asked)}&display=swap"


def _families(settings: Mapping[str, Any]) -> list[str]:
    if isinstance(given := settings.get("webfonts"), list) and given:
        return [str(family) for family in given]
    if not settings.get("fallbacks", True):
        return []
    local = _names(settings.get("local"))
    named = dict.fromkeys(name for kind in _KINDS for name in _names(settings.get(kind)))
    return [name for name in named if name not in local]


def _names(given: Any) -> list[str]:
    """What a setting lists: a list, or a text with commas."""
    return list(_split(given if isinstance(given, list) else [] if given is None else [given]))


def _split(given: Iterable[Any]) -> Iterator[str]:
    for each in given:
        yield from (name.strip() for name in str(each).split(","))


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
