"""Fixtures: two tiny models with random weights, a deck of one page, and a client of the whole server."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tiny_models import NAMES, make_project

from talkgen.lm.files.catalog import find_model
from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A project with the models `tiny` (a transformer) and `tiny-lstm`."""
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def models(project):
    """The files of both models."""
    return tuple(find_model(name, project) for name in NAMES)


@pytest.fixture
def deck(tmp_path) -> Path:
    """A deck's page in a folder of its own, with a picture beside it and a secret outside."""
    folder = tmp_path / "deck"
    (folder / "figures").mkdir(parents=True)
    (folder / "deck.html").write_text("<h1>A deck</h1>", encoding="utf-8")
    (folder / "figures" / "one.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder / "deck.html"


def _wait_until_loaded(client) -> dict:
    while (health := client.get("/api/health").json())["status"] == "loading":
        time.sleep(0.02)
    return health


@pytest.fixture
def open_server():
    """Starts a server from its settings; returns a client of it and what it says of itself once models are there."""
    with ExitStack() as stack:

        def start(settings: Settings) -> tuple[TestClient, dict]:
            client = stack.enter_context(TestClient(create_app(settings), base_url="http://127.0.0.1:8000"))
            return client, _wait_until_loaded(client)

        yield start


@pytest.fixture
def client(open_server, deck, models, project) -> TestClient:
    """A client of a server with both models, loaded."""
    return open_server(Settings(deck, models, project, device="cpu"))[0]
