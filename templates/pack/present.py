"""Serves the deck beside this file to this machine alone and opens it: `python present.py`. Needs no network."""

import contextlib
import functools
import http.server
import webbrowser
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "site"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A folder's files; what is asked for is nobody's business."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    handler = functools.partial(Quiet, directory=str(FOLDER))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"{address}  (Ctrl-C ends)", flush=True)  # noqa: T201 – where to look
        webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
