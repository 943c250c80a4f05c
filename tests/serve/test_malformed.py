"""Requests that no page of ours sends, at random: each is answered in words, without a fault, without a traceback."""

import pytest
from fastapi.testclient import TestClient
from requests_at_random import AtRandom, is_bad, send

from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings

DEMO = [f"/demos/next_token/{path}" for path in ("", "gradio_api/queue/join", "gradio_api/call/predict", "config")]


@pytest.fixture
def client(deck, models, project, tmp_path):
    """A client of a server with all its routes, which tells faults as a stranger would see them."""
    app = create_app(Settings(deck, models, project, device="cpu", votes=tmp_path / "votes"))
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        app.state.engines.wait()
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # what the client warns of in requests that are wrong on purpose
@pytest.mark.parametrize("seed", range(4))
def test_nothing_malformed_is_a_fault(client, seed):
    """From the server's own description and from nothing, Gradio's routes too: no fault, nothing from outside."""
    answers = [(made, *send(client, made)) for made in AtRandom(client.app.openapi(), DEMO, seed).requests(250)]
    assert [each for each in answers if is_bad(each[1], each[2], "secret")] == []
    assert len({status for _, status, _ in answers}) > 4


def test_every_route_is_described(client):
    """What the requests are made from names the routes of pages and programs."""
    described = set(client.app.openapi()["paths"])
    assert {"/api/next", "/api/vote", "/v1/completions", "/v1/chat/completions", "/present/stage"} <= described
