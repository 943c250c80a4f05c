"""Makes sure that the tests find what they drive, a browser, `ip`, an emulated ARM: else installs Debian's."""

import os
import shutil
import subprocess
import sys

from talkgen.errors import ToolError
from talkgen.export.browser import find_browser


def missing() -> list[str]:
    """Debian's packages of what is not there."""
    packages = [] if shutil.which("ip") else ["iproute2"]
    if not (shutil.which("qemu-aarch64") and shutil.which("aarch64-linux-gnu-g++")):
        packages += ["qemu-user", "g++-aarch64-linux-gnu"]  # the kernels are tested for ARM too
    try:
        print(f"browser: {find_browser()}")
    except ToolError as error:
        print(error)
        packages.append("chromium")
    return packages


def main() -> int:
    """0 when all is there."""
    packages = missing()
    if not packages:
        return 0
    if not shutil.which("apt-get"):
        return 1
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print(f"installing {' and '.join(packages)} with apt-get")
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
        done = subprocess.run([*sudo, *command], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode:
            return done.returncode
    return len(missing())


if __name__ == "__main__":
    sys.exit(main())
