"""A Node program of ours that stays up: a line of JSON asks it, a line of JSON answers. Knows nothing of what is asked.

It ends with its standard input, so with this process, however that ends; one that was killed is started again.
"""

from __future__ import annotations

import atexit
import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from talkgen.errors import ToolError
from talkgen.export.node import describe_end, find_node, kill, node_environment


class NodeWorker:
    """The program with its arguments, not yet started."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self._command = [str(program), *arguments]
        self._running: _Running | None = None
        self._lock = threading.Lock()

    def start(self, rehearsed: Mapping[str, Any] | None = None) -> None:
        """Starts it where it does not run, and does not wait until it can answer.

        It is then asked what is to be `rehearsed`, and to answer that to nobody.
        """
        with self._lock:
            before, running = self._running, self._started()
            if rehearsed and running is not before:
                running.tell({**rehearsed, "rehearsed": True})

    def ask(self, question: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Its answer, within `timeout` seconds.

        Raises:
            ToolError: it gave none, nor did another one after it had ended.
        """
        with self._lock:
            answer = self._started().ask(question, timeout)
            if answer is None:  # killed, or out of memory: is it the question?
                self._end()
                again = self._started()
                answer = again.ask(question, timeout)
                if answer is None:
                    raise again.failure()
            if answer.get("last"):
                self._end()
                self._started()
            return answer

    def close(self) -> None:
        """Ends it."""
        with self._lock:
            self._end()

    def _started(self) -> _Running:
        if self._running is None or self._running.process.poll() is not None:
            self._end()
            self._running = _Running(self._command)
            _WORKERS.add(self)
        return self._running

    def _end(self) -> None:
        _WORKERS.discard(self)
        if self._running:
            self._running.close()
        self._running = None


_WORKERS: set[NodeWorker] = set()  # that may run


@atexit.register
def end_workers() -> None:
    """Ends all programs that this process keeps."""
    for worker in list(_WORKERS):
        worker.close()


class _Running:
    """A process of a worker, and the thread that reads its answers."""

    def __init__(self, command: Sequence[str]) -> None:
        self._name = Path(command[0]).name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 – closed with the process
        self.process = subprocess.Popen(
            [str(find_node()), *command],
            env=node_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,  # Ctrl-C is ours to handle
        )
        assert self.process.stdin is not None  # noqa: S101 – both are pipes
        assert self.process.stdout is not None  # noqa: S101
        self._input, self._output = self.process.stdin, self.process.stdout
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._output:
            self._answers.put(line)
        self._answers.put(b"")  # it has ended

    def tell(self, question: Mapping[str, Any]) -> None:
        """Asks what it answers nobody; where it has ended, the next question tells."""
        with suppress(OSError):
            self._write(question)

    def _write(self, question: Mapping[str, Any]) -> None:
        self._input.write(json.dumps(question).encode() + b"\n")
        self._input.flush()

    def ask(self, question: Mapping[str, Any], timeout: float) -> dict[str, Any] | None:
        """The answer; None where the process ended instead.

        Raises:
            ToolError: it took longer.
        """
        try:
            self._write(question)
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            self.close()
            raise ToolError(f"{self._name} did not answer within {timeout:.0f} s") from None
        except OSError:
            return None
        except BaseException:  # who is interrupted now must not find this answer to the next question
            self.close()
            raise
        return dict(json.loads(line)) if line else None

    def failure(self) -> ToolError:
        """What was wrong with a process that ended by itself."""
        code = self.process.wait()
        self._said.seek(0)
        return describe_end(self._name, code, self._said.read().decode(errors="replace"))

    def close(self) -> None:
        """Ends the process: what it answered is whole, and what it is at is asked for by nobody any more."""
        kill(self.process)
        self._reader.join()
        self._output.close()
        with suppress(OSError):  # what it was asked may be on its way yet
            self._input.close()
        self._said.close()
