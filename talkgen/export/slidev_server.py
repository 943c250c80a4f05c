"""Slidev's own dev server over a project folder: it shows the slides to an open page as they are written.

It ends with this process. Whoever shows it to others does so behind a server of his own: it hands out any file.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.export.faults import Fault
from talkgen.export.node import Report
from talkgen.export.slidev import link_packages
from talkgen.export.worker import NodeWorker

PROGRAM = "slidev.mjs"  # in templates/node
_SECONDS = 120  # in which the server starts, its first dependencies bundled


class DevServer:
    """The server of a project in `folder`, not yet started."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder, self._report = folder, report

    @cached_property
    def port(self) -> int:
        """Where it listens on this machine."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    @cached_property
    def _worker(self) -> NodeWorker:
        link_packages(self._folder, self._report)
        program = asset_dir("templates") / "node" / PROGRAM
        return NodeWorker(program, str(self._folder), str(self.port))

    def notice(self, new: Sequence[str]) -> None:
        """Waits until the server knows of `new` files: a slide that names one before that cannot be shown.

        Raises:
            ToolError: as `check` does.
        """
        self._worker.ask({"new": list(new)}, _SECONDS)

    def check(self, changed: Sequence[str]) -> list[Fault]:
        """The slides that cannot be compiled, once the server shows the files that `changed`.

        Raises:
            ToolError: it does not start, or ended again and again.
        """
        answer = self._worker.ask({"changed": list(changed)}, _SECONDS)
        return [Fault(str(each["message"]), slide=int(each["slide"])) for each in answer["problems"]]

    def close(self) -> None:
        """Ends it."""
        self._worker.close()
