"""What machines do to programs, made for real: folders that may not be written, disks that are full.

Mounts where the system lets us make them. Where it does not: permissions, which are taken from a user who would pass
them all, and files that the system does not let grow.
"""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

# Who is root passes all permissions unless this power is given up first.
AS_A_USER = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


@contextmanager
def forbidden(folder: Path):
    """A folder whose permissions let nobody write in it; yields what goes before a command to make it hold."""
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    try:
        yield AS_A_USER
    finally:
        folder.chmod(mode)


@contextmanager
def read_only(folder: Path):
    """A folder on a read-only file system; where none can be mounted, one whose permissions forbid writing."""
    if not _mount("--bind", folder, folder):
        with forbidden(folder) as prefix:
            yield prefix
        return
    try:
        assert _mount("-o", "remount,ro,bind", folder)
        yield []
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def full(folder: Path):
    """A folder on a full disk; where none can be mounted, one in which the system lets no file grow."""
    if not _mount("-t", "tmpfs", "-o", "size=64k", "none", folder):
        yield ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
        return
    try:
        with (folder / "fill").open("wb", buffering=0) as file:
            _fill(file)
        yield []
    finally:
        subprocess.run(["umount", folder], check=True)


def _fill(file):
    try:
        while file.write(b"\0" * 4096):
            pass
    except OSError:
        return


def _mount(*arguments) -> bool:
    """Whether the system mounted it."""
    if os.geteuid() or not shutil.which("mount"):
        return False
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0
