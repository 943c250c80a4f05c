"""The presenter's windows on decks that the real Marp and Slidev made: panel, remote, and slides that keep together."""

import httpx
import pytest
from playwright.sync_api import Page, expect
from server_process import free_port, server

OUTLINE = """\
title: A talk
model: small
slides:
  - title: Welcome
    duration: 1
    notes: Say hello, and "who" <b>you</b> are.
    body: [Hello]
  - title: Points
    duration: 2
    notes: |
      Slowly.

      One `thereupon` another ${x}.
    body:
      - bullets: [one, two]
        reveal: true
  - title: Try it
    notes: Let them type.
    body:
      - live: next_token
        prompt: The statement
        bars: 4
  - title: The end
    body: [Thanks]
"""
CODE = "abcdefghjkmn"
NOTES = ("Say hello", "Slowly", "thereupon", "Let them type")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deck(build_talk):
    """The page of the talk's deck."""
    return build_talk(OUTLINE)


@pytest.fixture(scope="module")
def site(deck):
    """The address at which the deck is presented, with a code."""
    port = free_port()
    with server(deck, port, deck.parent, ("small",), code=CODE):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def open_page(page, site):
    """A function that opens one more page of the presenter's, each its own window in sight, at the first slide."""
    page.goto(f"{site}/enter?code={CODE}&to=/remote")
    page.request.post(f"{site}/present/stage", data={"window": "first", "slide": 1})

    def make(path: str, width: int = 1280, height: int = 720) -> Page:
        cookies = page.context.storage_state()
        context = page.context.browser.new_context(storage_state=cookies, viewport={"width": width, "height": height})
        opened = context.new_page()
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.goto(f"{site}{path}")
        return opened

    yield make
    for context in page.context.browser.contexts:
        if context is not page.context:
            context.close()


def wait_for_place(page: Page, slide: int, step: int = 0) -> None:
    """Waits until the address of a deck says that it is there."""
    page.wait_for_function(
        """([slide, step]) => {
          const { hash, search } = location;
          const [, at] = /^#(?:\\/)?(\\d+)/.exec(hash) ?? [null, "1"];
          const steps = /[?&](?:f|clicks)=(\\d+)/.exec(search + hash)?.[1] ?? "0";
          return at === String(slide) && steps === String(step);
        }""",
        arg=[slide, step],
        timeout=20_000,
    )


def test_windows_keep_together(open_page):
    """A deck, a second one and the panel: a key in one, or a press in the panel, turns all, step by step."""
    one, panel = open_page("/"), open_page("/panel")
    expect(panel.locator("#where")).to_have_text("1 of 4")
    panel.click("[data-turn=next]")
    wait_for_place(one, 2)
    two = open_page("/")
    wait_for_place(two, 2)
    two.keyboard.press("ArrowRight")
    wait_for_place(one, 2, 1)
    one.keyboard.press("ArrowRight")
    wait_for_place(two, 2, 2)
    one.keyboard.press("ArrowRight")
    wait_for_place(two, 3)
    panel.click("[data-turn=previous]")
    for window in (one, two):
        wait_for_place(window, 2, 2)
    expect(panel.locator("#where")).to_have_text("2 of 4")
    expect(panel.locator("#there")).to_contain_text("2 windows")


def test_the_panel_shows_now_and_next(open_page, site):
    """Both slides in pictures in which nothing is live, the notes as they were written, the clock against the plan."""
    deck, panel = open_page("/"), open_page("/panel")
    httpx.post(f"{site}/present/stage/clock", json={"running": False}, cookies={"talkgen_presenter": CODE})
    deck.evaluate("location.hash = location.hash.startsWith('#/') ? '#/2' : '#2'")
    expect(panel.locator("#notes")).to_contain_text("One `thereupon` another ${x}.")
    expect(panel.locator("#next-title")).to_have_text("Try it")
    expect(panel.locator("#planned")).to_contain_text("of 3:00")
    expect(panel.locator("#health")).to_have_text("models answer")
    expect(panel.frame_locator("#now iframe").locator("h1:visible").first).to_have_text("Points")
    expect(panel.frame_locator("#next iframe").locator("h1:visible").first).to_have_text("Try it")
    badge = panel.frame_locator("#next iframe").locator("talkgen-live:visible .badge").first
    expect(badge).to_contain_text("recorded")
    panel.wait_for_timeout(1200)
    assert [url for url in panel.asked if "/api/" in url] == []


def test_what_is_forced_is_shown(open_page):
    """The presenter's button has the slide show its recording, and gives it back to the model."""
    deck, panel = open_page("/"), open_page("/panel")
    deck.evaluate("location.hash = location.hash.startsWith('#/') ? '#/3' : '#3'")
    badge = deck.locator("talkgen-live:visible .badge").first
    expect(badge).to_contain_text("live", timeout=20_000)
    expect(panel.locator("#where")).to_have_text("3 of 4")
    for scope in ("slide", "all"):
        button = panel.locator(f"[data-scope={scope}][data-mode=recorded]")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(badge).to_contain_text("recorded")
        button.click()
        expect(badge).to_contain_text("live")


