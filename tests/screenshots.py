"""Pictures of every slide of a built deck, for a person to look at: `python tests/screenshots.py DECK OUT`."""

import functools
import http.server
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from talkgen.export.browser import find_browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main(deck: Path, out: Path) -> None:
    """Photographs each slide of `deck` (a Marp deck.html, or the index.html of a Slidev site) at 1280 by 720."""
    out.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=deck.parent)
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/{deck.name}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(base)
        marp = "site" not in deck.parts
        page.wait_for_timeout(1500)
        if marp:
            total = page.evaluate("document.querySelectorAll('svg.bespoke-marp-slide').length")
        else:  # every page of the source begins and ends its front matter with a line of dashes
            total = (deck.parents[1] / "slides.md").read_text(encoding="utf-8").splitlines().count("---") // 2
        for number in range(1, total + 1):
            page.goto(f"{base}#{number}" if marp else f"{base}#/{number}")
            page.wait_for_timeout(700)
            page.screenshot(path=out / f"{number:02}.png")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
