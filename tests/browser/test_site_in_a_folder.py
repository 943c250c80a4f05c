"""A Slidev site in a folder of a host that knows nothing but files, and at its root: every address leads to a file."""

import functools
import http.server
import re
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from talkgen.pipeline.build import Request, build

pytestmark = pytest.mark.slow

SLIDES = """\
slides:
  - title: "Pictures ![t](title.svg)"
    background: background.svg
    body:
      - "![a](markdown.svg) <img src=tag.svg srcset='small.svg 1x, large.svg 2x'>"
      - image: image.svg
  - title: In a style
    body:
      - html: |
          <div style="background: url(inline.svg); width: 9px; height: 9px">x</div>
          <p style='--p: url("property.svg"); background: center url(&quot;quoted.svg&quot;)'>x</p>
          <style>.sheet { background: url(sheet.svg) }</style>
          <p class="sheet own">x</p>
          <svg width="9" height="9"><image href="drawn.svg" width="9" height="9"/></svg>
  - title: Media
    body:
      - video: film.mp4
        poster: still.svg
      - html: |
          <video poster="poster.svg" width="9"><source src="source.mp4"></video>
          <audio src="sound.mp3" controls></audio>
          <object data="object.svg" type="image/svg+xml" width="9" height="9"></object>
          <embed src="embed.svg" type="image/svg+xml" width="9" height="9">
  - title: Live
    body:
      - live: next_token
        prompt: The statement
      - gradio: lab
        picture: app.svg
        height: 90
  - title: Drawn
    body:
      - mermaid: "graph LR; a --> b"
      - math: x^2
  - title: Computed
    body:
      - figure: softmax_temperature
"""
OWN = """\
title: Places
model: small
footer: "![f](footer.svg)"
header: <img src="header.svg">
style: ".own { background: url(style.svg) }"
"""
NATIVE = """\
native: slidev
frontmatter: {favicon: /public.svg, fonts: {provider: none}}
slides:
  - title: Front
    layout: cover
    frontmatter: {background: /public.svg}
  - layout: image-right
    frontmatter: {image: /public.svg}
    body:
      - raw:
          slidev: |
            <div style="background: url(/public.svg)" :style="{ color: 'red' }">x</div>
            <object data="/public.svg" width="9" height="9"></object>
      - markdown: "![a](/public.svg)"
"""
MIXED = f"""\
{NATIVE}
      - live: next_token
        prompt: The statement
style: ".own {{ background: url(public/public.svg) }}"
model: small
"""
NAMED = set(re.findall(r"\w+\.(?:svg|mp4|mp3)", OWN + SLIDES))
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files, and a list of what was asked and is none."""

    def log_message(self, *_):
        """Says nothing."""

    def send_error(self, code, *more):
        """Notes what is not there; the server of a talk that answers live is sought, and need not be."""
        if not self.path.startswith("/api/"):
            self.server.missing.append(self.path)
        super().send_error(code, *more)


@pytest.fixture(scope="module", params=[OWN + SLIDES, NATIVE, MIXED], ids=["own", "native", "mixed"])
def site(request, tmp_path_factory) -> Path:
    """The site of a talk that names a file in each way there is."""
    folder = tmp_path_factory.mktemp("places") / "talk"
    (folder / "public").mkdir(parents=True)
    (folder / "outline.yaml").write_text(request.param, encoding="utf-8")
    (folder / "public" / "public.svg").write_text(DRAWING, encoding="utf-8")
    for name in NAMED:
        (folder / name).write_text(DRAWING, encoding="utf-8")
    return build(Request(folder, "slidev"), print).outputs[0].parent


@pytest.mark.parametrize("place", ["folder", "root"])
def test_every_slide_of_a_site_finds_its_files(page, site, place):
    """Pictures, films, styles, fonts, recordings and whatever else a slide shows."""
    folder, path = (site, "") if place == "root" else (site.parent, f"{site.name}/")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as host:
        host.missing = []
        threading.Thread(target=host.serve_forever, daemon=True).start()
        for number in range(1, 7):
            page.goto(f"http://127.0.0.1:{host.server_port}/{path}#/{number}")
            expect(page.locator(".slidev-layout:visible").first).to_be_visible()
            page.wait_for_timeout(700)  # what it shows is asked for by then
        host.shutdown()
    assert sorted(set(host.missing)) == []
