"""The live element in decks that the real Marp and Slidev made, presented by the real server in a real browser."""

import pytest
from live_element import LiveElement
from playwright.sync_api import expect
from server_process import free_port, server

OUTLINE = """\
title: A small talk
model: small
slides:
  - title: Cover
    layout: cover
    body:
      - tokens: Cover me
  - title: Try it
    body:
      - live: next_token
        prompt: The statement
        bars: 4
  - title: Side by side
    body:
      - live: rnn_vs_attention
        prompt: The statement
        model: small
        beside: small-lstm
        bars: 4
"""
PROMPT = "The statement"
ADDRESS = {"marp": "#{}", "slidev": "#/{}"}
SILENT = {
    "marp": ["?view=overview#2", "?view=presenter#2", "?view=next#2"],
    "slidev": ["#/presenter/2", "#/presenter/1", "#/overview", "?print=true#/2", "?print=true#/print"],
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deck(build_talk):
    """The page of the talk's deck."""
    return build_talk(OUTLINE)


@pytest.fixture
def present(deck):
    """A function that presents the deck on a port with both models."""
    return lambda port: server(deck, port, deck.parent, ("small", "small-lstm"))


@pytest.fixture(scope="module")
def presented(deck):
    """The address at which the deck is presented."""
    port = free_port()
    with server(deck, port, deck.parent, ("small", "small-lstm")):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def site(page, presented):
    """That address, where every window is at the first slide again."""
    page.request.post(f"{presented}present/stage", data={"window": "first", "slide": 1})
    return presented


@pytest.fixture
def live(page) -> LiveElement:
    return LiveElement(page)


def api_calls(page) -> list[str]:
    return [url for url in page.asked if "/api/" in url or "/v1/" in url]


def on_slide(page, number: int) -> bool:
    """Whether the deck shows slide `number`, by its address."""
    return page.evaluate("location.hash.replace(/\\D/g, '') || '1'") == str(number)


def turn(page, key: str, number: int) -> None:
    """Presses a key, once the deck is there to take it, and waits for the slide it leads to."""
    page.locator("h1:visible, h2:visible").first.wait_for()
    page.keyboard.press(key)
    page.wait_for_function("n => (location.hash.replace(/\\D/g, '') || '1') === n", arg=str(number))


def test_nothing_is_asked_before_the_live_slide(page, site):
    """On the cover every live element of the deck is silent, also after Slidev mounted it ahead of time."""
    page.goto(site)
    page.wait_for_timeout(4500)
    assert api_calls(page) == []


def test_the_live_slide_answers(page, site, target, live):
    """Typed text is answered by the engine; a click on a bar appends its token."""
    page.goto(site)
    turn(page, "ArrowRight", 2)
    live.expect_badge("live · small transformer, step 1,000")
    live.box.click()
    page.keyboard.press("End")
    page.keyboard.type(" is", delay=20)
    expect(live.status).to_contain_text("token")
    answer = page.request.post(
        f"{site}api/next", data={"model": "small", "prompt": "The statement is", "bars": 4}
    ).json()
    first = answer["candidates"][0]["text"]
    expect(live.root.locator(".label").first).to_contain_text(first.replace(" ", "·").replace("\n", "⏎"))
    live.root.locator(".bar").first.click()
    expect(live.box).to_have_value(f"The statement is{first}")


def test_typing_turns_no_slide_and_escape_gives_the_clicker_back(page, site, target, live):
    """Space, arrows and the clicker's keys belong to the box until Escape."""
    page.goto(site + ADDRESS[target].format(2))
    live.expect_badge("live · small transformer, step 1,000")
    live.box.click()
    page.keyboard.press("End")
    page.keyboard.type(" a b ")
    for key in ("ArrowRight", "ArrowLeft", "PageDown", "Home", "End"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert on_slide(page, 2)
    expect(live.box).to_have_value("The statement a b ")
    page.keyboard.press("Escape")
    turn(page, "ArrowRight", 3)
    turn(page, "ArrowLeft", 2)


def test_a_killed_backend_leaves_a_talk_that_goes_on(page, deck, present, target, live):
    """Within two seconds the page answers itself, the bars still stand, and the deck still turns slides."""
    port = free_port()
    with present(port) as process:
        page.goto(f"http://127.0.0.1:{port}/" + ADDRESS[target].format(2))
        live.expect_badge("live · small transformer, step 1,000")
        process.kill()
        expect(live.badges.first).to_have_text("in this page · small transformer, step 1,000", timeout=2000)
    assert len(live.bars()) == 5
    turn(page, "ArrowRight", 3)
    expect(live.badges.nth(1)).to_contain_text("in this page · ")
    turn(page, "ArrowLeft", 2)


def test_both_models_answer_side_by_side(page, site, target, live):
    """The slide with two models asks both."""
    page.goto(site + ADDRESS[target].format(3))
    live.expect_badge("live · small transformer, step 1,000")
    expect(live.badges.nth(1)).to_contain_text("live · ")
    assert live.bars(0) != live.bars(1)


def test_other_views_are_silent(page, site, target):
    """Overview, presenter, previews and print show the recorded frame and ask nothing."""
    for address in SILENT[target]:
        page.goto("about:blank")
        page.goto(site + address)
        page.locator("talkgen-live").first.wait_for(state="attached")
        page.wait_for_timeout(1500)
        assert (address, api_calls(page)) == (address, [])


def test_an_overview_over_the_slide_is_silent(page, site, target, live):
    """While all slides lie over the live one nothing is asked; when they are put away it answers again."""
    page.goto(site + ADDRESS[target].format(2))
    live.expect_badge("live · small transformer, step 1,000")
    page.keyboard.press("o")
    page.wait_for_timeout(1200)
    asked = len(api_calls(page))
    page.wait_for_timeout(1200)
    assert len(api_calls(page)) == asked
    page.frame_locator("iframe").locator("body").press("Escape") if target == "marp" else page.keyboard.press("Escape")
    page.wait_for_timeout(1500)
    assert len(api_calls(page)) > asked


def test_leaving_the_slide_ends_the_talk_with_the_server(page, site, target, live):
    """Once the slide is left nothing more is asked."""
    page.goto(site + ADDRESS[target].format(2))
    live.expect_badge("live · small transformer, step 1,000")
    turn(page, "ArrowLeft", 1)
    page.wait_for_timeout(1000)
    asked = len(api_calls(page))
    page.wait_for_timeout(1500)
    assert len(api_calls(page)) == asked
