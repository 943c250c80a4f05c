"""Signs of footnotes and citations as the HTML that stands for them in a text, slide by slide."""

from __future__ import annotations

from collections.abc import Callable

from talkgen.outline.bibliography import Works
from talkgen.outline.citations import Cited, read_citation
from talkgen.outline.schema import Slide
from talkgen.render.escape import attribute_url, escape
from talkgen.render.footnotes import find_footnotes
from talkgen.render.grammar import Kind


class SlideMarks:
    """Knows the talk's works and the footnotes of the slide at hand; these are counted as their signs come.

    `link` makes a link to the slide with the list of references, of a work's name; None where no slide has one.
    """

    def __init__(self, works: Works, link: Callable[[str], str] | None) -> None:
        self.works, self.link = works, link
        self.said: dict[str, str] = {}
        self._slide: Slide | None = None
        self._numbers: dict[str, int] = {}

    def turn_to(self, slide: Slide | None) -> None:
        """From here on signs are those of this slide; the talk's own texts on it change none of its numbers."""
        if slide is not None and slide is not self._slide:
            self._slide, self.said, self._numbers = slide, find_footnotes(slide), {}

    def write(self, kind: Kind, named: str) -> str:
        """The sign of a footnote, or what a citation says; "" of what is not known."""
        if kind == "note":
            return f'<sup class="tg-sign">{self._number(named)}</sup>' if named in self.said else ""
        cited = read_citation(named)
        if not cited or any(each.key not in self.works for each in cited):
            return ""
        return f'<span class="tg-cite">({"; ".join(map(self._name, cited))})</span>'

    def _number(self, label: str) -> int:
        return self._numbers.setdefault(label, len(self._numbers) + 1)

    def _name(self, cited: Cited) -> str:
        work, where = self.works[cited.key], f", {escape(cited.where)}" if cited.where else ""
        name = escape(work.label)
        if self.link:
            return self.link(name) + where
        return (f'<a href="{attribute_url(work.address)}">{name}</a>' if work.address else name) + where

    def footnotes(self, text: Callable[[str], str]) -> str:
        """The footnotes of the slide at hand whose signs have come, each written by `text`."""
        notes = [
            f'<div class="tg-footnote">\n\n<sup>{number}</sup> {text(self.said[label])}\n\n</div>'
            for label, number in self._numbers.items()
        ]
        inner = "\n\n".join(notes)
        return f'<div class="tg-footnotes">\n\n{inner}\n\n</div>' if notes else ""
