"""The README's main command on a fresh clone: an empty HOME, a path with a space in it, nothing installed by hand."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 1500  # seconds until the talk must be served, installation included


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url: str) -> bytes:
    """The body of a page on this machine."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


def wait_until_served(url: str, process: subprocess.Popen) -> dict:
    """The health report once the server says its model is ready."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "make present ended by itself"
        try:
            health = json.loads(get(f"{url}/api/health"))
        except OSError:
            time.sleep(1)
            continue
        if health["status"] == "ready":
            return health
        time.sleep(1)
    raise AssertionError("make present did not serve the talk in time")


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 120)
def test_make_present_on_a_fresh_clone(tmp_path):
    """`make present` on a fresh clone sets up, builds the talk and answers a typed prompt with a real model."""
    clone, home, log = tmp_path / "a folder" / "talk gen", tmp_path / "empty home", tmp_path / "log"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    port = free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "TALKGEN_", "VIRTUAL_ENV"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "present", f"PORT={port}"],
            cwd=clone,
            env={**kept, "HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            health = wait_until_served(url, process)
            assert b"<talkgen-live" in get(f"{url}/")
            question = {"model": health["models"][0]["name"], "prompt": "The quick brown fox jumps over the lazy"}
            request = urllib.request.Request(
                f"{url}/api/next", json.dumps(question).encode(), {"Content-Type": "application/json"}
            )
            answer = json.loads(get(request))
            assert sum(item["p"] for item in answer["candidates"]) + answer["other"] == pytest.approx(1, abs=1e-3)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
            print(log.read_text(errors="replace")[-4000:])
    said = log.read_text(errors="replace")
    assert health["models"][0]["label"] in said
    assert (clone / ".venv" / "bin" / "talkgen").exists()
    # pip asks a rustc that it finds for its version, and rustup answers with a folder of its own
    assert {path.name for path in home.iterdir()} - {".rustup"} == {".cache"}
    untracked = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert untracked.stdout == ""
