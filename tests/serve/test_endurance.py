"""A long talk in short: the bench of endurance with small numbers, held to what it must show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCH = Path(__file__).resolve().parents[1] / "bench" / "endurance.py"


@pytest.fixture(scope="module")
def report():
    """What the bench says of thirteen faults, a thousand requests and a quarter of a minute of a room."""
    command = [sys.executable, str(BENCH), "--faults", "13", "--requests", "1000", "--minutes", "0.25"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_no_fault_is_seen_on_the_slide(report):
    """Killed, stopped, cut off, slow, failing: the badge says recorded or live, and nothing is an error."""
    assert report["faults in a row"] == {"faults": 13, "errors": []}


def test_requests_leave_nothing_behind(report):
    """After all requests the server holds no more files and sockets than after a tenth of them, and no more threads."""
    found = report["requests without end"]
    before, after = found["before"], found["after"]
    assert found["faults"] == 0
    assert after["handles"] <= before["handles"] + 3
    assert after["threads"] <= before["threads"] + 12  # pools fill up to their size
    assert after["temporary files"] == before["temporary files"]
    assert after["MB"] <= 1.1 * before["MB"]


def test_no_vote_of_the_room_is_lost(report):
    """What phones were told is taken is in the results."""
    room = report["a room of 100"]
    assert (room["errors"], room["sure"]) == (0, room["votes in the results"])
    assert room["sure"] >= 100
