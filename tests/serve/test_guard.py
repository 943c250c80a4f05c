"""The guard: which requests reach the server at all."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from talkgen.serve.guard import Guard, is_own_name
from talkgen.serve.limits import BODY_BYTES


@pytest.fixture
def client():
    async def size(request: Request) -> JSONResponse:
        return JSONResponse(len(await request.body()))

    app = Starlette(routes=[Route("/api/size", size, methods=["POST"])])
    app.add_middleware(Guard, host="127.0.0.1")

    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize(
    ("header", "host", "own"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost:8000", "127.0.0.1", True),
        ("[::1]:8000", "127.0.0.1", True),
        ("talk.example", "talk.example", True),
        ("192.168.1.5:8000", "0.0.0.0", True),
        ("evil.example", "127.0.0.1", False),
        ("evil.example:8000", "0.0.0.0", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("192.168.1.5", "127.0.0.1", False),
        ("[::1", "127.0.0.1", False),
        ("", "127.0.0.1", False),
    ],
)
def test_own_names(header, host, own):
    """Loopback, the configured host, and on an open server any bare address; never a stranger's name."""
    assert is_own_name(header, host) is own


def test_a_rebound_name_is_refused(client):
    """A page whose name was pointed at this machine gets nothing."""
    reply = client.post("/api/size", headers={"Host": "evil.example"}, content=b"x")
    assert (reply.status_code, reply.json()) == (400, {"detail": "this server does not go by that name"})


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_another_origin_is_refused(client, origin):
    """Another site's page, a file, or another port's page may not ask."""
    assert client.post("/api/size", headers={"Origin": origin}, content=b"x").status_code == 403


def test_the_own_origin_is_let_in(client):
    """The deck's own page may ask; the answer carries the security headers and no permission for others."""
    reply = client.post("/api/size", headers={"Origin": "http://127.0.0.1:8000"}, content=b"four")
    assert reply.json() == 4
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_body_announced_too_large_is_refused(client):
    """What announces itself as too long is not read."""
    reply = client.post("/api/size", content=b"x" * (BODY_BYTES + 1))
    assert (reply.status_code, reply.json()) == (413, {"detail": "a request has at most 2,000,000 bytes"})


def test_a_body_that_turns_out_too_large_is_refused(client):
    """A body without a length is cut off at the limit."""
    reply = client.post("/api/size", content=(b"x" * 100_000 for _ in range(30)))
    assert reply.status_code == 413
