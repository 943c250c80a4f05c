"""The live elements in decks that the real Marp and Slidev made, presented by the real server, also on a phone."""

import base64
import json

import pytest
import yaml
from barriers import barriers
from drawings import DRAWS, expect_badge, recorded_answers
from playwright.sync_api import expect
from server_process import free_port, server

from talkgen.elements.registry import ELEMENTS, tag
from talkgen.render.elements import LIVE

NAMES = sorted([*ELEMENTS, "next_token", "rnn_vs_attention"])
PROMPT = "The name is"
ADDRESS = {"marp": "#{}", "slidev": "#/{}"}
SLIDE = {"marp": "html", "slidev": "#slide-content"}  # what of a page is ours: around it are the tool's own buttons
OWN = {  # what some need, or what makes their recordings quick
    "translate": {"prompt": "the black cat sees her", "model": "translator"},
    "training": {"params": {"steps": 20}},
    "sampling": {"dials": {}},
    "rnn_vs_attention": {"beside": "small-lstm"},
}
MODELS = ("small", "small-lstm", "translator")
IN_PAGE = {"tokenizer", "next_token", "rnn_vs_attention"}  # what needs no server
READABLE = 12  # px as shown
TOUCHABLE = 40  # px as shown

# The smallest text that can be seen of an element, in px of the screen: of HTML by a probe, of SVG by its own scale.
SMALLEST = """host => {
  const root = host.shadowRoot, stage = host.getBoundingClientRect(), sizes = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode);
  for (const text of texts) {
    const parent = text.parentElement, range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const inside = box.width > 1 && box.top < stage.bottom - 4 && box.left < stage.right;
    if (!inside || !parent.checkVisibility({ visibilityProperty: true }) || parent.matches("style, .spoken")) continue;
    if (parent.ownerSVGElement) {
      const scale = parent.getScreenCTM().d;
      sizes.push([parseFloat(getComputedStyle(parent).fontSize) * scale, text.data]);
    } else {
      const probe = document.createElement("span");
      probe.style.cssText = "display: inline-block; position: absolute; width: 0; height: 1em; overflow: hidden";
      parent.append(probe);
      sizes.push([probe.getBoundingClientRect().height, text.data]);
      probe.remove();
    }
  }
  return sizes.sort((a, b) => a[0] - b[0])[0];
}"""
SHORTEST = """host => Math.min(...[
    ...host.shadowRoot.querySelectorAll("button:not(.head), textarea, .bar[role=option]")
  ].map((one) => one.getBoundingClientRect().height).filter((height) => height > 0))"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deck(build_talk):
    """A cover, and a slide for each element."""
    slides = [{"title": "Cover", "layout": "cover"}]
    slides += [{"title": name, "body": [{"live": name, "prompt": PROMPT, **OWN.get(name, {})}]} for name in NAMES]
    return build_talk(yaml.safe_dump({"title": "Elements", "model": "small", "slides": slides}))


@pytest.fixture(scope="module")
def site(deck):
    """The address at which the deck is presented."""
    port = free_port()
    with server(deck, port, deck.parent, MODELS):
        yield f"http://127.0.0.1:{port}/"


def find_slide(name: str) -> int:
    return NAMES.index(name) + 2


def go_to(page, site, target, name):
    """Opens the slide of an element; the element."""
    page.goto("about:blank")
    page.goto(site + ADDRESS[target].format(find_slide(name)))
    return page.locator(f"{LIVE.get(name) or tag(name)}:visible").first


def is_question(request) -> bool:
    """Whether an element asks the server."""
    return request.method == "POST" and "/api/" in request.url


@pytest.mark.parametrize("name", NAMES)
def test_it_draws_what_is_answered_live_and_what_was_recorded(page, site, target, name):
    """What the server said is on the slide; what the deck carries, once the presenter wants that; and live again."""
    heard = []
    page.on("requestfinished", lambda request: heard.append(request) if is_question(request) else None)
    element = go_to(page, site, target, name)
    expect_badge(element, "live")
    page.wait_for_function("host => !host.source.asking", arg=element.element_handle(), timeout=30_000)
    answers = {}
    for request in heard:
        asked = json.loads(request.post_data)
        answers[asked["model"]] = json.loads(request.response().text().strip().splitlines()[-1])
    recording = json.loads(base64.b64decode(element.get_attribute("recording")))
    DRAWS[name](element, [answers[model["name"]] for model in recording["models"]])
    assert barriers(page, SLIDE[target]) == []
    force = {"slide": find_slide(name), "mode": "recorded"}
    assert page.request.post(f"{site}present/stage/force", data=force).ok
    try:
        expect_badge(element, "recorded", seconds=5)
        DRAWS[name](element, recorded_answers(recording))
    finally:
        page.request.post(f"{site}present/stage/force", data={**force, "mode": None})
    expect_badge(element, "live")


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_its_keys(page, site, target, name):
    """What is typed turns no slide; Escape hands the clicker back; all fits the slide."""
    element = go_to(page, site, target, name)
    expect_badge(element, "live")
    first = element.locator("textarea, button:visible, input").first
    first.focus()
    for key in ("ArrowRight", "PageDown", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.evaluate("location.hash.replace(/\\D/g, '')") == str(find_slide(name))
    page.keyboard.press("Escape")
    assert element.evaluate("element => element.shadowRoot.activeElement === null")
    inside = element.evaluate(
        "element => { const frame = element.shadowRoot.querySelector('.whole').getBoundingClientRect();"
        " return frame.bottom <= innerHeight && frame.right <= innerWidth; }"
    )
    assert inside


@pytest.fixture(scope="module")
def phone(browser):
    """A page of a phone's size that is touched."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_read_and_touched_on_a_phone(phone, site, target, name):
    """What is seen of it on the slide is large enough; a touch opens all of it as a page; a button leads back."""
    element = go_to(phone, site, target, name)
    expect_badge(element, "live")
    opener = element.locator(".open")
    expect(opener).to_be_visible()
    size, text = element.evaluate(SMALLEST)
    assert size >= READABLE, text
    expect(element.locator(".badge").first).to_be_in_viewport(ratio=0.9)
    opener.tap()
    size, text = element.evaluate(SMALLEST)
    assert size >= READABLE, text
    assert element.evaluate(SHORTEST) >= TOUCHABLE
    assert element.evaluate("host => [host.clientWidth, host.scrollWidth, host.clientHeight]") == [390, 390, 844]
    element.locator(".back").tap()
    expect(opener).to_be_visible()
    assert phone.evaluate("location.hash.replace(/\\D/g, '')") == str(find_slide(name))


def test_a_killed_server_leaves_the_recordings(page, deck, target):
    """Each element falls to its recording, or to the model in the page, and says so."""
    port = free_port()
    site = f"http://127.0.0.1:{port}/"
    with server(deck, port, deck.parent, MODELS) as process:
        element = go_to(page, site, target, "attention")
        expect_badge(element, "live")
        process.kill()
        expect(element.locator(".badge")).to_contain_text("recorded · ", timeout=2000)
    for name in NAMES[1:]:
        page.evaluate("hash => { location.hash = hash; }", ADDRESS[target].format(find_slide(name)))
        element = page.locator(f"{LIVE.get(name) or tag(name)}:visible").first
        expect_badge(element, "in this page" if name in IN_PAGE else "recorded", seconds=5)
