"""Text of figures in a real browser: as letters in their fonts, found in a PDF, where it was measured to be."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from talkgen.figures.draw import save
from talkgen.figures.registry import load_figure

pytestmark = pytest.mark.slow
NAMES = ("lstm_cell", "next_token")


@pytest.mark.parametrize("name", NAMES)
def test_text_is_found_in_a_pdf_and_looks_as_drawn(name, browser, data_of, canvas, tmp_path, monkeypatch):
    """A picture's words are words of the page; against letters as paths, hardly a px differs by more than its edge."""
    picture = load_figure(name).draw(data_of(name), canvas)
    page = browser.new_page(viewport={"width": canvas.width, "height": canvas.height})
    shots, ground = {}, canvas.style.colors.background
    for kind in ("none", "path"):
        monkeypatch.setitem(save._SETTINGS, "svg.fonttype", kind)
        svg = tmp_path / f"{kind}.svg"
        save.save_picture(picture, svg, tmp_path / "a.png", {})
        source = base64.b64encode(svg.read_bytes()).decode()
        picture_of = f'<img src="data:image/svg+xml;base64,{source}" alt="">'
        page.set_content(f'<body style="margin:0;background:{ground}">{picture_of}')
        page.wait_for_function("document.images[0].complete")
        shots[kind] = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"), dtype=int)
        if kind == "none":
            words = PdfReader(io.BytesIO(page.pdf(print_background=True))).pages[0].extract_text()
    page.close()
    said = {text.get_text() for axes in picture.axes for text in axes.texts if len(text.get_text()) > 3}
    assert [text for text in said if text not in words] == []
    drawn = (np.abs(shots["path"] - shots["path"][-1, 0]) > 20).mean()
    assert (np.abs(shots["none"] - shots["path"]) > 100).mean() < 0.05 * drawn
