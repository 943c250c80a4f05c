"""The real server under what should hurt it: texts that take long, half-sent bodies, requests no demo can read."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from server_process import free_port, server
from tiny_models import save_long_model

from talkgen.serve.live import LINES

pytestmark = pytest.mark.slow
PAGE = "x" * 7_800
SPEAKER = {"Sec-Fetch-Site": "same-origin"}  # which a browser says of the deck's page


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server with a model that takes seconds for a page of text."""
    folder = save_long_model(tmp_path_factory.mktemp("project"))
    deck = folder / "deck.html"
    deck.write_text("<h1>A deck</h1>", encoding="utf-8")
    port = free_port()
    with server(deck, port, folder, ("long",)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def client(address):
    with httpx.Client(base_url=address, timeout=120) as client:
        yield client


@contextmanager
def reading(address: str, prompt: str, **headers: str) -> Iterator[Iterator[str]]:
    """The lines that tell how far a text is read; asked again while what the test before left is being let go."""
    for _ in range(60):
        ask = {"json": {"prompt": prompt}, "headers": {**headers, "Accept": LINES}, "timeout": 120}
        with httpx.stream("POST", f"{address}/api/next", **ask) as reply:
            if reply.status_code != 429:
                yield reply.iter_lines()
                return
        time.sleep(1)
    raise AssertionError("what somebody left is never let go")


def send(address: str, path: str, announced: int, body: bytes) -> bytes:
    """What the server says, up to its hanging up, to a request that announces a body and sends the beginning of one."""
    host, port = address.removeprefix("http://").split(":")
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: text/plain",
        f"Content-Length: {announced}",
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode() + body)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer


def test_the_speaker_is_answered_while_a_page_is_read(address, client):
    """A visitor's page of text is still being read when the speaker's question, asked after it, is answered."""
    done = []
    with reading(address, PAGE) as lines:
        assert json.loads(next(lines))["tokens"] in (0, 7_800)  # it is on its way
        assert client.post("/api/next", json={"prompt": "mine"}, headers=SPEAKER).status_code == 200
        done = [json.loads(line) for line in lines]
    assert len(done) > 1  # more was read after that
    assert [line["read"] for line in done[:-1]] == sorted(line["read"] for line in done[:-1])
    assert "candidates" in done[-1] or done[-1]["status"] == 503  # its time may be over, on a slow machine


def test_a_second_page_of_the_same_visitor_is_refused(address, client):
    """What is read at a time is bounded: the second long text of one client is told to come back later."""
    with reading(address, "y" + PAGE) as lines:
        next(lines)
        second = client.post("/api/next", json={"prompt": "z" + PAGE})
        assert (second.status_code, second.headers["Retry-After"]) == (429, "1")


def test_what_was_read_for_somebody_who_left_is_kept(address, client):
    """A page is read from where it was left when its reader hung up."""
    with reading(address, "w" * 2_000, **SPEAKER) as lines:
        read = next(read for line in lines if (read := json.loads(line)["read"]))
    answer = client.post("/api/next", json={"prompt": "w" * 2_000}, headers=SPEAKER).json()
    assert read <= answer["reused"] < 2_000


def test_a_half_sent_body_is_given_up(address):
    """A request whose body never comes is answered with 408, and the connection is closed."""
    assert send(address, "/api/next", 50, b'{"prompt": ').startswith(b"HTTP/1.1 408 ")


def test_a_demo_has_the_same_gate(address, client):
    """Uploads have a limit, floods too, a strange request is a bad one, and pages come with their policy."""
    page = client.get("/demos/decoding/")
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert send(address, "/demos/decoding/gradio_api/upload", 3_000_000, b"").startswith(b"HTTP/1.1 413 ")
    strange = [
        client.post(f"/demos/decoding/gradio_api/{path}", content=body, headers={"Content-Type": "application/json"})
        for path in ("queue/join", "call/search", "run/predict", "queue/data", "api/nothing", "upload", "heartbeat/x")
        for body in (b"", b"[]", b"{", b'{"data": 3, "fn_index": 99}', b'{"data": [], "fn_index": -1}', b"\xff\xfe")
    ]
    assert {reply.status_code for reply in strange} <= {200, 400, 404, 405, 413, 422, 429}
    assert not [reply.text for reply in strange if "Traceback" in reply.text or ".py" in reply.text]
    flood = [client.post("/demos/decoding/gradio_api/queue/join", json={}) for _ in range(150)]
    assert 429 in {reply.status_code for reply in flood}


def test_a_room_asks_at_once(address):
    """A hundred browsers behind one address each get an answer."""
    replies = []

    def ask(i):
        with httpx.Client(base_url=address, timeout=120) as phone:
            phone.get("/")  # where its cookie comes from
            replies.append(phone.post("/api/next", json={"prompt": f"phone {i % 70}"}).status_code)

    phones = [threading.Thread(target=ask, args=(i,)) for i in range(100)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    assert replies == [200] * 100
