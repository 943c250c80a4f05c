"""HTML in an author's text: what is no complete tag of a known element stays text, and no tag runs anything."""

from __future__ import annotations

import html
import re
from collections.abc import Set

from talkgen.outline.nesting import VOID
from talkgen.render.elements import ELEMENTS

_ELEMENTS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture q rp rt ruby s samp "
    "small source span strong sub summary sup table tbody td tfoot th thead time tr u ul var video wbr".split()
).union(ELEMENTS)
_ATTRIBUTE = r"\s+[^\s\"'<>/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?"
TAG = rf"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?P<attributes>(?:{_ATTRIBUTE})*)\s*(?P<empty>/?)>"  # CommonMark 6.6
_ONE_ATTRIBUTE = re.compile(r"\s+([^\s\"'<>/=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?")
_NAME = re.compile(r"(?!on)(?!v-(?!pre$))[a-z_][\w.-]*", re.IGNORECASE)
_RUNS = re.compile(r"(?:javascript|vbscript|data:text)", re.IGNORECASE)


def known_tag(tag: re.Match[str], refused: Set[str]) -> str | None:
    """The tag of a match of `TAG` on one line, without what runs; None where it has to stay text."""
    name = tag["name"].lower()
    if name not in _ELEMENTS or name in refused:
        return None
    if tag["end"]:
        return None if name in VOID or tag["attributes"] or tag["empty"] else f"</{name}>"
    opened = f"<{name}{_harmless(tag['attributes'])}>"
    return f"{opened}</{name}>" if tag["empty"] and name not in VOID else opened


def _harmless(attributes: str) -> str:
    """Attributes once each, without handlers, scripts as addresses, and Vue's directives, bindings and slots."""
    kept: dict[str, str] = {}
    for name, value in _ONE_ATTRIBUTE.findall(attributes):
        bare = html.unescape(value.strip("\"'"))
        if _NAME.fullmatch(name) and not _RUNS.match(re.sub(r"[\s\0-\x1f]", "", bare)):
            kept.setdefault(name.lower(), f'{name}="{html.escape(" ".join(bare.split()))}"' if value else name)
    return "".join(f" {attribute}" for attribute in kept.values())
