"""What a long talk does to the server and its page; the last line is JSON.

    python tests/bench/endurance.py [--faults 200] [--requests 20000] [--minutes 5]

Faults one after another, each of which the slide must come through without a word of it; requests without end, in fast
forward, after which the server must hold no more than before; and a room of a hundred phones that guess and ask.
Connections that the server ended because they were idle are counted apart from those that broke, which none should.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

from page_parts import PROMPT, element  # noqa: E402 – the tests' own parts
from playwright.sync_api import Page, Route, sync_playwright  # noqa: E402
from server_process import free_port, server  # noqa: E402
from tiny_models import make_project  # noqa: E402

from talkgen.export.browser import find_browser  # noqa: E402
from talkgen.lm.answer.engine import Engine  # noqa: E402
from talkgen.lm.files.catalog import find_model  # noqa: E402
from talkgen.lm.files.weights import load_model  # noqa: E402
from talkgen.outline.blocks import Live  # noqa: E402
from talkgen.pipeline.recordings import record  # noqa: E402
from talkgen.render.elements import elements_script  # noqa: E402

BADGE = "document.querySelector('talkgen-live').shadowRoot.querySelector('.badge')"
STATUS = "document.querySelector('talkgen-live').shadowRoot.querySelector('.status')"
SPEAKER = {"Sec-Fetch-Site": "same-origin"}
KEPT = 4.5  # s; the server ends connections that nothing was asked on for 5, as its documentation says
LINES = {"ended while idle": 0, "broken": 0}  # connections
ROUND = {"prompt": "The quick", "choices": [{"text": f" {k}", "p": 0.1} for k in range(8)], "answer": None}


def write_deck(folder: Path) -> Path:
    """A page with a live element on the model `tiny`."""
    make_project(folder)
    files = find_model("tiny", folder)
    made = record(Live(live="next_token", prompt=PROMPT, bars=5), [files], {"tiny": Engine(load_model(files))})
    deck = folder / "deck" / "deck.html"
    deck.parent.mkdir()
    script = f'<script type="module">{elements_script()}</script>'
    deck.write_text(f"<!doctype html><meta charset=utf-8>{element('talkgen-live', 'recording', made)}{script}", "utf-8")
    return deck


class Faults:
    """A slide and its server, which is killed, stopped, cut off, slowed and made to fail."""

    def __init__(self, page: Page, deck: Path, project: Path) -> None:
        self._page, self._deck, self._project = page, deck, project
        self._port = free_port()
        self._errors: list[str] = []
        page.on("pageerror", lambda error: self._errors.append(str(error)))

    def run(self, count: int) -> dict[str, Any]:
        """So many faults in a row; what the slide said wrongly."""
        kinds = [self._kill, self._stop, self._cut, self._slow, self._fail]
        done = 0
        while done < count:
            with server(self._deck, self._port, self._project, ("tiny",)) as process:
                if not done:
                    self._page.goto(f"http://127.0.0.1:{self._port}/")
                self._until("live")
                for kind in itertools.chain(kinds[1:] * 3, kinds[:1]):  # the last one takes the server
                    kind(process)
                    done += 1
                    if kind != self._kill:
                        self._until("live")
        return {"faults": done, "errors": self._errors}

    def _until(self, words: str) -> None:
        self._page.wait_for_function(f"w => {BADGE}.innerText.startsWith(w)", arg=words, timeout=60_000)
        self._check()

    def _check(self) -> None:
        """Takes note of anything on the slide that is no answer."""
        badge, status = self._page.evaluate(f"[{BADGE}.innerText, {STATUS}.innerText]")
        known = badge.startswith(("live · ", "recorded · ", "in this page · "))
        if not known or not status.startswith(tuple("0123456789nr")):  # "3 tokens", "no recorded answer", "reading"
            self._errors.append(f"{badge} / {status}")

    def _type(self) -> None:
        self._page.locator("talkgen-live textarea").press(random.choice("abc"))
        if len(self._page.locator("talkgen-live textarea").input_value()) > 12:
            self._page.locator("talkgen-live textarea").fill(PROMPT)

    def _kill(self, process: Any) -> None:
        process.kill()
        process.wait()
        self._type()
        self._until("recorded")

    def _stop(self, process: Any) -> None:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            self._type()
            self._until("recorded")
        finally:
            os.kill(process.pid, signal.SIGCONT)

    def _cut(self, _: Any) -> None:
        self._answer(lambda route: route.abort("connectionreset"))

    def _slow(self, _: Any) -> None:
        self._answer(lambda route: None)

    def _fail(self, _: Any) -> None:
        self._answer(lambda route: route.fulfill(status=random.choice([500, 502, 503, 504]), body="<h1>Oops</h1>"))

    def _answer(self, how: Any) -> None:
        held: list[Route] = []

        def answer(route: Route) -> None:
            held.append(route)
            how(route)

        self._page.route("**/api/next", answer)
        self._type()
        self._until("recorded")
        self._page.unroute("**/api/next")


def holds(pid: int, folder: Path) -> dict[str, float]:
    """What a server holds: megabytes, threads, sockets and open files, and files in its temporary folder."""
    process = psutil.Process(pid)
    return {
        "MB": round(process.memory_info().rss / 1e6, 1),
        "threads": process.num_threads(),
        "handles": process.num_fds(),
        "temporary files": sum(1 for _ in folder.rglob("*")),
    }


class Line:
    """A client with one connection, who asks once more where that ended, and counts whether it may have.

    An idle connection is ended by the server after a while, which a client finds out when it asks; one that ends sooner
    after the request before is broken, however late a busy machine read the answer to that.
    """

    def __init__(self, base: str, counted: Counter[str], timeout: float = 60) -> None:
        self.client = httpx.AsyncClient(base_url=base, timeout=timeout, limits=httpx.Limits(max_connections=1))
        self._counted, self._asked = counted, time.monotonic()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer to a request."""
        before, self._asked = self._asked, time.monotonic()
        try:
            return await self.client.request(method, path, **more)
        except httpx.TransportError as error:
            ago = time.monotonic() - before
            print(f"{method} {path}, {ago:.1f} s after the request before: {error!r}", file=sys.stderr, flush=True)
            self._counted["ended while idle" if ago > KEPT else "broken"] += 1
            return await self.client.request(method, path, **more)


