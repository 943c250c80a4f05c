"""The attention talk in both decks, slide by slide: nothing is cut off, nothing is empty, nothing asks another host."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from server_process import free_port

from talkgen.outline.load import load_outline
from talkgen.pipeline.build import Request, build

pytestmark = pytest.mark.slow
TALK = Path(__file__).resolve().parents[2] / "slides" / "attention"
CUT_OFF = """(root) => [...root.querySelectorAll("*")].filter((element) => {
  if (element.closest(".katex")) return false;  // KaTeX draws roots far too long and cuts them itself
  const box = element.getBoundingClientRect(), slide = root.getBoundingClientRect();
  return box.width && (box.bottom > slide.bottom + 2 || box.right > slide.right + 2 || box.left < slide.left - 2);
}).map((element) => element.outerHTML.slice(0, 80))"""
BROKEN = "(root) => [...root.querySelectorAll('img')].filter((image) => !image.naturalWidth).length"
SLIDES = {
    "marp": "svg.bespoke-marp-active section",
    "slidev": ".slidev-page:not([style*='display: none']) .slidev-layout",
}


@pytest.fixture(scope="module")
def deck(target, tmp_path_factory):
    """The talk built by the real tools for one target."""
    out = tmp_path_factory.mktemp("attention") / target
    done = build(Request(TALK, target, out=out), print)
    return target, done.outputs[0], len(load_outline(TALK).outline.slides)


def addresses(target: str, page: Path, server: str):
    """Where each slide is."""
    return (lambda number: f"{page.as_uri()}#{number}") if target == "marp" else (lambda number: f"{server}/#/{number}")


@pytest.fixture
def site(deck):
    """The built site on this machine."""
    import functools
    import http.server
    import threading

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=deck[1].parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_slide_fits_and_asks_nobody(deck, site, page: Page):
    """On each slide every element lies inside it, every picture is there, and only the deck itself is asked for."""
    target, file, count = deck
    address = addresses(target, file, site)
    for number in range(1, count + 1):
        page.goto(address(number))
        slide = page.locator(SLIDES[target]).first
        slide.wait_for(state="visible")
        page.wait_for_timeout(800)  # transitions end
        assert slide.evaluate(CUT_OFF) == [], f"slide {number}"
        assert slide.evaluate(BROKEN) == 0, f"slide {number}"
        assert slide.inner_text().strip() or slide.locator("talkgen-tokens").count(), f"slide {number}"
    # a slide that is left before its transition ends is said to have skipped it
    page.errors[:] = [error for error in page.errors if "ransition was skipped" not in error]
    allowed = ("file:///", "data:", "blob:", site)
    assert [url for url in page.asked if not url.startswith(allowed)] == []
