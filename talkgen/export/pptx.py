"""Pictures of slides as a PowerPoint file: a title to find each slide by, words for who does not see it, its notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from talkgen.export.pages import Page
from talkgen.export.spoken import write_spoken
from talkgen.words import DeckWords

_TITLE_ONLY = 5  # of python-pptx's default layouts
_EMU = 9525  # English Metric Units a px, at 96 px an inch
_HEIGHT = 720  # px of a slide, whose pictures have twice as many


def write_pptx(file: Path, pages: Sequence[Page], words: DeckWords) -> None:
    """Writes a slide for each of `pages`, all of one size."""
    from pptx import Presentation

    deck: Any = Presentation()
    about = deck.core_properties
    about.title, about.author, about.subject, about.language = words.title, words.author, words.description, words.lang
    for page in pages:
        slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
        said = words.slides[page.slide]
        _name(slide, said.title, words.lang)
        picture = slide.shapes.add_picture(str(page.picture), 0, 0, height=_HEIGHT * _EMU)
        deck.slide_width, deck.slide_height = picture.width, picture.height
        about_picture = picture._element.nvPicPr.cNvPr  # python-pptx has no name for alt text
        about_picture.set("descr", said.text or said.title)
        if said.notes:
            write_spoken(slide.notes_slide.notes_text_frame, said.notes)
    deck.save(str(file))


def _name(slide: Any, title: str, lang: str) -> None:
    """A title behind the picture, where the lists of slides and screen readers find it."""
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = 0, 0, 1280 * _EMU, 100 * _EMU
    shape.text_frame.text = title
    for run in shape.text_frame.paragraphs[0].runs:
        run._r.get_or_add_rPr().set("lang", lang)
