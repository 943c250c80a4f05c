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
from threading import Thread
from typing import Any, Literal

from talkgen.assets import cache_dir
from talkgen.errors import ToolError
from talkgen.export.node import Report, find_node, installed_packages, npm_packages
from talkgen.yamlfile.document import MAX_DEPTH

Tool = Literal["marp", "slidev"]
_SECONDS = 120.0  # for one answer; a deck of a thousand slides takes some
_PARSERS = {"marp": "@marp-team/marp-core", "slidev": "@slidev/parser/dist/index.mjs"}
_ROOM = "--max-semi-space-size=64"  # MiB for what is new: a deck's tokens live until it is read, and are not moved
_PROGRAMS = {"marp": "read_marp.cjs", "slidev": "read_slidev.mjs"}
_started: dict[Tool, subprocess.Popen[str]] = {}  # processes that get ready, and that nobody has taken yet


class DeckReader:
    """Asks the running process. Questions and answers go by themselves: neither side waits until the other reads."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._questions: SimpleQueue[str] = SimpleQueue()
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._asked: deque[str] = deque()  # questions whose answers are still to come
        self._ahead: dict[str, str] = {}  # answers that nobody has taken yet
        self._threads = [Thread(target=work, daemon=True) for work in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    def _speak(self) -> None:
        with suppress(BrokenPipeError):  # `_next` says why
            while self._process.stdin and (question := self._questions.get()):
                self._process.stdin.write(question + "\n")
                self._process.stdin.flush()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._answers.put(line)
        self._answers.put("")

    def close(self) -> None:
        """Ends the process."""
        self._questions.put("")
        self._process.kill()
        for thread in self._threads:
            thread.join()
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
        try:
            return json.loads(self._ahead.pop(question))
        except RecursionError:
            raise _TOO_DEEP from None

    def _send(self, question: str) -> None:
        self._asked.append(question)
        self._questions.put(question)

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


_TOO_DEEP = ToolError("the deck's settings are nested too deep to be read", "an outline could not hold them")
_DEEPEST = MAX_DEPTH - 5  # of an outline they are a part of a part


def check_depth(settings: Any) -> None:
    """Refuses settings that are nested deeper than an outline may be.

    Raises:
        ToolError: they are.
    """
    level = [settings]
    for _ in range(_DEEPEST):
        inside = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        if not inside:
            return
        level = [each for values in inside for each in values]
    raise _TOO_DEEP


def start_ahead(tool: Tool) -> None:
    """Lets a process get ready beside what else there is to do, where its packages are; `deck_reader` takes it."""
    if packages := installed_packages(tool):
        _started[tool] = _start(tool, packages)


@contextmanager
def deck_reader(tool: Tool, report: Report) -> Iterator[DeckReader]:
    """A process with the parser of `tool`, whose npm packages are installed if need be."""
    reader = DeckReader(_started.pop(tool) if tool in _started else _start(tool, npm_packages(tool, report)))
    try:
        yield reader
    finally:
        reader.close()


def _start(tool: Tool, packages: Path) -> subprocess.Popen[str]:
    program = Path(__file__).parent / _PROGRAMS[tool]
    return subprocess.Popen(
        [str(find_node()), _ROOM, str(program), str(packages / "node_modules" / _PARSERS[tool])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "NODE_COMPILE_CACHE": str(cache_dir("compiled"))},  # a quarter of a parser's start
    )
