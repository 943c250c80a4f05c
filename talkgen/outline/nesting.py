"""Whether the tags of a piece of HTML fit each other; knows no outline.

One that is never closed makes Slidev's compiler give up on the whole deck, and swallows what follows it in Marp's page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # HTML, 13.1.2
# Own, as the standard library's parser takes time with the square of what is never closed.
_MARKUP = re.compile(
    r"""<!--.*?(?:-->|\Z)|<[!?][^>]*+>?|"""
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][\w:.-]*+)(?P<rest>(?:[^<>"']|"[^"]*"|'[^']*')*+)>""",
    re.DOTALL,
)
_NO_TAGS_IN = ("script", "style")


def misfits(page: str) -> set[str]:
    """The names of elements in an HTML page that are closed without having been opened, or the other way round."""
    nesting = _Nesting()
    for name, closes in _tags(page):
        nesting.close(name) if closes else nesting.open(name)
    return nesting.wrong | set(nesting.opened)


def _tags(page: str) -> Iterator[tuple[str, bool]]:
    """The tags that open or close an element, each with whether it closes it."""
    at = 0
    while found := _MARKUP.search(page, at):
        at = found.end()
        name = (found["name"] or "").lower()
        if not name or name in VOID or found["rest"].endswith("/"):
            continue
        yield name, bool(found["end"])
        if name in _NO_TAGS_IN and not found["end"]:
            end = re.compile(f"</{name}|\\Z", re.IGNORECASE).search(page, at)
            at = end.start() if end else len(page)


class _Nesting:
    """Follows the elements that are open."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.depth: Counter[str] = Counter()  # how often each of them is open: a text may open very many
        self.wrong: set[str] = set()

    def open(self, tag: str) -> None:
        """Opens an element."""
        self.opened.append(tag)
        self.depth[tag] += 1

    def close(self, tag: str) -> None:
        """Closes one, and those left open in it."""
        if not self.depth[tag]:
            self.wrong.add(tag)
            return
        while True:
            last = self.opened.pop()
            self.depth[last] -= 1
            if last == tag:
                return
            self.wrong.add(last)
