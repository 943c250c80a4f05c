"""What an audience can do to a talk, measured against the real server and a real browser; the last line is JSON.

    python tests/bench/serve.py [--model smollm2]

Each line answers a question of somebody on a stage: how long the speaker waits after others sent pages of text, how
soon a page is seen to be read, how soon a server that stopped, hangs or refuses is known and found again, how far the
bars are behind the keys, and what a room gets beside a plain Gradio app of the same function (`plain_gradio.py`), in a
process of its own with Gradio's queue as it comes, asked the same things by the same hundred clients.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

from page_parts import element  # noqa: E402 – the tests' own parts
from phone import Phone  # noqa: E402
from plain_gradio import plain_gradio  # noqa: E402
from playwright.sync_api import Page, Route, sync_playwright  # noqa: E402
from server_process import free_port, server  # noqa: E402

from talkgen.export.browser import find_browser  # noqa: E402
from talkgen.lm.answer.engine import Engine  # noqa: E402
from talkgen.lm.files.catalog import find_model  # noqa: E402
from talkgen.lm.files.weights import load_model  # noqa: E402
from talkgen.outline.blocks import Live  # noqa: E402
from talkgen.pipeline.recordings import record  # noqa: E402
from talkgen.render.elements import elements_script  # noqa: E402

SPEAKER = {"Sec-Fetch-Site": "same-origin"}
BADGE = "document.querySelector('talkgen-live').shadowRoot.querySelector('.badge')"
PROMPT = "The quick brown fox"
THREADS = 40  # in which Gradio runs functions: more at a time cannot be
WORDS = (
    "the of and a to in is it that was for on are with as his they be at one have this from had by not word but".split()
)
TYPE = """async ([text, pause]) => {
  const live = document.querySelector("talkgen-live"), frame = () => new Promise(requestAnimationFrame);
  const area = live.shadowRoot.querySelector("textarea"), drawn = [], behind = [];
  let typing = true;
  const watch = (async () => {
    while (typing) { await frame(); behind.push(area.value.length - live.shown.length); }
  })();
  for (const letter of text) {
    // A key comes at any time between two frames, not just when one is drawn.
    if (!pause) await new Promise((resolve) => setTimeout(resolve, 17 * Math.random()));
    const began = performance.now();
    area.value += letter;
    area.dispatchEvent(new Event("input"));
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    else while (live.shown !== area.value) await frame();
    drawn.push(performance.now() - began);
  }
  typing = false;
  await watch;
  return { drawn, behind };
}"""


def page_of_text(tokens: int, seed: int) -> str:
    """Text that no two callers share."""
    words = random.Random(seed)
    return f"{seed} " + " ".join(words.choice(WORDS) for _ in range(tokens))


def memory(pid: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(pid: int) -> float:
    """Seconds of a core that a process has used."""
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def ask(client: httpx.Client, prompt: str, **more: Any) -> float:
    """Seconds until the speaker's question is answered."""
    began = time.perf_counter()
    client.post("/api/next", json={"prompt": prompt, **more}, headers=SPEAKER).raise_for_status()
    return time.perf_counter() - began


def after_pages_that_nobody_waits_for(client: httpx.Client, pid: int) -> dict[str, float]:
    """The speaker's next question after 7,800 characters whose sender left after 0.3 s; and after eight of them."""
    found = {}
    for count in (1, 8):
        for i in range(count):
            try:
                text = page_of_text(3_000, 100 * count + i)[:7_800]
                httpx.post(f"{client.base_url}/api/next", json={"prompt": text}, timeout=httpx.Timeout(0.3))
            except httpx.TimeoutException:
                continue
        found[f"speaker after {count} (s)"] = round(ask(client, f"after {count}"), 3)
    return {**found, "server (MB)": round(memory(pid))}


def until(page: Page, words: str) -> float:
    """Seconds until the badge says `words`."""
    began = time.perf_counter()
    page.wait_for_function(
        f"words => {BADGE}.innerText.startsWith(words)",
        arg=words,
        polling="raf",
        timeout=60_000,
    )
    return round(time.perf_counter() - began, 3)


def type_keys(page: Page, text: str, pause: int) -> dict[str, float]:
    """What becomes of keys: ms until each is drawn, or how far the bars are behind steady typing."""
    page.evaluate("document.querySelector('talkgen-live').shadowRoot.querySelector('textarea').value = 'So'")
    seen = page.evaluate(TYPE, [text, pause])
    if pause:
        return {"at most one key behind": round(statistics.mean(lag <= 1 for lag in seen["behind"]), 3)}
    cuts = statistics.quantiles(seen["drawn"], n=20)
    return {"p50 (ms)": round(cuts[9], 1), "p95 (ms)": round(cuts[18], 1)}


def faults(page: Page, pid: int) -> dict[str, float]:
    """Seconds until the badge tells the truth."""
    found = {}
    os.kill(pid, signal.SIGSTOP)
    found["stopped: recorded (s)"] = until(page, "recorded")
    os.kill(pid, signal.SIGCONT)
    found["goes on: live (s)"] = until(page, "live")
    for name, hang in (("one 503", False), ("one that hangs", True)):
        faulty: list[Route] = []

        def answer(route: Route, hang: bool = hang, faulty: list[Route] = faulty) -> None:
            faulty.append(route)
            if len(faulty) > 1:
                route.continue_()
            elif not hang:
                route.fulfill(status=503, json={})

        page.route("**/api/next", answer)
        page.locator("talkgen-live textarea").press("x")
        found[f"{name}: recorded (s)"] = until(page, "recorded")
        found[f"{name}: live again (s)"] = until(page, "live")
        page.unroute("**/api/next")
    return found


