"""The process that keeps a preview up to date: `python -m talkgen.pipeline.previewer REQUEST`.

Prints a line of JSON for each piece of news, and on standard error what a person wants to know. A process of its own,
because what it computes must not delay whoever presents, and because changed code takes a new one. It ends with its
standard input, so with who started it, and everything that it started ends with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from talkgen.errors import TalkgenError
from talkgen.pipeline.preview import Preview, Shown
from talkgen.pipeline.previewed import AGAIN, News, read_request
from talkgen.pipeline.watch import CodeChangedError, keep_up, problems_of, watched_folders


def main() -> int:
    """Runs until its input ends or the code changes; the exit code."""
    threading.Thread(target=_end_with_owner, daemon=True).start()
    news = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # news stand alone, whatever a library may print

    def tell(what: News) -> None:
        news.write(json.dumps(what) + "\n")
        news.flush()

    preview = Preview(read_request(sys.argv[1]), _say)
    keeper = _Keeper(preview, tell)
    try:
        keep_up(preview.path, keeper.refresh)
    except CodeChangedError:
        return AGAIN
    finally:
        preview.close()


class _Keeper:
    """Refreshes a preview and tells of it."""

    def __init__(self, preview: Preview, tell: Callable[[News], None]) -> None:
        self._preview, self._tell = preview, tell
        self._revision: str | None = None
        self._problems: list[str] = []
        self._unread: list[str] = []

    def refresh(self) -> set[Path] | None:
        """The folders that the preview is made of; None where it could not be made."""
        try:
            shown = self._preview.refresh()
            self._show(shown)
        except (TalkgenError, OSError) as error:
            self._tell_problems(problems_of(error))
            return None
        return watched_folders(shown.plan, shown.copied)

    def _show(self, shown: Shown) -> None:
        """Tells of what was brought up to date; after the page has it, of formulas, which the tool itself must read."""
        problems = [str(problem) for problem in shown.problems]
        if shown.news["revision"] != self._revision:
            self._tell({**shown.news, "problems": problems + self._unread})
            for line in shown.changes:
                _say(f"{line}  ({shown.seconds:.2f} s)")
            self._preview.finish()
        self._revision = shown.news["revision"]
        self._unread = [str(problem) for problem in self._preview.find_unreadable(shown)]
        self._tell_problems(problems + self._unread)

    def _tell_problems(self, problems: list[str]) -> None:
        if problems == self._problems:
            return
        for problem in problems or ["mended"]:
            _say(problem)
        self._problems = problems
        self._tell({"problems": problems})


def _end_with_owner() -> None:
    """Ends this process and what it started once nobody holds the other end of its input."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1 << 12):
            pass
    if os.name != "nt" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _say(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
