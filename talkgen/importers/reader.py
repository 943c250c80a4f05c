"""A Node process that reads decks with their own tool's parser: a request a line, an answer a line."""

from __future__ import annotations

import json
import os
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from typing import Any, Literal

from talkgen.assets import cache_dir
from talkgen.errors import ToolError
from talkgen.export.node import Report, find_node, npm_packages

Tool = Literal["marp", "slidev"]
_SECONDS = 120.0  # for one answer; a deck of a thousand slides takes some
_PARSERS = {"marp": "@marp-team/marp-core", "slidev": "@slidev/parser/dist/index.mjs"}
_PROGRAMS = {"marp": "read_marp.cjs", "slidev": "read_slidev.mjs"}


class DeckReader:
    """Asks the running process; its answers are taken as they come, so that it never waits for its reader."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._asked: deque[str] = deque()  # questions whose answers are still to come
        self._ahead: dict[str, str] = {}  # answers that nobody has taken yet
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._answers.put(line)
        self._answers.put("")

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._listener.join()
        with suppress(BrokenPipeError), self._process:  # a question that it never read
            pass

    def ask_ahead(self, operation: str, **request: Any) -> None:
        """A question that will be asked: it is answered while this process does something else."""
        self._send(json.dumps({"do": operation, **request}))

    def ask(self, operation: str, **request: Any) -> Any:
        """The answer to a request.

        Raises:
            ToolError: the parser failed, or did not answer in time.
        """
        question = json.dumps({"do": operation, **request})
        if question not in self._asked and question not in self._ahead:
            self._send(question)
        while question not in self._ahead:
            self._ahead[self._asked.popleft()] = self._next()
        return json.loads(self._ahead.pop(question))

    def _send(self, question: str) -> None:
        self._asked.append(question)
        watch = Timer(_SECONDS, self._process.kill)  # a parser that hangs takes no questions either
        watch.start()
        try:
            if self._process.stdin:
                self._process.stdin.write(question + "\n")
                self._process.stdin.flush()
        except BrokenPipeError:
            return  # `_next` says why
        finally:
            watch.cancel()

    def _next(self) -> str:
        try:
            answer = self._answers.get(timeout=_SECONDS)
        except Empty:
            self._process.kill()
            answer = ""
        if answer:
            return answer
        self._process.wait()
        said = self._process.stderr.read().strip().splitlines() if self._process.stderr else []
        why = next((each for each in said if "Error" in each), f"no answer in {_SECONDS:.0f} s")
        raise ToolError(f"the deck's own parser gave up: {why}")


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
        env={**os.environ, "NODE_COMPILE_CACHE": str(cache_dir("compiled"))},  # a quarter of a parser's start
    )
    reader = DeckReader(process)
    try:
        yield reader
    finally:
        reader.close()
