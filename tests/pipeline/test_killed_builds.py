"""A build that is killed leaves a deck that opens and a store that verifies."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.linux
def test_builds_that_are_killed_leave_what_is_whole(own_cache):
    """At four moments; `killed_builds.py --times 100` looks at more."""
    script = Path(__file__).parent / "killed_builds.py"
    folder = own_cache / "killed"
    (folder / "cache").mkdir(parents=True)
    for name in ("node", "models", "matplotlib"):
        (folder / "cache" / name).symlink_to((own_cache / name).resolve())
    done = subprocess.run([sys.executable, script, folder, "--times", "4"], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "every deck whole, every store verified" in done.stdout
