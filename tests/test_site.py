"""The documentation's site: it builds without a warning, and the tutorial's commands do what it says."""

import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from server_process import free_port
from typer.main import get_command

from talkgen.cli.app import app
from talkgen.figures.registry import FIGURES
from talkgen.outline.blocks import BLOCKS
from talkgen.outline.load import load_outline

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if ROOT / "docs" / "blocks" not in page.parents)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> list[str]:
    """The lines of a page's shell listings, their remarks left out."""
    lines = "".join(SHELL.findall(page.read_text(encoding="utf-8"))).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_commands_and_options_exist(page):
    """Each command that a page shows is one, with options that it has."""
    for line in commands_of(page):
        words = line.removesuffix(" || true").split()
        if words[0] != "talkgen":
            continue
        command, rest = get_command(app), words[1:]
        while getattr(command, "commands", None):
            command, rest = command.commands[rest[0]], rest[1:]
        known = {name for option in command.params for name in option.opts}
        assert [word for word in rest if word.startswith("-") and word not in known] == [], line


def test_every_page_is_in_the_menu():
    """And nothing is in the menu that is neither a page nor made from the code."""
    menu = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    written = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES}
    assert menu - written == {"blocks.md", "gallery.md", "commands.md", "exit-codes.md", "http-api.md"}
    assert written - menu == set()


def test_the_film_shows_bars_that_move():
    """The README's moving picture is at most 1 MB, and most of its pictures differ from the one before."""
    file = ROOT / "docs" / "pictures" / "live.webp"
    assert file.stat().st_size <= 1_000_000
    pictures = []
    with Image.open(file) as film:
        for number in range(film.n_frames):
            film.seek(number)
            pictures.append(film.convert("RGB"))
    moved = [bool(ImageChops.difference(*pair).getbbox()) for pair in pairwise(pictures)]
    assert sum(moved) > 20


def test_every_block_is_shown_in_both_tools():
    """The reference has a slide a block, and its picture in each tool."""
    slides = load_outline(ROOT / "docs" / "blocks" / "outline.yaml").outline.slides
    assert [slide.id for slide in slides] == list(BLOCKS)
    shown = {f"{kind}-{tool}.webp" for kind in BLOCKS for tool in ("marp", "slidev")}
    assert {file.name for file in (ROOT / "docs" / "pictures" / "blocks").iterdir()} == shown


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path, own_cache):
    """Every command of it in order, in one shell's folder; `present` until its address answers."""
    commands = commands_of(ROOT / "docs" / "tutorial.md")
    assert commands[0] == 'pip install "talkgen[train]"'
    folder = tmp_path
    scripts = Path(sys.executable).parent
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    for command in commands[1:]:
        if command.startswith("cd "):
            folder /= command.removeprefix("cd ")
        elif command.startswith("talkgen present"):
            see_presented(command, folder, environment)
        else:
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (folder / "talk-marp.zip").is_file()


def see_presented(command: str, folder: Path, environment: dict[str, str]) -> None:
    """The deck is where the command says that it is, until it is ended."""
    port = free_port()
    words = [*command.split(), "--port", str(port)]
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        giving_up = threading.Timer(120, server.kill)
        giving_up.start()
        try:
            address = next(line.split()[0] for line in server.stdout if line.startswith("http"))
            time.sleep(0.1)
            with urllib.request.urlopen(address) as reply:
                assert "<title>My talk" in reply.read().decode()
        finally:
            giving_up.cancel()
            server.terminate()


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    """Every link leads somewhere; pages from the code are there; each talk opens; no other host is asked."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr[-2000:]
    site = tmp_path / "site"
    assert "talkgen build [OPTIONS]" in (site / "commands" / "index.html").read_text(encoding="utf-8")
    assert "/api/health" in (site / "http-api" / "index.html").read_text(encoding="utf-8")
    drawn = (site / "gallery" / "index.html").read_text(encoding="utf-8")
    assert [name for name in FIGURES if f"pictures/figures/{name}.svg" not in drawn] == []
    assert "pictures/blocks/callout-slidev.webp" in (site / "blocks" / "index.html").read_text(encoding="utf-8")
    assert "130 interrupted" in (site / "exit-codes" / "index.html").read_text(encoding="utf-8")
    talks = [folder.name for folder in (ROOT / "slides").iterdir() if (folder / "outline.yaml").is_file()]
    assert [talk for talk in talks if not (site / "examples" / talk / "index.html").is_file()] == []
    pages = [page for page in site.rglob("*.html") if page.parent.parent != site / "examples"]
    source = re.compile(r'(?:src|<link[^>]*href)="(https?://[^"]+)"')
    asked = {address for page in pages for address in source.findall(page.read_text(encoding="utf-8"))}
    assert asked == set()
