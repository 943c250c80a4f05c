"""Whether the tags of a piece of HTML fit each other; knows no outline.

One that is never closed makes Slidev's compiler give up on the whole deck, and swallows what follows it in Marp's page.
"""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # HTML, 13.1.2


def misfits(page: str) -> set[str]:
    """The names of elements in an HTML page that are closed without having been opened, or the other way round."""
    nesting = _Nesting()
    nesting.feed(page)
    nesting.close()
    return nesting.wrong | set(nesting.open)


class _Nesting(HTMLParser):
    """Follows the elements that are open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.depth: Counter[str] = Counter()  # how often each of them is open: a text may open very many
        self.wrong: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """Opens an element."""
        if tag not in VOID:
            self.open.append(tag)
            self.depth[tag] += 1

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Opens and closes one."""

    def handle_endtag(self, tag: str) -> None:
        """Closes one, and those left open in it."""
        if not self.depth[tag]:
            self.wrong.add(tag)
            return
        while True:
            last = self.open.pop()
            self.depth[last] -= 1
            if last == tag:
                return
            self.wrong.add(last)
