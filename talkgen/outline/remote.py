"""What an outline shows from other hosts: pictures, films, sounds and fonts that the deck does not carry by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from talkgen.outline.files import addresses_in, setting_holds
from talkgen.outline.node import Holds
from talkgen.outline.source import Source
from talkgen.outline.wanted import Remote
from talkgen.yamlfile import where_path

_REMOTE = re.compile(r"(?:https?:)?//[^/\s]+", re.IGNORECASE)


def find_remote(source: Source) -> Iterator[Remote]:
    """Each address of another host that the page of a deck would fetch, once, with its first place."""
    seen = set()
    for text in source.texts:
        for holds in text.marks:
            if not isinstance(holds, Holds):
                continue
            kind = setting_holds(str(text.path[-1])) if holds in (Holds.DIRECTIVES, Holds.FRONTMATTER) else holds
            for address in addresses_in(text.text, kind) if kind else ():
                if _REMOTE.match(address.to) and "{{" not in address.to and address.to not in seen:
                    seen.add(address.to)
                    place = source.document.place_in(text.path, address.start)
                    yield Remote(address.to, text.path, f"{place.path.name}:{place.line}", where_path(text.path))
