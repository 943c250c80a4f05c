"""Answers that come in pieces: what becomes of one whose server is stopped or killed in the middle of it."""

import signal

import pytest
from page_parts import element
from playwright.sync_api import expect
from server_process import free_port, server

from talkgen.elements.registry import check_params
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record_element
from talkgen.render.elements import elements_script

pytestmark = pytest.mark.slow
PARAMS = check_params("training", {"steps": 150}).model_dump(mode="json")
WATCHED = """host => {
  const badge = host.shadowRoot.querySelector(".badge"), seen = [];
  new MutationObserver(() => seen.push(badge.textContent)).observe(badge, { childList: true, characterData: true });
  return seen;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with a page on which a model is trained, which takes seconds, and the address of its server to be."""
    folder = tmp_path_factory.mktemp("streams")
    files = find_model("small", folder)
    block = Live(live="training", prompt="The", params=PARAMS, dials={})
    made = record_element(block, [files], {"small": Engine(load_model(files))})
    html = f"<!doctype html><meta charset=utf-8>{element('talkgen-training', 'recording', made)}"
    (folder / "deck.html").write_text(f'{html}<script type="module">{elements_script()}</script>', encoding="utf-8")
    return folder / "deck.html", free_port()


@pytest.fixture
def train(page, site):
    """A function that begins a training on the page; the element, once pieces of its answer come."""

    def begin():
        page.goto(f"http://127.0.0.1:{site[1]}/")
        training = page.locator("talkgen-training")
        expect(training.locator(".badge")).to_contain_text("live · ")
        training.get_by_role("button", name="Train here").click()
        expect(training.locator(".status")).to_contain_text("Esc stops it")
        return training

    return begin


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL])
def test_an_answer_that_is_cut_short_leaves_the_recording(train, site, fault):
    """Its server is known to be gone as soon as one that is asked nothing; the recorded answer is whole."""
    with server(*site, models=("small",)) as process:
        training = train()
        process.send_signal(fault)
        expect(training.locator(".badge")).to_contain_text("recorded · ", timeout=2000)
        expect(training.locator(".status")).to_contain_text("150 steps")


def test_an_answer_goes_on_while_the_server_has_no_time_for_its_health(page, train, site):
    """A server that speaks is there, whether or not it says how it is."""
    with server(*site, models=("small",)):
        training = train()
        badges = training.evaluate_handle(WATCHED)
        page.route("**/api/health", lambda route: None)
        expect(training.locator(".status")).to_contain_text("150 steps")
        assert [words for words in badges.json_value() if "recorded" in words] == []
