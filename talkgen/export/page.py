"""A Marp page in its parts, so that an open one can be brought up to date slide by slide; knows only Marp's frame."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STYLE = re.compile(r"<style>(?P<css>[^<]*(?:<(?!/style>)[^<]*)*)")
_SLIDES = re.compile(
    r'(?<=<div id=":\$p">).*</svg>(?=</div>(?:<div class="bespoke-marp-note"|<script>/\*!! License))', re.DOTALL
)
_NOTES = re.compile(r'</div>(?P<notes>(?:<div class="bespoke-marp-note".*</div>)?)(?=<script>/\*!! License)', re.DOTALL)
_SLIDE = '<svg data-marpit-svg=""'


@dataclass(frozen=True)
class Page:
    """What a page is made of; `frame` is all else."""

    styles: tuple[str, ...]
    slides: tuple[str, ...]
    notes: str
    frame: str

    def continues(self, before: Page) -> bool:
        """Whether an open page of `before` can be made into this one part by part."""
        return (
            self.frame == before.frame
            and len(self.slides) == len(before.slides) > 0
            and len(self.styles) == len(before.styles)
        )


def read_page(text: str) -> Page:
    """The parts of the page that Marp wrote; of one in another form, a frame alone."""
    head, body = text.partition("</head>")[::2]
    slides = _SLIDES.search(body)
    notes = _NOTES.match(body, slides.end()) if slides else None
    if not (slides and notes):
        return Page((), (), "", text)
    styles = tuple(each["css"] for each in _STYLE.finditer(head))
    each_slide = tuple(_SLIDE + rest for rest in slides[0].split(_SLIDE)[1:])
    around = body[: slides.start()] + body[slides.end() : notes.start("notes")] + body[notes.end() :]
    return Page(styles, each_slide, notes["notes"], _STYLE.sub("<style>", head) + around)
