"""The elements of `talkgen.elements` in decks that the real Marp and Slidev made, presented by the real server."""

import pytest
import yaml
from playwright.sync_api import expect
from server_process import free_port, server

from talkgen.elements.registry import ELEMENTS, tag
from talkgen.pipeline.build import Request, build

NAMES = sorted(ELEMENTS)
PROMPT = "The name is"
ADDRESS = {"marp": "#{}", "slidev": "#/{}"}
OWN = {  # what some need, or what makes their recordings quick
    "translate": {"prompt": "the black cat sees her", "model": "translator"},
    "training": {"params": {"steps": 20}},
    "sampling": {"dials": {}},
}
MODELS = ("small", "translator")
WITHOUT = {"tokenizer": "in this page · "}  # a server: what the badge says

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["marp", "slidev"])
def target(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def deck(target, tmp_path_factory):
    """A cover, and a slide for each element."""
    folder = tmp_path_factory.mktemp("talk") / "slides" / "elements"
    folder.mkdir(parents=True)
    slides = [{"title": "Cover", "layout": "cover"}]
    slides += [{"title": name, "body": [{"live": name, "prompt": PROMPT, **OWN.get(name, {})}]} for name in NAMES]
    outline = yaml.safe_dump({"title": "Elements", "model": "small", "slides": slides})
    (folder / "outline.yaml").write_text(outline, encoding="utf-8")
    return build(Request(folder, target), print).outputs[0]


@pytest.fixture(scope="module")
def site(deck):
    """The address at which the deck is presented."""
    port = free_port()
    with server(deck, port, deck.parent, MODELS):
        yield f"http://127.0.0.1:{port}/"


def go_to(page, site, target, name):
    """Opens the slide of an element; the element."""
    page.goto("about:blank")
    page.goto(site + ADDRESS[target].format(NAMES.index(name) + 2))
    return page.locator(f"{tag(name)}:visible").first


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_live_and_keeps_its_keys(page, site, target, name):
    """The badge says live; what is typed turns no slide; Escape hands the clicker back; all fits the slide."""
    element = go_to(page, site, target, name)
    expect(element.locator(".badge")).to_contain_text("live · ", timeout=15_000)
    first = element.locator("textarea, button:visible, input").first
    first.focus()
    for key in ("ArrowRight", "PageDown", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.evaluate("location.hash.replace(/\\D/g, '')") == str(NAMES.index(name) + 2)
    page.keyboard.press("Escape")
    assert element.evaluate("element => element.shadowRoot.activeElement === null")
    inside = element.evaluate(
        "element => { const frame = element.shadowRoot.querySelector('.frame').getBoundingClientRect();"
        " return frame.bottom <= innerHeight && frame.right <= innerWidth; }"
    )
    assert inside


def test_a_killed_server_leaves_the_recordings(page, deck, target):
    """Each element falls to its recording, and says so."""
    port = free_port()
    site = f"http://127.0.0.1:{port}/"
    with server(deck, port, deck.parent, MODELS) as process:
        element = go_to(page, site, target, "attention")
        expect(element.locator(".badge")).to_contain_text("live · ", timeout=15_000)
        process.kill()
        expect(element.locator(".badge")).to_contain_text("recorded · ", timeout=2000)
    for name in NAMES[1:]:
        page.evaluate("hash => { location.hash = hash; }", ADDRESS[target].format(NAMES.index(name) + 2))
        element = page.locator(f"{tag(name)}:visible").first
        expect(element.locator(".badge")).to_contain_text(WITHOUT.get(name, "recorded · "), timeout=5000)
