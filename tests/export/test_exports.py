"""Exports as their readers open them: PDF, PowerPoint, pictures and notes, of decks that the real tools printed."""

import re
import tempfile
from pathlib import Path

import pytest
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader

from talkgen.errors import TalkgenError
from talkgen.export.notes import write_notes
from talkgen.export.pages import Page
from talkgen.pipeline.build import Request, build
from talkgen.words import DeckWords, SlideWords

pytestmark = pytest.mark.slow

TALK = """\
title: Ein Vortrag
author: Ada
description: Worum es geht
lang: de
model: small
slides:
  - layout: cover
    body:
      - tokens: Hallo Welt
  - title: Ein **Bild** & mehr
    body:
      - image: dot.svg
        alt: ein roter Punkt
        width: 300
      - bullets: [eins, zwei]
        reveal: true
    notes: |
      Erst das Bild. [click] Dann *mehr*.
      Eine neue Zeile.
  - title: Nicht zu sehen
    hide: true
  - title: Formeln
    body:
      - math: e^{i\\pi} = -1
      - live: next_token
        prompt: return the
        bars: 2
"""
OWN = """\
native: marp
model: small
slides:
  - body:
      - markdown: "# Mine <script>document.body.remove()</script>"
      - live: next_token
        prompt: return the
"""
TITLES = ["Hallo Welt", "Ein Bild & mehr", "Formeln"]
NOTES = "Erst das Bild. Dann *mehr*.\nEine neue Zeile."
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="4" fill="red"/></svg>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The folder of the talk above."""
    folder = tmp_path_factory.mktemp("talk")
    (folder / "outline.yaml").write_text(TALK.replace("\\\\", "\\"), encoding="utf-8")
    (folder / "dot.svg").write_text(DOT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["marp", "slidev"])
def made(request, folder):
    """A function from a format to the files that come out, for each target."""
    return lambda name: build(Request(folder, request.param, name), print).outputs


def test_printing_leaves_nothing_behind(folder, tmp_path, monkeypatch, caplog):
    """No profile of the browser, nothing that Node compiled; and no word of a library's about the browser's PDF."""
    with tempfile.TemporaryDirectory() as scratch:  # a short path: a browser makes sockets in it
        for name in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.setenv(name, scratch)
        monkeypatch.setattr("tempfile.tempdir", scratch)
        for name in ("pdf", "notes"):
            build(Request(folder, "marp", name, tmp_path / "out"), lambda _: None)
        assert not list(Path(scratch).iterdir())
    assert not caplog.records


def bookmarks(pdf: PdfReader) -> list[tuple[str, int]]:
    """The titles that a reader shows beside the pages, with their page, counted from 0."""
    return [(item.title, pdf.get_destination_page_number(item)) for item in pdf.outline]


def test_a_pdf_has_bookmarks_a_language_and_tags(made):
    """A page a slide; a screen reader finds headings and the picture's words."""
    (file,) = made("pdf")
    pdf = PdfReader(file)
    root = pdf.root_object
    assert bookmarks(pdf) == [(title, page) for page, title in enumerate(TITLES)]
    assert root["/Lang"] == "de"
    assert (pdf.metadata.title, pdf.metadata.author, pdf.metadata.subject) == ("Ein Vortrag", "Ada", "Worum es geht")
    assert root["/MarkInfo"]["/Marked"]
    tags = list(structure(root["/StructTreeRoot"]))
    assert "/H1" in [kind for kind, _ in tags]
    assert ("/Figure", "ein roter Punkt") in tags
    assert "eins" in pdf.pages[1].extract_text()


def test_formulas_are_printed_in_katexs_own_fonts(folder):
    """Slidev prints what Vite's server shows, which must hand out the fonts of packages behind a link."""
    (file,) = build(Request(folder, "slidev", "pdf"), print).outputs
    fonts = PdfReader(file).pages[2]["/Resources"]["/Font"].get_object().values()
    assert any("KaTeX_Math" in font.get_object().get("/BaseFont") for font in fonts)


def test_a_live_element_is_printed_with_its_recorded_answer(made):
    """Its bars, and that they were recorded, on paper as on the slide."""
    (file,) = made("pdf")
    printed = PdfReader(file).pages[2].extract_text()
    assert "recorded" in printed
    assert re.search(r"other\s*\d+%", printed)


def test_a_live_element_is_printed_in_a_deck_that_is_its_authors_own(tmp_path):
    """Marp lets no script into such a deck; talkgen's elements are there all the same."""
    (tmp_path / "outline.yaml").write_text(OWN, encoding="utf-8")
    (file,) = build(Request(tmp_path, "marp", "pdf"), print).outputs
    assert "recorded" in PdfReader(file).pages[0].extract_text()


