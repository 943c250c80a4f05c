"""What a build and a changed word cost, beside marp-cli's own time on the same deck; the last line is JSON.

    python tests/bench/build.py [slides/attention] [--rounds 9] [--slidev]

Every round measures each of these once, one after the other, in processes of their own, and the last one after them:

- `talkgen build` of a talk that is built, `talkgen status`, and Marp's command over the `deck.md` that talkgen wrote
- the build after one word was changed, its figures fresh
- the same of outlines of 30, 100 and 300 slides
- the time from saving a changed word until an open browser shows it in `talkgen present`; with `--slidev` of both

A copy of the talk is used, with a slide at its end whose word changes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil
from open_page import OpenPage
from playwright.sync_api import sync_playwright

from talkgen.export.browser import find_browser
from talkgen.export.node import find_node, npm_packages
from talkgen.outline.load import load_outline

# Python keeps what it compiled of each module, as it does where talkgen is installed.
AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
UNWANTED = {"numpy", "torch", "matplotlib"}
LENGTHS = (30, 100, 300)
LAST = "  - title: What changes\n    body:\n      - {word}\n"
SLIDE = """\
  - title: "Slide {number}"
    body:
      - bullets:
          - "**Point {number}** of some words about a `name`, as talks have them"
          - "Another with $x_{{{number}}}^2$ and a second sentence. It ends here."
      - "A paragraph of *ordinary* length below, {number} times."
    notes: |
      What is said of slide {number}, in a sentence or two.
"""


def seconds(command: list[str], folder: Path | None = None) -> float:
    """How long a process takes, from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=AS_INSTALLED)
    return time.perf_counter() - started


def seconds_to_deck(command: list[str]) -> float:
    """How long a build takes, from its start until it says where the deck is; its slides are looked at after that."""
    started = time.perf_counter()
    at_once = {**AS_INSTALLED, "PYTHONUNBUFFERED": "1"}  # else a pipe gets the line when the process ends
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=at_once, stdout=subprocess.PIPE, stderr=quiet, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        taken = time.perf_counter() - started
        assert "deck.html" in said
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.kill()  # a browser that looks on would slow what is measured next
    return taken


def imported(command: list[str]) -> set[str]:
    """The packages that a `python -m …` command imports."""
    python, *rest = command
    done = subprocess.run([python, "-X", "importtime", *rest], check=True, capture_output=True, text=True)
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {name.split(".")[0] for name in names}


class Talk:
    """A copy of a talk, its deck, and the word at its end."""

    def __init__(self, outline: Path, text: str) -> None:
        self.outline, self._text, self._count = outline, text.rstrip("\n") + "\n", itertools.count()
        self.deck = outline.parent / "deck"
        self.build = [sys.executable, "-m", "talkgen", "build", str(outline), "--out", str(self.deck)]
        self.change()
        seconds_to_deck(self.build)

    def change(self) -> None:
        """Saves it with another word."""
        self.outline.write_text(self.next()[1], encoding="utf-8")

    def next(self) -> tuple[str, str]:
        """Another word, and the outline with it."""
        word = f"word{next(self._count)}"
        return word, self._text + LAST.format(word=word)

    def seconds_after_change(self) -> float:
        """How long the build of a changed word takes."""
        self.change()
        return seconds_to_deck(self.build)


def copied(talk: Path, place: Path) -> Talk:
    """A copy of a talk in a project of its own."""
    folder = Path(shutil.copytree(talk, place / "slides" / talk.name, ignore=shutil.ignore_patterns("dist")))
    return Talk(folder / "outline.yaml", (folder / "outline.yaml").read_text(encoding="utf-8"))


def long_talk(length: int, place: Path) -> Talk:
    """A talk of so many slides, the last of which changes."""
    folder = place / "slides" / f"of {length}"
    folder.mkdir(parents=True)
    slides = "".join(SLIDE.format(number=number) for number in range(1, length))
    return Talk(folder / "outline.yaml", f"title: A long talk\nmodel: small\nslides:\n{slides}")


def measure(talk: Talk, rounds: int, targets: list[str], place: Path) -> tuple[dict[str, list[float]], bool]:
    """What each took in each round, in s, by its name; and whether builds with nothing to do wrote nothing."""
    taken: dict[str, list[float]] = defaultdict(list)
    long = {length: long_talk(length, place) for length in LENGTHS}
    cli = npm_packages("marp", print) / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
    marp = [str(find_node()), str(cli), "--no-config-file", "--html", "--theme-set", "themes", "--", "deck.md"]
    beside = Path(shutil.copytree(talk.deck, place / "marp"))
    status = [*talk.build[:3], "status", *talk.build[4:]]
    untouched = True
    for _ in range(rounds):
        taken["changed word"].append(talk.seconds_after_change())
        before = (talk.deck / "deck.html").stat().st_mtime_ns
        taken["nothing to do"].append(seconds_to_deck(talk.build))
        taken["status"].append(seconds(status))
        untouched = untouched and (talk.deck / "deck.html").stat().st_mtime_ns == before
        taken["marp-cli"].append(seconds(marp, beside))
        for length, each in long.items():
            taken[f"changed word, {length} slides"].append(each.seconds_after_change())
    for target in targets:  # by itself: what follows an outline would build beside the builds above
        taken[f"seen in the browser, {target}"] = seconds_until_seen(talk, target, rounds, place)
    return taken, untouched


def seconds_until_seen(talk: Talk, target: str, rounds: int, place: Path) -> list[float]:
    """How long it takes each time from saving a changed word until a page that is open shows it."""
    number = sum(not slide.hide for slide in load_outline(talk.outline).outline.slides)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
        page = OpenPage(talk.outline, target, place / target, browser.new_page(), number)
        try:
            saved = (talk.next() for _ in range(rounds))
            return [page.seconds_until(word, talk.outline, text) for word, text in saved]
        finally:
            page.close()
            browser.close()


def main() -> None:
    """Builds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("talk", nargs="?", type=Path, default=Path("slides/attention"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slidev", action="store_true", help="measure Slidev's deck in the browser too")
    given = parser.parse_args()
    targets = ["marp", "slidev"] if given.slidev else ["marp"]
    with tempfile.TemporaryDirectory() as place:
        talk = copied(given.talk.resolve(), Path(place))
        taken, untouched = measure(talk, given.rounds, targets, Path(place))
        unwanted = sorted(UNWANTED & imported(talk.build))
    medians = {name: round(statistics.median(each), 3) for name, each in taken.items()}
    for name, each in taken.items():
        print(f"{name}: {medians[name]:.3f} s ({min(each):.3f} to {max(each):.3f})")
    ratios = {
        f"{name} / marp-cli": round(
            statistics.median(a / b for a, b in zip(taken[name], taken["marp-cli"], strict=True)), 2
        )
        for name in ("nothing to do", "status", "changed word")
    }
    first, _, last = (medians[f"changed word, {length} slides"] for length in LENGTHS)
    a_slide = (last - first) / (LENGTHS[-1] - LENGTHS[0])
    print(
        json.dumps(
            {
                "seconds": medians,
                "ratios": ratios,
                "seconds_a_slide": round(a_slide, 5),
                "rounds": given.rounds,
                "unwanted_imports": unwanted,
                "nothing_written": untouched,
            }
        )
    )


if __name__ == "__main__":
    main()
