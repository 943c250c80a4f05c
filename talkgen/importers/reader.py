"""A Node process that reads decks with their own tool's parser: a request a line, an answer a line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Literal

from talkgen.errors import ToolError
from talkgen.export.node import Report, find_node, npm_packages

Tool = Literal["marp", "slidev"]
_SECONDS = 120.0  # for one answer; a deck of a thousand slides takes some
_PARSERS = {"marp": "@marp-team/marp-core", "slidev": "@slidev/parser/dist/index.mjs"}
_PROGRAMS = {"marp": "read_marp.cjs", "slidev": "read_slidev.mjs"}


class DeckReader:
    """Asks the running process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, operation: str, **request: Any) -> Any:
        """The answer to a request.

        Raises:
            ToolError: the parser failed, or did not answer in time.
        """
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise ToolError("the deck's parser takes no questions")
        watch = Timer(_SECONDS, process.kill)
        watch.start()
        try:
            process.stdin.write(json.dumps({"do": operation, **request}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            process.wait()
            said = process.stderr.read().strip().splitlines() if process.stderr else []
            why = next((each for each in said if "Error" in each), f"no answer in {_SECONDS:.0f} s")
            raise ToolError(f"the deck's own parser gave up: {why}")
        return json.loads(line)


@contextmanager
def deck_reader(tool: Tool, report: Report) -> Iterator[DeckReader]:
    """A process with the parser of `tool`, whose npm packages are installed if need be."""
    parser = npm_packages(tool, report) / "node_modules" / _PARSERS[tool]
    process = subprocess.Popen(
        [str(find_node()), str(Path(__file__).parent / _PROGRAMS[tool]), str(parser)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield DeckReader(process)
    finally:
        process.kill()
        process.communicate()
