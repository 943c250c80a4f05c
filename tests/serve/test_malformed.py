"""Requests that no page of ours sends, at random: each is answered in words, without a fault, without a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import make_project

from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings

PROGRAM = Path(__file__).with_name("requests_at_random.py")


@pytest.mark.slow
def test_nothing_malformed_is_a_fault(tmp_path):
    """From the server's own description and from nothing, Gradio's routes too: no fault, nothing from outside."""
    make_project(tmp_path)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "1000", str(tmp_path), "3"], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["sent"], said["bad"]) == (1000, 0), done.stderr[-3000:]
    assert len(said["answers"]) > 4


def test_every_route_is_described(deck, tmp_path):
    """What the requests are made from names the routes of pages and programs."""
    described = set(create_app(Settings(deck, votes=tmp_path / "votes")).openapi()["paths"])
    assert {"/api/next", "/api/vote", "/v1/completions", "/v1/chat/completions", "/present/stage"} <= described
