"""A build that is ended while a browser prints for it: nothing runs on, and nothing is left among temporary files."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.linux]

# Caches of Node's programs, which find them again, and the folder of a socket, which a browser that is killed leaves.
STAYS = ("jiti", "node-compile-cache", "org.chromium.")


def wait_for(what, seconds=90):
    """What `what` gives, as soon as that is something."""
    ends = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_an_end_while_a_browser_prints_leaves_nothing(target, tmp_path):
    """As soon as the browser has a profile. Ctrl-C goes the same way, but not to who was started in the background."""
    (tmp_path / "outline.yaml").write_text("title: T\nslides: [{title: One}, {title: Two}]\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:  # a short path: a browser makes sockets in it
        command = [sys.executable, "-m", "talkgen", "build", str(tmp_path), "-t", target, "-f", "pdf"]
        with subprocess.Popen(command, env=os.environ | {"TMPDIR": scratch}, stderr=subprocess.PIPE) as process:
            wait_for(lambda: list(Path(scratch).glob("**/Local State")))
            started = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            assert b"interrupted" in process.stderr.read()
            assert process.wait(60) == 130
        psutil.wait_procs(started, 10)
        assert not [each for each in started if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        assert not [each for each in Path(scratch).iterdir() if not each.name.startswith(STAYS)]
    assert not list((tmp_path / "dist").glob("**/*.pdf"))
