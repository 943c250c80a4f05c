"""Makes sure there is a browser for the tests: finds an installed one, else installs Debian's where it may."""

import os
import shutil
import subprocess
import sys

from talkgen.errors import ToolError
from talkgen.export.browser import find_browser


def main() -> int:
    """0 when there is a browser."""
    try:
        print(f"browser: {find_browser()}")
        return 0
    except ToolError as error:
        print(error)
    if not shutil.which("apt-get"):
        return 1
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print("installing chromium with apt-get")
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run([*sudo, *command], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode:
            return done.returncode
    print(f"browser: {find_browser()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
