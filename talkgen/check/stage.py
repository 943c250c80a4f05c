"""A talk as on the day: built, opened, exported and presented for real on this machine, a step at a time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from talkgen.errors import TalkgenError, ToolError
from talkgen.export.browser import has_browser
from talkgen.export.slides import look_at_slides
from talkgen.outline.blocks import Gradio, Live
from talkgen.outline.walk import find_blocks
from talkgen.pipeline.build import BuildReport, build
from talkgen.pipeline.pack import pack
from talkgen.pipeline.request import Request

Report = Callable[[str], None]
_START = 120  # s that a server and its models may take to start
_ANSWER = 30  # s for one answer


@dataclass(frozen=True)
class Step:
    """One thing that the stage asks of a talk, and how it went."""

    name: str
    ok: bool
    found: str


def try_stage(request: Request, targets: tuple[str, ...], report: Report) -> Iterator[Step]:
    """Everything that presenting a talk asks of the machine.

    Raises:
        OutlineError: the outline cannot be built.
    """
    for target in targets:
        asked = replace(request, target=target)
        yield from _deck_steps(asked, report)
        yield _step(f"{target} as PDF", partial(_export, asked, report))
        yield _step(f"{target} to carry", partial(_carry, asked, report))
    yield from _present_steps(request, report)


def _step(name: str, run: Callable[[], str]) -> Step:
    try:
        return Step(name, True, run())
    except (TalkgenError, OSError) as error:
        return Step(name, False, str(error))


def _deck_steps(request: Request, report: Report) -> Iterator[Step]:
    done = build(request, report)
    yield Step(f"{request.target} deck", True, str(done.outputs[0]))
    if has_browser():
        yield _step(f"{request.target} deck in a browser", partial(_look, done, report))


def _look(done: BuildReport, report: Report) -> str:
    draft, target = done.plan.draft, done.deck.target.name
    look = look_at_slides(done.outputs[0], target, len(draft.pages(target)), draft.size, report)
    if look.hosts or look.failed:
        raise ToolError(f"it asks for what is not there: {', '.join((*look.hosts, *look.failed))}")
    return f"{len(look.slides)} slides, every font and picture is there, no other host is asked"


def _export(request: Request, report: Report) -> str:
    return str(build(replace(request, format="pdf"), report).outputs[0])


def _carry(request: Request, report: Report) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "talk.zip")
        pack(request, file, report)
        return f"{file.stat().st_size / 1e6:.1f} MB (talkgen pack)"


def _present_steps(request: Request, report: Report) -> Iterator[Step]:
    plan = build(request, report).plan
    blocks = [block for _, block in find_blocks(plan.talk.source.outline)]
    try:
        with _presented(request) as address:
            if any(isinstance(block, Live) for block in blocks):
                for files in plan.live_models:
                    yield _step(f"{files.label} answers", partial(_ask, address, files.name))
            for name in dict.fromkeys(block.gradio for block in blocks if isinstance(block, Gradio)):
                yield _step(f"demo {name}", partial(_open, f"{address}/demos/{name}/"))
    except ToolError as error:
        yield Step("present", False, str(error))


@contextmanager
def _presented(request: Request) -> Iterator[str]:
    """The address at which `talkgen present` shows the talk, its models loaded."""
    port = _free_port()
    command = [sys.executable, "-m", "talkgen", "present", str(request.outline), "--port", str(port), "--quiet"]
    command += ["--target", request.target, *(["--model", request.model] if request.model else [])]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        subprocess.Popen(command, stdout=said, stderr=said) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + _START
            while not _is_ready(address):
                if process.poll() is not None or time.monotonic() > deadline:
                    said.seek(0)
                    raise ToolError(f"the server does not start: {said.read().strip()[-500:]}")
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(address: str) -> bool:
    try:
        health: dict[str, Any] = json.loads(_read(f"{address}/api/health"))
    except (OSError, ValueError):
        return False
    return bool(health["status"] != "loading")


def _ask(address: str, model: str) -> str:
    body = json.dumps({"prompt": "The", "model": model}).encode()
    asked = urllib.request.Request(f"{address}/api/next", body, {"Content-Type": "application/json"})  # noqa: S310 – our own
    started = time.perf_counter()
    answer = json.loads(_read(asked))
    milliseconds = 1000 * (time.perf_counter() - started)
    return f"'The' goes on with {answer['candidates'][0]['text']!r}, in {milliseconds:.0f} ms"


def _open(address: str) -> str:
    return f"{len(_read(address)):,} bytes"


def _read(asked: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(asked, timeout=_ANSWER) as reply:  # noqa: S310 – our own address
        content: bytes = reply.read()
        return content
