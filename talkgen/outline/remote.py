"""What an outline shows from other hosts: pictures, films, sounds and fonts that the deck does not carry by itself."""

from __future__ import annotations

from collections.abc import Iterator

from talkgen.outline.addresses import REMOTE, Address
from talkgen.outline.files import addresses_in, setting_holds
from talkgen.outline.node import Holds
from talkgen.outline.source import Source
from talkgen.outline.walk import Text
from talkgen.outline.wanted import Remote
from talkgen.yamlfile import where_path

FAVICON = "https://cdn.jsdelivr.net/gh/slidevjs/slidev/assets/favicon.png"  # Slidev's own, of a deck that names none
_TARGETS = {Holds.MARP: "marp", Holds.DIRECTIVES: "marp", Holds.SLIDEV: "slidev", Holds.FRONTMATTER: "slidev"}


def find_remote(source: Source) -> Iterator[Remote]:
    """Each address of another host that the page of a deck would fetch, once, with its first place."""
    seen = set()
    for text in source.texts:
        for holds in text.marks:
            if not isinstance(holds, Holds):
                continue
            target = "" if source.outline.native else _TARGETS.get(holds, "")
            for address in _addresses(text, holds, is_native=bool(source.outline.native)):
                if (address.to, target) not in seen:
                    seen.add((address.to, target))
                    place = source.document.place_in(text.path, address.start)
                    where = f"{place.path.name}:{place.line}"
                    yield Remote(address.to, text.path, where, where_path(text.path), target, address.runs)
    if source.outline.native == "slidev" and "favicon" not in source.outline.frontmatter:
        place = source.document.place(("native",))
        yield Remote(FAVICON, ("native",), f"{place.path.name}:{place.line}", "native", "slidev")


def _addresses(text: Text, holds: Holds, *, is_native: bool) -> Iterator[Address]:
    """The addresses of other hosts in a text; a page in Markdown of ours is no frame but text."""
    kind = setting_holds(str(text.path[-1])) if holds in (Holds.DIRECTIVES, Holds.FRONTMATTER) else holds
    for address in addresses_in(text.text, kind) if kind else ():
        is_text = address.runs and kind is Holds.MARKDOWN and not is_native
        if REMOTE.match(address.to) and "{{" not in address.to and not is_text:
            yield address
