"""Runs the process that keeps a preview up to date, and starts it again when it ended without being asked to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from talkgen.pipeline.previewed import AGAIN, News, write_request
from talkgen.pipeline.request import Request

_MODULE = "talkgen.pipeline.previewer"
_LIVES = 5  # ends within a minute after which it is left alone
_MINUTE = 60.0  # s
_PATIENCE = 5.0  # s in which it ends after its input did


class PreviewProcess:
    """The process of a request; `take` is given its news, in a thread of its own."""

    def __init__(self, request: Request, take: Callable[[News], None], report: Callable[[str], None]) -> None:
        self._request, self._take, self._report = request, take, report
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Starts it and does not wait."""
        self._thread.start()

    def close(self) -> None:
        """Ends it and everything that it started, if it was started."""
        self._closing.set()
        process = self._process
        if process and process.stdin:
            process.stdin.close()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)
        if process and process.poll() is None:
            process.kill()
            process.wait()

    def _run(self) -> None:
        ends: list[float] = []
        while not self._closing.is_set():
            code = self._live()
            if self._closing.is_set():
                return
            if code == AGAIN:
                self._report("talkgen's own code changed: the preview starts again")
                continue
            ends = [end for end in ends if time.monotonic() - end < _MINUTE] + [time.monotonic()]
            if len(ends) == _LIVES:
                self._report("what keeps the deck up to date ends again and again: changes are no longer shown")
                return
            self._report(f"what keeps the deck up to date has ended (exit code {code}): it is started again")

    def _live(self) -> int:
        """One life of it; its exit code."""
        command = [sys.executable, "-m", _MODULE, write_request(self._request)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            self._process = process
            if self._closing.is_set() and process.stdin:
                process.stdin.close()
            for line in process.stdout or ():
                self._take(json.loads(line))
            return process.wait()
