"""Runs a talk's own Python for what it prints: a process of its own, in an empty folder, with limits.

It is given no environment but a path, finds no module beside it but what is installed, and ends with all that it
started when it takes too long, asks for too much memory or prints too much. That keeps a talk's mistakes from harm; it
is no prison for a program that means harm, which is why a talk has to say `execute: true`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from talkgen.errors import TalkgenError
from talkgen.export.node import kill

_NAME = "program.py"
# Memory that a process asks for is counted where the system can (RLIMIT_DATA); files have the limit of what is printed.
_START = """\
import runpy, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, ({memory}, {memory}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
sys.argv = ["{name}"]
runpy.run_path("{name}", run_name="__main__")
"""
_FRAME = re.compile(rf'File ".*{re.escape(_NAME)}", line (\d+)')


@dataclass(frozen=True)
class Limits:
    """How long a program may run (s), how much memory it may ask for (bytes), how much it may print (characters)."""

    seconds: float = 60
    memory: int = 2 << 30
    printed: int = 20_000


class ProgramError(TalkgenError):
    """A program that failed; `line` is the one of it where that was, counted from 1, if it is known."""

    def __init__(self, message: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(message, hint)
        self.line = line


def run_program(source: str, limits: Limits = Limits()) -> str:
    """What a program prints.

    Raises:
        ProgramError: it fails, or goes beyond its limits.
    """
    with tempfile.TemporaryDirectory(prefix="talkgen-output-") as folder:
        Path(folder, _NAME).write_text(source, encoding="utf-8")
        complaints = Path(folder, ".complaints")
        with complaints.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-B", "-X", "utf8", "-c", _START.format(name=_NAME, memory=limits.memory)],
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        printed, is_late = _listen(process, limits)
        said = complaints.read_bytes()[-20_000:].decode("utf-8", "replace")
    if is_late:
        raise ProgramError(f"it did not end within {limits.seconds:g} s", "compute less, or keep the result in a file")
    if len(printed) > limits.printed:
        raise ProgramError(f"it prints more than {limits.printed:,} characters", "a slide shows a few lines")
    if process.returncode:
        raise _failure(said, process.returncode, limits)
    return printed.decode("utf-8", "replace").rstrip()


def _environment(folder: str) -> dict[str, str]:
    """The same wherever it runs: hashes are not random, one thread, and what it writes for itself is gone with it."""
    own = {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": folder, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    own |= {"PATH": os.defpath, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    if os.name == "nt":
        own["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return own


def _listen(process: subprocess.Popen[bytes], limits: Limits) -> tuple[bytes, bool]:
    """What a process prints, one character more than it may at most, and whether its time ran out."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        kill(process)

    timer = threading.Timer(limits.seconds, stop)
    timer.start()
    try:
        printed = process.stdout.read(limits.printed + 1) if process.stdout else b""
        if len(printed) > limits.printed:
            kill(process)
        process.wait()
    finally:
        timer.cancel()
        kill(process)  # what it started and left behind
        if process.stdout:
            process.stdout.close()
    return printed, late.is_set()


def _failure(said: str, code: int, limits: Limits) -> ProgramError:
    lines = said.strip().splitlines()
    last = lines[-1] if lines else f"exit code {code}"
    found = _FRAME.findall(said)
    if last.startswith("MemoryError") or "can't allocate memory" in last:
        return ProgramError(f"it asks for more than {limits.memory >> 20:,} MB", "", int(found[-1]) if found else None)
    return ProgramError(f"it failed: {last}", "", int(found[-1]) if found else None)
