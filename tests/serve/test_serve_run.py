"""Starting the server: ports in use, and a process that serves until it is interrupted."""

import json
import signal
import socket
import urllib.request
from pathlib import Path

import psutil
import pytest
from server_process import free_port, health, server

from talkgen.errors import TalkgenError
from talkgen.serve.run import check_port


def test_a_port_in_use_is_said_with_a_free_one():
    """The hint names a port on which the same command would work."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TalkgenError, match=f"port {port} is in use") as caught:
            check_port("127.0.0.1", port)
    other = int(caught.value.problems[0].hint.rsplit(" ", 1)[1])
    check_port("127.0.0.1", other)


def test_a_foreign_address_is_said():
    """One cannot listen on another machine's address."""
    with pytest.raises(TalkgenError, match=r"cannot listen on 192\.0\.2\.1"):
        check_port("192.0.2.1", 8000)


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["usual", "ignored"])
def shell(request):
    """How the shell that starts a program treats SIGINT, which programs inherit; in the background it is ignored."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.linux
def test_it_serves_until_interrupted(deck, shell):
    """Ready means that the deck can be opened; SIGINT ends the process in good order, whatever shell started it."""
    port = free_port()
    with server(deck, port) as process:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
            assert page.read() == b"<h1>A deck</h1>"
        assert health(port)["status"] == "ready"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "ended\n"
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.linux
def test_what_answers_from_packed_weights_loads_no_torch(deck, project):
    """A server whose models have answered has no library of torch's in its memory."""
    port = free_port()
    with server(deck, port, project, ("tiny", "tiny-lstm")) as process:
        for model in ("tiny", "tiny-lstm"):
            question = json.dumps({"prompt": "abc", "model": model}).encode()
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/next", question, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(asked) as reply:
                assert json.load(reply)["candidates"]
        mapped = {Path(part.path).name for part in psutil.Process(process.pid).memory_maps()}
    assert any(name.startswith("_multiarray_umath") for name in mapped), "numpy's is seen"
    assert not [name for name in mapped if name.startswith("libtorch")]