def test_a_phone_turns_slides(open_page):
    """Two large buttons, the notes and the clock fit a phone, and a tap turns the deck."""
    deck, remote = open_page("/"), open_page("/remote", 390, 844)
    deck.evaluate("location.hash = location.hash.startsWith('#/') ? '#/3' : '#3'")
    expect(remote.locator("#where")).to_have_text("3 of 4")
    expect(remote.locator("#notes")).to_contain_text("Let them type.")
    boxes = [remote.locator(f"[data-turn={name}]").bounding_box() for name in ("previous", "next")]
    assert all(box["height"] >= 100 and box["width"] >= 100 and box["y"] + box["height"] <= 844 for box in boxes)
    assert remote.evaluate("document.documentElement.scrollWidth") == 390
    remote.click("[data-turn=next]")
    wait_for_place(deck, 4)
    expect(remote.locator("#where")).to_have_text("4 of 4")


def test_the_panel_fits_its_windows(open_page):
    """Nothing of it is cut off, on a laptop and on a phone."""
    for width, height in ((1280, 720), (390, 844)):
        panel = open_page("/panel", width, height)
        expect(panel.locator("#health")).to_have_text("models answer")
        assert panel.evaluate("document.documentElement.scrollWidth") == width
        now, following = (panel.locator(part).bounding_box() for part in ("#now", "#next"))
        assert now["y"] + now["height"] < following["y"]
        turns, footer = (panel.locator(part).bounding_box() for part in (".turns", "footer"))
        assert turns["y"] + turns["height"] < footer["y"]
    panel.click("#show-codes")
    expect(panel.locator("dialog img").first).to_be_visible()
    panel.wait_for_function("document.querySelector('dialog img').naturalWidth > 100")


def test_slides_with_names_are_turned_and_forced_too(page, build_talk):
    """Slidev has a slide's name in its address, where others have a number: windows keep together all the same."""
    named = OUTLINE.replace("title: Points", "title: Points\n    id: points").replace(
        "title: Try it", "title: Try it\n    id: try"
    )
    deck, port = build_talk(named), free_port()
    site = f"http://127.0.0.1:{port}"
    with server(deck, port, deck.parent, ("small",)):
        page.goto(f"{site}/")
        panel = page.context.browser.new_context().new_page()
        panel.goto(f"{site}/panel")
        expect(panel.locator("#where")).to_have_text("1 of 4")
        page.keyboard.press("ArrowRight")
        expect(panel.locator("#where")).to_have_text("2 of 4")
        for _ in range(3):
            panel.click("[data-turn=next]")
        expect(panel.locator("#where")).to_have_text("3 of 4")
        badge = page.locator("talkgen-live:visible .badge").first
        expect(badge).to_contain_text("live")
        panel.locator("[data-scope=slide][data-mode=recorded]").click()
        expect(badge).to_contain_text("recorded")
        panel.click("#show-codes")
        expect(panel.locator("#unreached")).to_be_visible()  # of this machine alone, which no phone opens
        expect(panel.locator(".codes")).to_be_hidden()
    panel.context.close()


def test_slides_go_on_without_the_server(page, deck):
    """When the server dies the deck turns as before and the panel says so; when it is back, windows find each other."""
    port = free_port()
    with server(deck, port, deck.parent) as process:
        page.goto(f"http://127.0.0.1:{port}/")
        panel = page.context.browser.new_context().new_page()
        panel.goto(f"http://127.0.0.1:{port}/panel")
        expect(panel.locator("#where")).to_have_text("1 of 4")
        process.kill()
        process.wait()
        page.keyboard.press("ArrowRight")
        wait_for_place(page, 2)
        expect(panel.locator("#health")).to_contain_text("does not answer")
    with server(deck, port, deck.parent):
        expect(panel.locator("#where")).to_have_text("2 of 4")
        panel.click("[data-turn=next]")
        wait_for_place(page, 2, 1)
    panel.context.close()


def test_the_room_reads_no_notes(site, deck):
    """Whatever a real deck consists of, without the code it is served without a note; with it notes are there."""
    files = [file.relative_to(deck.parent).as_posix() for file in deck.parent.rglob("*") if file.is_file()]
    for cookies, there in (({}, False), ({"talkgen_presenter": CODE}, True)):
        with httpx.Client(base_url=site, cookies=cookies) as client:
            texts = [client.get(f"/{name}").text for name in ["", *files]]
        assert [note for note in NOTES if any(note in text for text in texts)] == (list(NOTES) if there else [])
