"""A talk that is presented while it is written: what is saved shows in the open page, which stays where it is."""

import re
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from server_process import free_port

from talkgen.export.slidev_server import DevServer
from talkgen.pipeline.build import build
from talkgen.pipeline.request import Request

pytestmark = [pytest.mark.slow, pytest.mark.linux]

TALK = """\
title: A talk in the making
model: small
theme: night
slides:
  - title: Cover
    layout: cover
  - title: Steps
    body:
      - bullets: [one word, another, the last]
        reveal: true
    notes: What I say.
  - title: Alive
    body:
      - live: next_token
        prompt: The statement
        bars: 4
      - A line below.
  - include: more.yaml#1-2
"""
MORE = """\
title: More
slides:
  - title: Included
    body: [From elsewhere.]
  - title: A picture
    body:
      - image: dot.svg
        alt: a dot
"""
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle r="20" cx="20" cy="20" fill="red"/></svg>'


@pytest.fixture
def making(tmp_path, own_cache) -> Path:
    """A project with a talk, of which everything can be changed."""
    folder = tmp_path / "slides" / "making"
    folder.mkdir(parents=True)
    for name, text in (("outline.yaml", TALK), ("more.yaml", MORE), ("dot.svg", DOT)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


class Presenting:
    """A running `talkgen present`: its address, its process and what it has said so far."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "talkgen", "present", str(folder), "--port", str(self.port), *options]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        signal.signal(signal.SIGINT, before)
        self.said: list[str] = []
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self.ready.wait(300)
        assert any(line.startswith("http") for line in self.said), self.said
        self._wait_until_followed()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("http"):
                self.ready.set()
        self.ready.set()

    def _wait_until_followed(self) -> None:
        """Until then a page that has to follow is loaded again."""
        with urllib.request.urlopen(f"{self.address}watch", timeout=300) as news:
            assert any(b'"revision"' in line for line in news)

    @property
    def address(self) -> str:
        """Where the deck is."""
        return f"http://127.0.0.1:{self.port}/"

    def all_processes(self) -> list[psutil.Process]:
        """Itself and all that it started, also what is in a session of its own."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def end(self) -> int:
        """Ends it as Ctrl-C does; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(300)


@contextmanager
def presenting(folder: Path, *options: str):
    """A talk that is presented."""
    made = Presenting(folder, *options)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.end()
        made._reader.join()
        made.process.stdout.close()


def change(file: Path, old: str, new: str) -> None:
    """Saves a file with some words replaced."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_marp_takes_over_what_is_saved(making, page):
    """Words, notes, included files, pictures and themes; the page is the same one, at its slide and its step."""
    outline = making / "outline.yaml"
    with presenting(making) as talk:
        page.goto(f"{talk.address}#2")
        page.keyboard.press("ArrowRight")
        page.evaluate("window.isTheSame = true")
        change(outline, "one word", "a *changed* word")
        page.locator("em", has_text="changed").wait_for()
        shown = page.locator("[data-bespoke-marp-fragment=active]")
        assert (page.url[-6:], shown.count(), shown.inner_text()) == ("?f=1#2", 1, "a changed word")
        change(outline, "What I say.", "What else I say.")
        page.wait_for_function("document.querySelector('.bespoke-marp-note').textContent.includes('else')")
        change(making / "more.yaml", "From elsewhere.", "From over there.")
        page.get_by_text("From over there.").wait_for(state="attached")
        before = page.locator("img").get_attribute("src")
        change(making / "dot.svg", "red", "blue")
        page.wait_for_function("before => document.querySelector('img').getAttribute('src') !== before", arg=before)
        change(outline, "theme: night", "theme: paper")
        page.wait_for_function("document.querySelector('section').dataset.theme === 'paper'")
        assert page.evaluate("window.isTheSame")
        page.keyboard.press("ArrowRight")
        assert page.url.endswith("?f=2#2")


def test_what_is_typed_into_a_live_block_stays(making, page):
    """A change of another line of its slide touches nothing of it, and it still answers."""
    with presenting(making) as talk:
        page.goto(f"{talk.address}#3")
        box = page.locator("talkgen-live [role=textbox], talkgen-live textarea, talkgen-live [contenteditable]").first
        box.click()
        page.keyboard.type(" and a function")
        change(making / "outline.yaml", "A line below.", "Another line below.")
        page.get_by_text("Another line below.").wait_for()
        assert "and a function" in page.locator("talkgen-live").evaluate("e => e.shadowRoot.textContent")
        page.keyboard.type(" call")
        assert "and a function call" in page.locator("talkgen-live").evaluate("e => e.shadowRoot.textContent")


def test_a_slide_that_comes_or_goes_leaves_the_page_at_its_slide(making, page):
    """The number in the address follows the slide, and so does its step."""
    outline = making / "outline.yaml"
    with presenting(making) as talk:
        page.goto(f"{talk.address}#2")
        page.keyboard.press("ArrowRight")
        change(outline, "  - title: Steps", "  - title: New\n    body: [here]\n  - title: Steps")
        page.wait_for_url("**/?f=1#3")
        page.get_by_text("another").wait_for(state="attached")
        change(outline, "  - title: New\n    body: [here]\n", "")
        page.wait_for_url("**/?f=1#2")


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_a_wrong_outline_is_told_and_leaves_the_deck(making, page, target):
    """In the terminal and in a corner of the page with its line, gone once it is mended."""
    outline = making / "outline.yaml"
    with presenting(making, "--target", target) as talk:
        page.goto(f"{talk.address}#{2 if target == 'marp' else '/2'}")
        page.get_by_text("another").wait_for(state="attached")
        page.evaluate("window.isTheSame = true")
        change(outline, "title: Steps", "titel: Steps")
        problems = page.locator("#talkgen-problems")
        problems.wait_for()
        line = f"{outline}:7:5: slides[1]: unknown key 'titel'\n  hint: did you mean 'title'?"
        assert problems.inner_text() == line
        assert page.get_by_role("heading", name="Steps").count() == 1
        change(outline, "titel: Steps", "title: Stairs")
        page.get_by_role("heading", name="Stairs").wait_for()
        problems.wait_for(state="detached")
        assert page.evaluate("window.isTheSame")
    said = "".join(talk.said)
    assert line in said
    assert re.search(rf"{outline}:7: slide 2: title  \(\d+\.\d\d s\)\n", said)


@pytest.mark.parametrize(("target", "reader"), [("marp", "MathJax, in Marp"), ("slidev", "KaTeX, in Slidev")])
def test_a_formula_that_the_tool_shows_as_it_is_written_is_told(making, page, target, reader):
    """With its line, beside the deck, as long as it stands there."""
    outline = making / "outline.yaml"
    with presenting(making, "--target", target) as talk:
        page.goto(f"{talk.address}#{2 if target == 'marp' else '/2'}")
        page.get_by_text("another").wait_for(state="attached")
        change(outline, "one word", '"$\\\\frac{1$"')
        problems = page.locator("#talkgen-problems")
        problems.filter(has_text=f"{outline}:9:").filter(has_text=f"{reader}, cannot read this formula").wait_for()
        change(outline, "another", "an other")
        page.get_by_text("an other").wait_for(state="attached")
        assert problems.is_visible()
        change(outline, "frac{1$", "frac{1}{2}$")
        problems.wait_for(state="detached")


def test_slidev_takes_over_what_is_saved(making, page):
    """Words and pictures through its own server, behind ours; a slide that it cannot compile is told with its line."""
    outline = making / "outline.yaml"
    with presenting(making, "--target", "slidev") as talk:
        assert not [line for line in talk.said if "slides.md" in line]  # nobody is to open what only the server shows
        page.goto(f"{talk.address}#/2")
        page.get_by_text("another").wait_for(state="attached")
        page.evaluate("window.isTheSame = true")
        change(outline, "one word", "a changed word")
        page.get_by_text("a changed word").wait_for(state="attached")
        change(outline, "A line below.", 'raw: {slidev: "<div :x=\\"(\\">no</div>"}')
        page.locator("#talkgen-problems").wait_for()
        assert (
            f"{outline}:17:9: slides[2].body[1]: Slidev cannot show this slide: Error parsing JavaScript expression"
            in page.locator("#talkgen-problems").inner_text()
        )
        change(outline, 'raw: {slidev: "<div :x=\\"(\\">no</div>"}', "A line below.")
        page.locator("#talkgen-problems").wait_for(state="detached")
        assert page.evaluate("window.isTheSame")
        assert page.url.endswith("#/2")
        health = page.evaluate("fetch('/api/health').then((answer) => answer.json())")
        assert "status" in health
        page.goto(f"{talk.address}#/3")
        page.locator("talkgen-live").wait_for()


def test_a_talks_first_formula_is_taken_over_by_slidev(making, page):
    """With the letters that it is set in; the page is the same one."""
    with presenting(making, "--target", "slidev") as talk:
        page.goto(f"{talk.address}#/3")
        page.get_by_text("A line below.").wait_for()
        page.evaluate("window.isTheSame = true")
        change(making / "outline.yaml", "A line below.", "A line with $a^2$ below.")
        letter = page.locator(".katex .mathnormal", has_text="a")
        letter.wait_for()
        page.wait_for_function("e => getComputedStyle(e).fontFamily.includes('KaTeX')", arg=letter.element_handle())
        assert page.evaluate("window.isTheSame")


def test_slidev_knows_a_new_file_before_a_slide_names_it(making, tmp_path):
    """A slide with a picture that was drawn anew, under a new name, is never asked for in vain."""
    request = Request(making / "outline.yaml", target="slidev", format="md", out=tmp_path / "project")
    server = DevServer(build(request, lambda _: None).outputs[0].parent, lambda _: None)
    try:
        assert server.check([]) == []
        for number in range(5):
            (tmp_path / "project" / "public" / f"{number}.svg").write_text(DOT, encoding="utf-8")
            server.notice([f"public/{number}.svg"])
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/{number}.svg") as answer:
                assert answer.headers["Content-Type"] == "image/svg+xml"
    finally:
        server.close()


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_nothing_is_left_when_it_ends(making, target):
    """Ctrl-C ends all processes, and so does the death of the one that was started."""
    for end in ("interrupted", "killed"):
        with presenting(making, "--target", target) as talk:
            processes = talk.all_processes()
            assert len(processes) >= 2
            if end == "interrupted":
                assert talk.end() == 130
            else:
                talk.process.kill()
                talk.process.wait()
            _, alive = psutil.wait_procs(processes[1:], timeout=60)
            assert alive == []


def test_what_was_killed_is_started_again(making, page):
    """The process that keeps the deck up to date, with Marp's: the page follows on."""
    with presenting(making) as talk:
        page.goto(f"{talk.address}#2")
        change(making / "outline.yaml", "one word", "a word")
        page.get_by_text("a word").wait_for(state="attached")
        for process in talk.all_processes()[1:]:
            process.kill()
        change(making / "outline.yaml", "a word", "yet a word")
        page.get_by_text("yet a word").wait_for(state="attached", timeout=60_000)
        assert any("it is started again" in line for line in talk.said)