async def ask_once(line: Line, i: int) -> httpx.Response:
    """A request of one of six kinds."""
    match i % 6:
        case 0:
            return await line.ask("POST", "/api/next", json={"prompt": f"a{i}"[:20]}, headers=SPEAKER)
        case 1:
            return await line.ask("GET", "/api/health")
        case 2:
            return await line.ask("GET", "/")
        case 3:
            return await line.ask("POST", "/api/next", json={"prompt": 5})
        case 4:
            return await line.ask("GET", f"/present/stage?window=w{i % 100}")
        case _:
            return await line.ask("GET", f"/nothing/{i}")


async def ask_without_end(base: str, count: int, counted: Counter[str]) -> None:
    """So many requests of all kinds, ten at a time; counts those that were answered with a fault."""
    numbers = iter(range(count))

    async def one() -> None:
        line = Line(base, counted)
        async with line.client:
            for i in numbers:
                counted["faults"] += (await ask_once(line, i)).status_code >= 500

    await asyncio.gather(*(one() for _ in range(10)))


def requests_without_end(deck: Path, project: Path, count: int) -> dict[str, Any]:
    """What the server holds after a tenth of the requests and after all of them."""
    port, temporary = free_port(), project / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    with server(deck, port, project, ("tiny",)) as process:
        base, counted = f"http://127.0.0.1:{port}", Counter(LINES)
        counted["faults"] = 0
        asyncio.run(ask_without_end(base, count // 10, counted))
        time.sleep(6)  # connections that are kept alive end after five
        before = holds(process.pid, temporary)
        asyncio.run(ask_without_end(base, count - count // 10, counted))
        time.sleep(6)
        return {"requests": count, **counted, "before": before, "after": holds(process.pid, temporary)}


async def phone(base: str, number: int, end: float, counted: Counter[str]) -> None:
    """Looks every second or two, guesses once a round, asks a model now and then."""
    guessed, line = 0, Line(base, counted, timeout=30)
    async with line.client:
        while "talkgen_device" not in line.client.cookies:
            await line.ask("GET", "/vote")
        while time.monotonic() < end:
            await asyncio.sleep(1 + random.random())
            guessed = await look(line, number, guessed, counted)


async def look(line: Line, number: int, guessed: int, counted: Counter[str]) -> int:
    """One look of a phone; the round in which it guessed last."""
    round_ = (await line.ask("GET", "/api/vote")).json()["round"]
    counted["looks"] += 1
    if random.random() < 0.2:
        reply = await line.ask("POST", "/api/next", json={"prompt": f"phone {number % 30}"})
        counted["errors"] += reply.status_code not in (200, 429)
    if not (round_ and round_["open"] and round_["number"] > guessed):
        return guessed
    reply = await line.ask("POST", "/api/vote", json={"round": round_["number"], "text": f" {number % 8}"})
    counted["sure"] += reply.status_code == 200
    counted["errors"] += reply.status_code not in (200, 409)
    return round_["number"] if reply.status_code == 200 else guessed


async def rounds(base: str, end: float) -> None:
    """The presenter, who asks the room anew every 20 s."""
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        while time.monotonic() < end - 5:
            await client.post("/present/vote/open", json=ROUND)
            await asyncio.sleep(min(20, max(0.0, end - time.monotonic() - 5)))
        await asyncio.sleep(8)
        await client.post("/present/vote/close")


def a_room(deck: Path, project: Path, minutes: float) -> dict[str, Any]:
    """A hundred phones; how many votes were taken and how many are in the results."""
    port, votes = free_port(), project / "votes"
    counted = Counter({"looks": 0, "sure": 0, "errors": 0, **LINES})
    with server(deck, port, project, ("tiny",), votes=votes) as process:
        base = f"http://127.0.0.1:{port}"

        async def all_of_them() -> None:
            end = time.monotonic() + 60 * minutes
            await asyncio.gather(rounds(base, end), *(phone(base, i, end, counted) for i in range(100)))

        before = holds(process.pid, votes)
        asyncio.run(all_of_them())
        after = holds(process.pid, votes)
    found = sum(each["voters"] for each in json.loads((votes / "votes.json").read_text())["rounds"])
    return {"minutes": minutes, **counted, "votes in the results": found, "before": before, "after": after}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=5)
    asked = parser.parse_args()
    report: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        deck = write_deck(project)
        if asked.faults:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                report["faults in a row"] = Faults(page, deck, project).run(asked.faults)
                browser.close()
            print(report["faults in a row"], file=sys.stderr, flush=True)
        if asked.requests:
            report["requests without end"] = requests_without_end(deck, project, asked.requests)
            print(report["requests without end"], file=sys.stderr, flush=True)
        if asked.minutes:
            report["a room of 100"] = a_room(deck, project, asked.minutes)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
