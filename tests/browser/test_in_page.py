"""Decks that answer without a server: the small models run in the page, in both tools, and ask no host for anything."""

import functools
import http.server
import json
import re
import threading

import pytest
from live_element import LiveElement
from page_parts import element
from playwright.sync_api import expect
from server_process import free_port, server

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.page import page_model
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.recordings import record
from talkgen.render.elements import elements_script, models_script

pytestmark = pytest.mark.slow

PAIR = ("small", "small-lstm")
PROMPT = "The statement"
IN_PAGE = "in this page · small transformer, step 1,000"
TALK = """\
title: Alive
model: small
slides:
  - title: Cover
    layout: cover
  - title: Try it
    body:
      - live: next_token
        prompt: The statement
        bars: 5
  - title: Last
    body: [Thanks]
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The committed pair."""
    return {name: load_model(find_model(name, tmp_path_factory.getbasetemp())) for name in PAIR}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, loaded):
    """A page with both models beside each other, and their weights."""
    folder = tmp_path_factory.mktemp("in page")
    block = Live(live="next_token", prompt=PROMPT, bars=5)
    files = [find_model(name, folder) for name in PAIR]
    made = record(block, files, {name: Engine(model) for name, model in loaded.items()})
    models = {name: json.dumps(page_model(model)) for name, model in loaded.items()}
    parts = [
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>",
        f"<script>{models_script(models)}</script>",
        element("talkgen-live", "recording", made),
        f'<script type="module">{elements_script()}</script>',
    ]
    file = folder / "deck.html"
    file.write_text("".join(parts), encoding="utf-8")
    return file


def expect_bars(live: LiveElement, engine: Engine, prompt: str, panel: int = 0) -> None:
    """The bars are those of the model itself, to the width of a bar."""
    answer = engine.next_token(prompt, bars=5)
    expected = [(item.text, item.p) for item in answer.candidates]
    shown = [float(share.rstrip("%").lstrip("<")) / 100 for _, share in live.bars(panel)][:-1]
    assert shown == pytest.approx([p for _, p in expected], abs=0.02)


def test_opened_from_disk_both_models_answer_anything(page, page_file, loaded):
    """Also what nobody recorded; nothing is asked of anybody."""
    live = LiveElement(page)
    page.goto(page_file.as_uri())
    live.expect_badge(IN_PAGE)
    for prompt in ("The statement", "The with statement is", "def f(self", ""):
        live.box.fill(prompt)
        expect(live.status).not_to_contain_text("no recorded")
        expect(live.badges.nth(1)).to_have_text("in this page · small-lstm LSTM, step 1,000")
        page.wait_for_timeout(400)
        for panel, name in enumerate(PAIR):
            expect_bars(live, Engine(loaded[name]), prompt, panel)
    assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [page_file.as_uri()]


def test_a_long_text_is_refused_with_a_reason(page, page_file):
    """The page stays as it is and says how much fits."""
    live = LiveElement(page)
    page.goto(page_file.as_uri())
    live.expect_badge(IN_PAGE)
    live.box.fill("word " * 400)
    expect(live.status).to_contain_text("256 fit")


def test_without_threads_the_page_itself_answers(page, page_file):
    """A browser that gives a file no thread."""
    page.add_init_script("globalThis.Worker = class { constructor() { throw new Error('none'); } }")
    live = LiveElement(page)
    page.goto(page_file.as_uri())
    live.expect_badge(IN_PAGE)


def test_where_a_thread_fails_the_recording_is_shown_and_the_next_question_is_answered(page, page_file):
    """A model that throws while it answers: what was recorded stands there as such, and another thread is opened."""
    fails = "postMessage(message) { super.postMessage(message.question?.prompt === 'fail' ? { id: 0 } : message); }"
    page.add_init_script(f"globalThis.Worker = class extends Worker {{ {fails} }}")
    live = LiveElement(page)
    page.goto(page_file.as_uri())
    live.expect_badge(IN_PAGE)
    live.box.fill("fail")
    live.expect_badge(re.compile("^recorded · "))
    live.box.fill("The with statement is")
    live.expect_badge(IN_PAGE)


def test_a_server_goes_before_the_page_and_the_page_before_the_recording(page, page_file, tmp_path):
    """Live while it is there; when it is killed the page answers, also what was never recorded."""
    port = free_port()
    live = LiveElement(page)
    with server(page_file, port, tmp_path, PAIR) as process:
        page.goto(f"http://127.0.0.1:{port}/")
        live.expect_badge("live · small transformer, step 1,000", 60)
        process.kill()
        live.expect_badge(IN_PAGE, 5)
        live.box.fill("nobody recorded this")
        expect(live.status).to_contain_text("tokens")
        live.expect_badge(IN_PAGE)


def test_what_a_slow_page_says_does_not_take_the_place_of_what_the_presenter_wants(page, page_file, tmp_path):
    """The page was asked before the server was there; by the time it answers, the recorded answer is wanted."""
    slow = "postMessage(message) { setTimeout(() => super.postMessage(message), 1500); }"
    page.add_init_script(f"globalThis.Worker = class extends Worker {{ {slow} }}")
    port = free_port()
    live = LiveElement(page)
    with server(page_file, port, tmp_path, PAIR):
        wanted = {"slide": None, "mode": "recorded"}
        assert page.request.post(f"http://127.0.0.1:{port}/present/stage/force", data=wanted).ok
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function("host => host.source.thinking", arg=live.root.element_handle())
        page.wait_for_function("host => !host.source.thinking", arg=live.root.element_handle())
        live.expect_badge(re.compile("^recorded · "))


@pytest.fixture(scope="module")
def talk_folder(tmp_path_factory):
    """A talk with a live block on the committed model."""
    folder = tmp_path_factory.mktemp("alive")
    (folder / "outline.yaml").write_text(TALK, encoding="utf-8")
    return folder


def test_a_marp_deck_opened_from_disk_answers(page, talk_folder):
    """One file, no server, no request."""
    deck = build(Request(talk_folder, "marp"), print).outputs[0]
    page.goto(f"{deck.as_uri()}#2")
    live = LiveElement(page)
    live.expect_badge(IN_PAGE)
    live.box.fill("The with statement is not recorded")
    live.expect_badge(IN_PAGE)
    expect(live.status).to_contain_text("tokens")


def test_a_slidev_site_on_a_static_host_answers(page, talk_folder):
    """A host that knows nothing but files, and has the site in a folder."""
    site = build(Request(talk_folder, "slidev"), print).outputs[0].parent
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{host.server_port}/{site.name}/#/2")
        live = LiveElement(page)
        live.expect_badge(IN_PAGE)
        live.box.fill("The with statement is not recorded")
        expect(live.status).to_contain_text("tokens")
        live.expect_badge(IN_PAGE)
        host.shutdown()


def test_a_deck_that_does_not_use_it_does_not_carry_it(tmp_path, own_cache):
    """No live block on a small model: no weights, no code of the page's models."""
    outline = TALK.replace(
        "      - live: next_token\n        prompt: The statement\n        bars: 5\n", "      - Nothing\n"
    )
    (tmp_path / "outline.yaml").write_text(outline, encoding="utf-8")
    text = build(Request(tmp_path, "marp"), print).outputs[0].read_text(encoding="utf-8")
    assert "talkgenPage = " not in text
