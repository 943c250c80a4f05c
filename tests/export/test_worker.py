"""Marp as a process that stays up: the same bytes as its own command's, another process for one that was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from talkgen.assets import asset_dir, cache_dir
from talkgen.errors import ToolError
from talkgen.export.marp import export_marp
from talkgen.export.marp_command import marp_cli
from talkgen.export.marp_process import marp_worker, start_marp
from talkgen.export.node import run_node
from talkgen.export.worker import NodeWorker

DECK = "---\nmarp: true\nmath: mathjax\n---\n\n# One $x^2$\n\n---\n\n```python\nprint(1)\n```\n"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a deck's source."""
    (tmp_path / "deck.md").write_text(DECK, encoding="utf-8")
    return tmp_path


def silence(line: str) -> None:
    """Takes no report."""


def children() -> list[psutil.Process]:
    """The Node processes that this one started and that still run."""
    running = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in running if each.name().startswith("node")]


@pytest.mark.slow
def test_it_writes_what_marps_own_command_writes(folder):
    """Byte for byte, at the first time and later; the decks of one process do not meet."""
    other = "---\nmarp: true\ntheme: gaia\nclass: invert\n---\n\n# Other\n"
    pages = []
    for text in (DECK, other, DECK):
        (folder / "deck.md").write_text(text, encoding="utf-8")
        pages.append(export_marp(folder, "html", silence)[0].read_text(encoding="utf-8"))
    settings = folder / "own.json"
    engine = asset_dir("templates") / "marp" / "engine.mjs"
    own = {"options": {"emoji": {"shortcode": False, "unicode": False}}, "engine": str(engine)}
    settings.write_text(json.dumps(own), encoding="utf-8")
    cli = [str(marp_cli(silence) / "marp-cli.js"), "--config-file", str(settings), "--html", "--output", "own.html"]
    run_node([*cli, "--", "deck.md"], cwd=folder, timeout=120)
    assert pages[0] == pages[2] == (folder / "own.html").read_text(encoding="utf-8") != pages[1]


@pytest.mark.slow
def test_one_that_ends_while_it_gets_ready_leaves_no_file(folder, tmp_path, monkeypatch):
    """It converts decks of its own until it is asked for one; a build that needs none ends it in the midst of them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = marp_worker.__wrapped__(marp_cli(silence))
    for seconds in (0.3, 0.5, 0.7):
        worker.start()
        time.sleep(seconds)
        worker.close()
    assert list(tmp_path.iterdir()) == [tmp_path / "deck.md"]


@pytest.mark.slow
def test_what_one_process_found_out_is_the_same_for_the_next(folder):
    """Style sheets as they were read, names as they were resolved; a file of it that was cut short is none."""
    worker, kept = marp_worker(marp_cli(silence)), cache_dir("marp") / "kept.json"
    worker.close()  # an earlier test's process knows everything
    kept.unlink(missing_ok=True)
    pages = []
    for damaged in (False, False, True, False):
        if damaged:
            kept.write_bytes(kept.read_bytes()[:-100])
        made = [export_marp(folder, "html", silence)[0].read_text(encoding="utf-8") for _ in range(2)]
        pages += made  # what the first found out was kept before the second was read
        worker.close()
    assert len(set(pages)) == 1


@pytest.mark.slow
def test_one_that_was_killed_is_started_again(folder):
    """The next deck is written by another process, and none is left over."""
    export_marp(folder, "html", silence)
    before = children()
    for process in before:
        process.kill()
    (folder / "deck.html").unlink()
    assert export_marp(folder, "html", silence)[0].is_file()
    assert {each.pid for each in children()}.isdisjoint(each.pid for each in before)
    marp_worker(marp_cli(silence)).close()
    assert not children()


ECHO = """
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (JSON.parse(line).die) { console.error("it was too much"); process.exit(7); }
  console.log(JSON.stringify({ pid: process.pid, last: JSON.parse(line).last }));
}).on("close", () => process.exit());
"""


@pytest.fixture
def echo(tmp_path) -> Path:
    """A program that answers its process's id, or ends when told to."""
    file = tmp_path / "echo.cjs"
    file.write_text(ECHO, encoding="utf-8")
    return file


def test_a_process_answers_until_it_asks_to_be_replaced(echo):
    """The same process for every question; after its last answer another one."""
    worker = NodeWorker(echo)
    first, second, third = (worker.ask({"last": last}, 60)["pid"] for last in (False, True, False))
    worker.close()
    assert first == second != third
    assert not children()


def test_a_question_that_ends_every_process_is_told_with_its_words(echo):
    """One more process is tried; what it said is in the message, and the next question is answered."""
    worker = NodeWorker(echo)
    with pytest.raises(ToolError, match=r"(?s)exit code 7.*it was too much"):
        worker.ask({"die": True}, 60)
    assert worker.ask({}, 60)["pid"]
    worker.close()


@pytest.mark.linux
def test_it_ends_with_who_started_it_however_that_ends(echo):
    """Killed, the owner cannot say so; the program's input ends all the same."""
    program = "import sys; from pathlib import Path; from talkgen.export.worker import NodeWorker as N"
    program += "; print(N(Path(sys.argv[1])).ask({}, 60)['pid'], flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, echo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        node = psutil.Process(int(owner.stdout.readline()))
        os.kill(owner.pid, signal.SIGKILL)
    node.wait(60)


def test_what_is_rehearsed_is_answered_to_nobody(echo):
    """A process that starts with something to rehearse answers the first question with its own answer, not that."""
    echo.write_text(ECHO.replace("  console.log", "  if (!JSON.parse(line).rehearsed) console.log"), encoding="utf-8")
    worker = NodeWorker(echo)
    worker.start({"last": "rehearsed"})
    worker.start({"die": True})  # it runs: nothing is rehearsed again
    assert worker.ask({"last": False}, 60)["last"] is False
    worker.close()
    assert not children()


@pytest.mark.slow
def test_a_deck_that_was_rehearsed_changes_no_byte_of_the_next(folder, tmp_path):
    """After a deck that Marp got ready with, and after one that it could not convert, the page is the same."""
    page = export_marp(folder, "html", silence)[0].read_bytes()
    before = tmp_path / "before"
    before.mkdir()
    (before / "deck.md").write_text(DECK.replace("One", "Before"), encoding="utf-8")
    for deck in (before, tmp_path / "none"):
        marp_worker(marp_cli(silence)).close()
        start_marp(deck, silence)
        assert export_marp(folder, "html", silence)[0].read_bytes() == page
