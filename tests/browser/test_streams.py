"""Answers that come in pieces: what becomes of one whose server is stopped or killed in the middle of it."""

import signal

import pytest
from page_parts import PROMPT, element
from playwright.sync_api import expect
from server_process import free_port, server
from tiny_models import save_long_model

from talkgen.elements.registry import check_params
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record_element
from talkgen.render.elements import elements_script

pytestmark = pytest.mark.slow
PARAMS = check_params("sampling", {"tokens": 64, "texts": 3}).model_dump(mode="json")

DRAWN = "host => [...host.shadowRoot.querySelectorAll('.drawn')].map((box) => box.textContent)"
RECORDED = """host => host.recording.answers.long[0].answer.texts.map(
    ({ tokens }) => tokens.map(({ text }) => text).join(""))"""
WATCHED = """host => {
  const badge = host.shadowRoot.querySelector(".badge"), seen = [];
  new MutationObserver(() => seen.push(badge.textContent)).observe(badge, { childList: true, characterData: true });
  return seen;
}"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """A page on which a model of many layers draws long texts."""
    folder = save_long_model(tmp_path_factory.mktemp("long"))
    files = find_model("long", folder)
    block = Live(live="sampling", prompt=PROMPT, params=PARAMS, dials={})
    made = record_element(block, [files], {"long": Engine(load_model(files))})
    html = f"<!doctype html><meta charset=utf-8>{element('talkgen-sampling', 'recording', made)}"
    (folder / "deck.html").write_text(f'{html}<script type="module">{elements_script()}</script>', encoding="utf-8")
    return folder / "deck.html"


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL])
def test_an_answer_that_is_cut_short_leaves_the_recording(page, deck, fault):
    """Its server is known to be gone as soon as one that is asked nothing; what was drawn so far gives way."""
    port = free_port()
    with server(deck, port, deck.parent, ("long",)) as process:
        page.goto(f"http://127.0.0.1:{port}/")
        sampling = page.locator("talkgen-sampling")
        expect(sampling.locator(".badge")).to_contain_text("live · ")
        expect(sampling.locator(".status")).to_contain_text("underlined")
        sampling.get_by_role("button", name="Draw again").click()
        expect(sampling.locator(".status")).to_contain_text("drawing")
        process.send_signal(fault)
        expect(sampling.locator(".badge")).to_contain_text("recorded · ", timeout=2000)
        expect(sampling.locator(".caret")).to_have_count(0)
        assert sampling.evaluate(DRAWN) == sampling.evaluate(RECORDED)


def test_an_answer_goes_on_while_the_server_has_no_time_for_its_health(page, deck):
    """A server that speaks is there, whether or not it says how it is."""
    port = free_port()
    with server(deck, port, deck.parent, ("long",)):
        page.goto(f"http://127.0.0.1:{port}/")
        sampling = page.locator("talkgen-sampling")
        expect(sampling.locator(".status")).to_contain_text("underlined")
        badges = sampling.evaluate_handle(WATCHED)
        page.route("**/api/health", lambda route: None)
        sampling.get_by_role("button", name="Draw again").click()
        expect(sampling.locator(".status")).to_contain_text("drawing")
        expect(sampling.locator(".status")).to_contain_text("underlined")
        assert [words for words in badges.json_value() if "recorded" in words] == []
