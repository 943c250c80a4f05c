"""Text of figures in a real browser: as letters in their fonts, found in a PDF, where it was measured to be."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from talkgen.figures.draw import save
from talkgen.figures.draw.pen import sheet, styled
from talkgen.figures.registry import load_figure

pytestmark = pytest.mark.slow
NAMES = ("lstm_cell", "next_token")


@pytest.fixture
def shots(browser, canvas, tmp_path, monkeypatch):
    """Photographs a picture with letters in their fonts ("none") and as paths; returns both, and the words in a PDF."""

    def take(picture):
        page = browser.new_page(viewport={"width": canvas.width, "height": canvas.height})
        found, ground = {}, canvas.style.colors.background
        for kind in ("path", "none"):
            monkeypatch.setitem(save._SETTINGS, "svg.fonttype", kind)
            svg = tmp_path / f"{kind}.svg"
            save.save_picture(picture, svg, tmp_path / "a.png", {})
            source = base64.b64encode(svg.read_bytes()).decode()
            picture_of = f'<img src="data:image/svg+xml;base64,{source}" alt="">'
            page.set_content(f'<body style="margin:0;background:{ground}">{picture_of}')
            page.wait_for_function("document.images[0].complete")
            found[kind] = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"), dtype=int)
        words = PdfReader(io.BytesIO(page.pdf(print_background=True))).pages[0].extract_text()
        page.close()
        return found, words

    return take


@pytest.mark.parametrize("name", NAMES)
def test_text_is_found_in_a_pdf_and_looks_as_drawn(name, shots, data_of, canvas):
    """A picture's words are words of the page; against letters as paths, hardly a px differs by more than its edge."""
    picture = load_figure(name).draw(data_of(name), canvas)
    taken, words = shots(picture)
    said = {text.get_text() for axes in picture.axes for text in axes.texts if len(text.get_text()) > 3}
    assert [text for text in said if text not in words] == []
    assert differ(taken) < 0.05


def differ(taken):
    """The share of what is drawn that is elsewhere where letters are in their fonts."""
    drawn = (np.abs(taken["path"] - taken["path"][-1, 0]) > 20).mean()
    return (np.abs(taken["none"] - taken["path"]) > 100).mean() / drawn


def test_the_mark_of_a_space_stands_on_one_side_of_an_arabic_word(shots, canvas):
    """A word that runs from right to left has what stands before it on its right, in both."""

    @styled
    def draw(data, canvas):
        pen = sheet(canvas)
        pen.write(300, 200, data["token"], 160)
        return pen.picture

    taken, _ = shots(draw({"token": "···سلام"}, canvas))
    assert differ(taken) < 0.05
