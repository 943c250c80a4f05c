"""A talk that `talkgen present` shows in the installed browser while it is written: when what was saved is seen."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

_WATCH = """
([selector, word]) => {
  window.seenAt = 0;
  const look = () => {
    const there = [...document.querySelectorAll(selector)].some((each) => each.textContent.trim() === word);
    if (window.seenAt || !there) return;
    observer.disconnect();
    requestAnimationFrame(() => (window.seenAt = Date.now()));
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, characterData: true });
}
"""
_PARAGRAPHS = {"marp": "section p", "slidev": ".slidev-page p"}


class OpenPage:
    """A presented talk whose slide `number` is open in `page`."""

    def __init__(self, outline: Path, target: str, out: Path, page: Page, number: int) -> None:
        self._target, self._page = target, page
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "talkgen", "present", str(outline), "-t", target, "--recorded"]
        command += ["--port", str(port), "--out", str(out)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        address = next(line for line in self._process.stdout if line.startswith("http")).split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/watch", timeout=300) as news:
            next(line for line in news if b'"revision"' in line)  # until then nothing follows
        page.goto(f"{address}#{'/' if target == 'slidev' else ''}{number}")
        page.locator(_PARAGRAPHS[target]).last.wait_for(state="attached")

    def seconds_until(self, word: str, outline: Path, text: str) -> float:
        """How long it takes from the writing of `text` until a paragraph of the page is `word`."""
        self._page.evaluate(_WATCH, [_PARAGRAPHS[self._target], word])
        started = time.time()
        outline.write_text(text, encoding="utf-8")
        self._page.wait_for_function("window.seenAt", timeout=30_000)
        return float(self._page.evaluate("window.seenAt")) / 1000 - started

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        self._process.wait(30)