def structure(node):
    """The kind and the words of each element of a PDF's structure."""
    node = node.get_object()
    if "/S" in node:
        yield node["/S"], node.get("/Alt")
    inner = node.get("/K", [])
    for each in inner if isinstance(inner, list) else [inner]:
        if hasattr(each.get_object(), "get"):
            yield from structure(each)


def test_a_powerpoint_file_has_titles_words_and_notes(made):
    """A page a slide, not a click; the title is one for PowerPoint, the picture covers the page."""
    (file,) = made("pptx")
    deck = Presentation(file)
    about = deck.core_properties
    assert (about.title, about.author, about.language) == ("Ein Vortrag", "Ada", "de")
    assert [slide.shapes.title.text for slide in deck.slides] == TITLES
    assert [slide.has_notes_slide for slide in deck.slides] == [False, True, False]
    assert deck.slides[1].notes_slide.notes_text_frame.text == NOTES.replace("*", "")
    for slide in deck.slides:
        title, picture = slide.shapes
        assert (picture.width, picture.height) == (deck.slide_width, deck.slide_height)
        assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9)
        assert title.shape_id < picture.shape_id
    words = [slide.shapes[1]._element.nvPicPr.cNvPr.get("descr") for slide in deck.slides]
    assert words == ["Hallo Welt", "ein roter Punkt\neins\nzwei", "e^{i\\pi} = -1\nreturn the"]


def test_pictures_sort_by_their_names_and_are_of_one_size(made):
    """Twice the slide's px, from both tools."""
    files = made("png")
    assert [file.name[-7:] for file in files] == ["001.png", "002.png", "003.png"]
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (2560, 1440)


def test_notes_stand_below_their_slides(made):
    """A page a slide for the speaker, with a language, tags and bookmarks; marks of clicks are left out."""
    (file,) = made("notes")
    pdf = PdfReader(file)
    assert [title for title, _ in bookmarks(pdf)] == [
        f"{n} · {title}" for n, title in zip((1, 2, 3), TITLES, strict=True)
    ]
    assert pdf.root_object["/Lang"] == "de"
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert len(pdf.pages) == 3
    assert all(len(page.images) == 1 for page in pdf.pages)
    assert "Erst das Bild. Dann mehr.\nEine neue Zeile." in pdf.pages[1].extract_text()


def test_the_source_comes_out_alone(made):
    """What Marp and Slidev would read."""
    (file,) = made("md")
    assert "Formeln" in file.read_text("utf-8")


def test_slidev_makes_a_page_for_each_click_where_it_is_asked(folder):
    """The slide with two items that wait has three pages, each with its title and notes."""
    (file,) = build(Request(folder, "slidev", "pptx", clicks=True), print).outputs
    slides = Presentation(file).slides
    assert [slide.shapes.title.text for slide in slides] == [TITLES[0], *[TITLES[1]] * 3, TITLES[2]]
    (pdf,) = build(Request(folder, "slidev", "pdf", clicks=True), print).outputs
    assert len(PdfReader(pdf).pages) == 5


def test_marp_makes_no_pages_for_clicks(folder):
    """It says so before anything is computed."""
    with pytest.raises(TalkgenError, match="Marp makes no pptx with a page for each click"):
        build(Request(folder, "marp", "pptx", clicks=True), print)


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_notes_of_any_script_have_their_letters(lang, tmp_path):
    """Fonts come along as in the slides; bookmarks are the titles as they are written, not as they are seen."""
    (tmp_path / "dot.svg").write_text(DOT, encoding="utf-8")
    spoken = SlideWords("سلام دنیا שלום", "# یادداشت\n\n日本語 한국어 🚀", "")
    words = DeckWords("Notes", "A. Author", "", lang, (spoken, SlideWords("Two", "", "")))
    pages = [Page(number, tmp_path / "dot.svg") for number in (0, 0, 1)]
    write_notes(tmp_path / "notes.pdf", pages, words)
    pdf = PdfReader(tmp_path / "notes.pdf")
    titles = [each.title for each in pdf.outline if not isinstance(each, list)]
    assert titles == ["1 · سلام دنیا שלום", "1 · سلام دنیا שלום", "2 · Two"]
    fonts = str([font.get_object().get("/BaseFont") for font in pdf.pages[0]["/Resources"]["/Font"].values()])
    assert all(name in fonts for name in ("NotoSansArabic", "NotoSansHebrew", "NotoSansSC", "NotoSansKR"))
    assert pdf.metadata.author == "A. Author"
