"""`talkgen pack`: one zip that presents by itself."""

import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from talkgen.cli.app import app

pytestmark = pytest.mark.slow


def packed(talk: Path, target: str, file: Path) -> Path:
    """What is in the pack of a talk, unpacked."""
    done = CliRunner().invoke(app, ["pack", str(talk), "-t", target, "-o", str(file), "--quiet"])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(file) as archive:
        archive.extractall(file.parent / "unpacked")
    return file.parent / "unpacked" / file.stem


def see(browser: Browser, address: str) -> tuple[str, set[str]]:
    """The badge of the live element on the third slide, and the hosts that were asked."""
    hosts = set()
    page = browser.new_page()
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    page.goto(address)
    badge = page.locator("talkgen-live").first.locator(".badge")
    badge.filter(has_text="in this page").wait_for(timeout=30_000)
    words = badge.inner_text()
    page.close()
    return words, hosts


def test_a_marp_pack_is_one_page_that_answers(talk, tmp_path, browser):
    """The deck opens from disk and its model answers in the page; notes are beside it; equal decks, equal zips."""
    folder = packed(talk, "marp", tmp_path / "one" / "pack.zip")
    assert sorted(file.name for file in folder.iterdir()) == ["README.txt", "deck.html", "notes.md"]
    assert "## 2. A figure\n\nSpeak up." in (folder / "notes.md").read_text(encoding="utf-8")
    words, hosts = see(browser, f"{(folder / 'deck.html').as_uri()}#3")
    assert "small transformer" in words
    assert hosts <= {""}
    packed(talk, "marp", tmp_path / "two" / "pack.zip")
    assert (tmp_path / "one" / "pack.zip").read_bytes() == (tmp_path / "two" / "pack.zip").read_bytes()


def test_a_slidev_pack_serves_itself(talk, tmp_path, browser):
    """Any Python shows it, on this machine alone."""
    folder = packed(talk, "slidev", tmp_path / "pack.zip")
    environment = {"BROWSER": "true", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-I", str(folder / "present.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            address = server.stdout.readline().split()[0]
            words, hosts = see(browser, f"{address}#/3")
        finally:
            server.terminate()
    assert "small transformer" in words
    assert hosts - {""} == {urlsplit(address).netloc}  # blobs and data have none


def test_nothing_is_written_over(talk, tmp_path):
    """Unless it is asked for."""
    file = tmp_path / "pack.zip"
    file.write_bytes(b"mine")
    done = CliRunner().invoke(app, ["pack", str(talk), "-o", str(file)])
    assert done.exit_code == 1
    assert file.read_bytes() == b"mine"
