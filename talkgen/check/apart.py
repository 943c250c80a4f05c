"""talkgen in a place without network: a namespace of the system's in which only the machine itself can be reached."""

from __future__ import annotations

import shutil
import subprocess
import sys

from talkgen.errors import ToolError

_CUT_OFF = ("unshare", "--map-root-user", "--net", "--")
# In a new namespace the machine cannot even reach itself until its loopback interface is raised.
_RAISE = ("sh", "-c", 'ip link set lo up && exec "$@"', "talkgen")
_HINT = "unplug the network, and run the same command without --offline"


def run_apart(arguments: list[str]) -> int:
    """Runs `talkgen ARGUMENTS…` without network; its exit code.

    Raises:
        ToolError: this system does not let a program cut itself off.
    """
    missing = [program for program in ("unshare", "ip") if not shutil.which(program)]
    if missing:
        raise ToolError(f"cutting off the network takes Linux's {' and '.join(missing)}, not found here", _HINT)
    tried = subprocess.run([*_CUT_OFF, *_RAISE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise ToolError(f"this system does not let a program cut itself off: {tried.stderr.strip()}", _HINT)
    command = [*_CUT_OFF, *_RAISE, sys.executable, "-m", "talkgen", *arguments]
    return subprocess.run(command, check=False).returncode
