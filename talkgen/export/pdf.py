"""Finishes a printed PDF: bookmarks, language, title, author; what the browser put into it stays, its tags too."""

from __future__ import annotations

from pathlib import Path

from talkgen.words import DeckWords


def finish_pdf(file: Path, words: DeckWords, *, page_a_slide: bool) -> None:
    """Names the PDF in `file`, and its pages where each is a slide; else they have bookmarks already."""
    from pypdf import PdfWriter
    from pypdf.generic import BooleanObject, NameObject, TextStringObject

    pdf = PdfWriter(clone_from=file)
    pdf.root_object[NameObject("/Lang")] = TextStringObject(words.lang)
    pdf.create_viewer_preferences()[NameObject("/DisplayDocTitle")] = BooleanObject(True)
    about = {"/Title": words.title, "/Author": words.author, "/Subject": words.description}
    pdf.add_metadata({name: value for name, value in about.items() if value})
    for page, slide in enumerate(words.fitted(len(pdf.pages)).slides if page_a_slide else ()):
        pdf.add_outline_item(title=slide.title, page_number=page)
    pdf.write(file)
