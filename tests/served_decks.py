"""A server of a folder, and a deck in a browser with the other hosts that it asked."""

import functools
import http.server
import threading
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser


@contextmanager
def served(folder: Path):
    """The address of a server of a folder: of a deck, or of packages, as a registry serves them."""
    answer = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def shown(browser: Browser, page_file: Path):
    """The deck in a browser, and the hosts beside its own that it asked."""
    with served(page_file.parent) as origin:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        asked: list[str] = []
        page.on(
            "request", lambda request: None if request.url.startswith((origin, "data:")) else asked.append(request.url)
        )
        page.goto(f"{origin}/{page_file.name}")
        page.wait_for_timeout(1500)
        yield page, asked, f"{origin}/{page_file.name}"
        page.close()
