"""A built deck in a page: served from a port of this machine, its slides shown and measured."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        """Nothing."""


@contextmanager
def served(file: Path) -> Iterator[str]:
    """The address of a deck's page."""
    handler = functools.partial(Quiet, directory=file.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{file.name}"
        server.shutdown()


class Slides:
    """A deck in a page: goes to a slide, and measures what it shows."""

    def __init__(self, page, base: str, target: str) -> None:
        self.page, self.base, self.target = page, base, target

    def show(self, number: int):
        """The root of slide `number`, shown."""
        marp = self.target == "marp"
        self.page.goto(f"{self.base}#{number}" if marp else f"{self.base}#/{number}")
        root = "svg.bespoke-marp-active section" if marp else ".slidev-page:visible .slidev-layout"
        self.page.wait_for_timeout(700)  # a transition
        return self.page.locator(root).last

    def box(self, inside, selector: str) -> dict[str, float]:
        """Where the first such element in `inside` is, in px of the slide."""
        return inside.locator(selector).first.bounding_box()
