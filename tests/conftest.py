"""Fixtures for all tests: a cache of one's own that shares what is costly to fetch, a small talk, a real browser."""

from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import expect, sync_playwright

from talkgen import assets
from talkgen.export.browser import find_browser

settings.register_profile("talkgen", deadline=None)  # how long an example takes is the machine's business
settings.load_profile("talkgen")

SMALL_TALK = """\
title: A small talk
model: small
vars: {prompt: The statement}
slides:
  - title: Cover
    layout: cover
    body:
      - tokens: Cover me
  - title: A figure
    body:
      - "{{ model.parameters }} parameters, {{ figures.next_token.candidates | length }} bars"
      - figure: next_token
        params: {prompt: "{{ vars.prompt }}", bars: 4}
    notes: Speak up.
  - title: Try it
    body:
      - live: next_token
        prompt: "{{ vars.prompt }}"
        bars: 4
  - title: Last
    body: [Thanks]
"""


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch) -> Path:
    """A fresh user cache, so that nothing computed before is found; what is costly to make is the real one's."""
    shared = {name: assets.cache_dir(name) for name in ("node", "models", "matplotlib")}
    cache = tmp_path_factory.mktemp("cache")
    for name, folder in shared.items():
        folder.mkdir(parents=True, exist_ok=True)
        (cache / name).symlink_to(folder)
    monkeypatch.setenv("TALKGEN_CACHE", str(cache))
    return cache


@pytest.fixture
def talk(tmp_path, own_cache) -> Path:
    """The folder of a small talk on the committed small model."""
    folder = tmp_path / "slides" / "small talk"
    folder.mkdir(parents=True)
    (folder / "outline.yaml").write_text(SMALL_TALK, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    """The installed browser; without one these tests fail.

    It ends with the file: while it is there its thread has a running event loop, and nobody else can start one.
    """
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)  # a machine that is busy may take its time
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
