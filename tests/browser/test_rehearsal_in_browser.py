"""`talkgen rehearse` for real: the command, a browser that turns slides, Ctrl-C, and what is kept."""

import json
import signal
import subprocess
import sys

import pytest
from server_process import free_port

pytestmark = pytest.mark.slow


def says(slide: int):
    """Whether a reply is to a window that says that it is on a slide."""
    return lambda reply: (
        reply.url.endswith("/present/stage")
        and reply.request.method == "POST"
        and reply.request.post_data_json["slide"] == slide
    )


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_was_shown_has_its_seconds(talk, page, target):
    """The slides that were shown have time, the other ones none; the file is beside the outline."""
    port = free_port()
    command = [sys.executable, "-m", "talkgen", "rehearse", str(talk), "-t", target, "--port", str(port), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            next(line for line in process.stderr if line.startswith("http"))
            with page.expect_response(says(1)):
                page.goto(f"http://127.0.0.1:{port}/")
            for slide in (2, 3):
                with page.expect_response(says(slide)):
                    page.keyboard.press("ArrowRight")
            page.wait_for_timeout(300)
        finally:
            process.send_signal(signal.SIGINT)
        said = json.loads(process.stdout.read())
    assert process.returncode == 0
    (file,) = (talk / "rehearsals").iterdir()
    assert {"file": str(file), **json.loads(file.read_text(encoding="utf-8"))} == said
    shown = [slide["slide"] for slide in said["slides"] if slide["seconds"] > 0]
    assert shown == [1, 2, 3]
    assert [slide["title"] for slide in said["slides"]] == ["Cover", "A figure", "Try it", "Last"]
