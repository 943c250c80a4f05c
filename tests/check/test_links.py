"""Links that lead nowhere are found at their line; every address is asked once, and nothing but its head."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from talkgen.check.links import find_dead
from talkgen.outline.load import load_outline

STATUSES = {"/here": 200, "/gone": 410, "/nowhere": 404, "/members": 403, "/busy": 429, "/onward": 302}
ASKED: list[str] = []


class Host(BaseHTTPRequestHandler):
    """A host with some pages."""

    def do_HEAD(self) -> None:
        """Says how it is about a page."""
        ASKED.append(self.path)
        self.send_response(STATUSES[self.path])
        if self.path == "/onward":
            self.send_header("Location", "/nowhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    """The address of a host."""
    ASKED.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_link_that_leads_nowhere_is_found(host, tmp_path):
    """Also behind another address; what is closed, or only in code, is no such link."""
    outline = tmp_path / "outline.yaml"
    outline.write_text(
        f"""\
title: T
slides:
  - title: One
    body:
      - "[a]({host}/here), [b]({host}/gone) and [c]({host}/members)"
      - bullets: ["[d]({host}/nowhere)", "[e]({host}/busy)", "`[f]({host}/nowhere)`"]
      - code: "[g]({host}/nowhere)"
    notes: "[h]({host}/onward), [i]({host}/here), [j](http://127.0.0.1:1/)"
""",
        encoding="utf-8",
    )
    found = [each.problem for each in find_dead(load_outline(outline))]
    assert [(each.place.line, each.message.removeprefix(host)) for each in found[:3]] == [
        (5, "/gone is not there (410)"),
        (6, "/nowhere is not there (404)"),
        (8, "/onward is not there (404)"),
    ]
    assert found[3].message.startswith("http://127.0.0.1:1/ does not answer: ")
    assert "Errno" not in found[3].message
    assert len(found) == 4
    assert sorted(set(ASKED)) == sorted(STATUSES)
    assert len(ASKED) == len(STATUSES) + 1  # once each, and once more where one leads on
