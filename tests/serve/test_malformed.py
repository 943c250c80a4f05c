"""Requests that no page of ours sends, at random: each is answered in words, without a fault, without a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from requests_at_random import BODIES, QUERIES
from starlette.routing import Route
from tiny_models import make_project

from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings

PROGRAM = Path(__file__).with_name("requests_at_random.py")


@pytest.mark.slow
def test_nothing_malformed_is_a_fault(tmp_path):
    """From what the server's routes ask for and from nothing, Gradio's too: no fault, nothing from outside."""
    make_project(tmp_path)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "1000", str(tmp_path), "3"], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["sent"], said["bad"]) == (1000, 0), done.stderr[-3000:]
    assert len(said["answers"]) > 4


def every_route(routes, before=""):
    """All routes with their paths, those that are mounted too."""
    for route in routes:
        yield before + route.path, route
        yield from every_route(getattr(route, "routes", ()), before + route.path)


def test_what_every_route_asks_for_is_known(deck, tmp_path):
    """Bodies are made for all routes that read one; each of these exists, and takes what its model says."""
    routes = dict(every_route(create_app(Settings(deck, votes=tmp_path / "votes")).routes))
    posts = {path for path, route in routes.items() if isinstance(route, Route) and "POST" in route.methods}
    assert posts - {"/present/vote/close"} == set(BODIES)
    assert set(QUERIES) <= set(routes)