def paste(page: Page) -> dict[str, float]:
    """A page of text pasted by the speaker: seconds until a word of it, an answer or the recorded one, its answer."""
    text = page_of_text(1_530, 5)
    began = time.perf_counter()
    page.locator("talkgen-live textarea").fill(text)
    status = "document.querySelector('talkgen-live').shadowRoot.querySelector('.status').innerText"
    found = {}
    for name, seen in (
        ("told (s)", f"/^reading|^\\d{{4}} tokens/.test({status})"),
        ("answered or recorded (s)", f"/^recorded/.test({BADGE}.innerText) || /^\\d{{4}} tokens/.test({status})"),
        ("answered (s)", f"/^live/.test({BADGE}.innerText) && /^\\d{{4}} tokens/.test({status})"),
    ):
        page.wait_for_function(seen, polling="raf", timeout=120_000)
        found[name] = round(time.perf_counter() - began, 3)
    return found


async def room(address: str, question: Callable[[Phone, str], Any], asked: int = 3) -> list[list[float]]:
    """Seconds of each answer of 100 clients who ask without a pause, 30 % of them the same."""

    async def visit(i: int, phone: Phone) -> list[float]:
        seconds = []
        for k in range(asked):
            prompt = f"the same {k}" if i < 30 else f"phone {i} asks {k}"
            began = time.perf_counter()
            await question(phone, prompt)
            seconds.append(time.perf_counter() - began)
        return seconds

    phones = [Phone(address) for _ in range(100)]
    await asyncio.gather(*(phone.ask("/") for phone in phones))
    waits = await asyncio.gather(*itertools.starmap(visit, enumerate(phones)))
    for phone in phones:
        phone.close()
    return waits


def compare_rooms(address: str, pid: int, model: str) -> dict[str, float]:
    """The same room before `/api/next`, and before Gradio's queue in an app of its own: as it comes, and opened."""

    async def ours(phone: Phone, prompt: str) -> None:
        status = 429
        while status == 429:
            status, headers, answer = await phone.ask("/api/next", {"prompt": prompt, "bars": 10})
            await asyncio.sleep(float(headers.get("retry-after", 0)))
        if status != 200:
            raise RuntimeError(answer)

    async def gradio(phone: Phone, prompt: str) -> None:
        path = "/gradio_api/call/predict"
        _, _, call = await phone.ask(path, {"data": [prompt]})
        _, _, events = await phone.ask(f"{path}/{json.loads(call)['event_id']}")
        if b"event: complete" not in events:
            raise RuntimeError(events)

    found = time_room("ours", address, pid, ours)
    for name, together in (("gradio", 1), (f"gradio, {THREADS} at a time", THREADS)):
        with plain_gradio(free_port(), model, together) as (app, process):
            found |= time_room(name, app, process, gradio)
        found[f"p95, {name} / ours"] = round(found[f"{name} p95 (s)"] / found["ours p95 (s)"], 2)
    return found


def time_room(name: str, address: str, pid: int, question: Callable[[Phone, str], Any]) -> dict[str, float]:
    """How long a room waits for an answer, how much longer the slowest client than the fastest, and who worked."""
    server, clients = processor_seconds(pid), time.process_time()
    each = asyncio.run(room(address, question))
    server, clients = processor_seconds(pid) - server, time.process_time() - clients
    totals, waits = [sum(one) for one in each], [value for one in each for value in one]
    return {
        f"{name} p95 (s)": round(statistics.quantiles(waits, n=20)[18], 3),
        f"{name} slowest client / fastest": round(max(totals) / min(totals), 2),
        f"{name} processor a question (ms)": round(1000 * server / len(waits), 2),
        f"{name} the clients' own (ms)": round(1000 * clients / len(waits), 2),
    }


@contextmanager
def presented(folder: Path, model: str) -> Any:
    """A page with a live element, and its server."""
    files = find_model(model, Path.cwd())
    block = Live(live="next_token", prompt=PROMPT, bars=6)
    made = record(block, [files], {files.name: Engine(load_model(files))})
    deck = folder / "deck.html"
    script = f'<script type="module">{elements_script()}</script>'
    deck.write_text(f"<!doctype html><meta charset=utf-8>{element('talkgen-live', 'recording', made)}{script}", "utf-8")
    port = free_port()
    with server(deck, port, Path.cwd(), (model,)) as process:
        yield f"http://127.0.0.1:{port}", process.pid


class _Report(dict[str, Any]):
    """What was measured, each line as soon as it is known."""

    def __setitem__(self, question: str, answer: Any) -> None:
        print(f"{question}: {answer}", file=sys.stderr, flush=True)
        super().__setitem__(question, answer)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2")
    asked = parser.parse_args()
    report = _Report(model=asked.model, cores=os.cpu_count())
    with tempfile.TemporaryDirectory() as folder, presented(Path(folder), asked.model) as (address, pid):
        with httpx.Client(base_url=address, timeout=300) as client:
            ask(client, "warm")
            report["pages nobody waits for"] = after_pages_that_nobody_waits_for(client, pid)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(address)
            until(page, "live")
            keys = " about the language of the machine"
            report["a key until its bars"] = type_keys(page, keys, 0)
            report["typing at 80 ms a key"] = type_keys(page, keys[::-1], 80)
            report["faults"] = faults(page, pid)
            if find_model(asked.model, Path.cwd()).about()["context"] >= 2_048:
                report["a pasted page"] = paste(page)
            browser.close()
        report["a room of 100"] = compare_rooms(address, pid, asked.model)
        report["server after all (MB)"] = round(memory(pid))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
