"""Finishes a printed PDF: bookmarks, language, title, author; what the browser put into it stays, its tags too."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from talkgen.words import DeckWords


def finish_pdf(file: Path, words: DeckWords, *, page_a_slide: bool, bookmarks: Sequence[str] = ()) -> None:
    """Names the PDF in `file`, and its pages where each is a slide; else they have bookmarks already.

    `bookmarks` are what those of the first level say: the browser puts words that run from right to left into the order
    in which they are seen.
    """
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # what it remarks about a browser's PDF is nobody's to mend
    from pypdf import PdfWriter
    from pypdf.generic import BooleanObject, NameObject, TextStringObject

    pdf = PdfWriter(clone_from=file)
    pdf.root_object[NameObject("/Lang")] = TextStringObject(words.lang)
    pdf.create_viewer_preferences()[NameObject("/DisplayDocTitle")] = BooleanObject(True)
    about = {"/Title": words.title, "/Author": words.author, "/Subject": words.description}
    pdf.add_metadata({name: value for name, value in about.items() if value})
    for page, slide in enumerate(words.fitted(len(pdf.pages)).slides if page_a_slide else ()):
        pdf.add_outline_item(title=slide.title, page_number=page)
    for bookmark, title in zip(_bookmarks(pdf.root_object), bookmarks, strict=False):
        bookmark[NameObject("/Title")] = TextStringObject(title)
    pdf.write(file)


def _bookmarks(root: Any) -> Iterator[Any]:
    """Those of the first level."""
    following = root.get("/Outlines", {}).get("/First")
    while following:
        bookmark = following.get_object()
        yield bookmark
        following = bookmark.get("/Next")
