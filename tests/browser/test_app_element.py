"""A Gradio app in a slide: opened from the talk's server, stilled when that is gone, no trap for the clicker."""

import re
import signal

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(pages):
    """The path of a page with an app; beside it a place that can have the focus."""
    app = "<talkgen-app src=/demos/decoding label=decoding style='height: 600px'></talkgen-app><talkgen-live hidden"
    page = (pages / "one.html").read_text("utf-8").replace("<talkgen-live", app, 1)
    (pages / "app.html").write_text(page, "utf-8")
    return "app.html"


def test_the_app_is_opened_and_hands_keys_back(page, site, address):
    """The badge says live once the app is there; a clicker's key and Escape reach the deck from inside of it."""
    page.goto(site + address)
    badge, frame = page.locator("talkgen-app .badge"), page.frame_locator("talkgen-app iframe")
    expect(badge).to_have_text("live · decoding", timeout=60_000)
    page.evaluate("window.heard = []; document.addEventListener('keydown', event => heard.push(event.key))")

    frame.get_by_label("Prompt").fill("abc")
    for key in ("PageDown", "ArrowRight"):  # the first turns slides also from a line of text, the second moves in it
        frame.get_by_label("Prompt").press(key)
    assert page.evaluate("heard") == []  # a text area keeps both

    frame.get_by_label("number input for Width of the beam").press("PageDown")
    assert page.evaluate("heard") == ["PageDown"]
    assert page.evaluate("document.activeElement.localName") == "body"

    frame.get_by_label("Prompt").click()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("heard") == ["PageDown", "ArrowRight"]


def test_the_app_is_as_dark_as_its_slide(page, site, pages, address):
    """On a slide with light text the app is dark, though the system is light; on the other it is light."""
    text = (pages / address).read_text("utf-8").replace("<talkgen-app", "<div style='color: #eee'><talkgen-app", 1)
    (pages / "dark.html").write_text(text.replace("</talkgen-app>", "</talkgen-app></div>", 1), "utf-8")
    for name, dark in (("dark.html", 1), (address, 0)):
        page.goto(site + name)
        expect(page.locator("talkgen-app .badge")).to_have_text("live · decoding", timeout=60_000)
        frame = page.frame_locator("talkgen-app iframe")
        expect(frame.get_by_label("Prompt")).to_be_visible(timeout=30_000)
        expect(frame.locator("body.dark")).to_have_count(dark)


def test_an_app_whose_server_died_stands_still(page, pages, mortal, port, address):
    """What it showed last stays, dimmed and out of reach, and the badge says so; with the server it is opened again."""
    badge = page.locator("talkgen-app .badge")
    with mortal(port) as process:
        page.goto(f"http://127.0.0.1:{port}/{address}")
        expect(badge).to_have_text("live · decoding", timeout=60_000)
        page.frame_locator("talkgen-app iframe").get_by_label("Prompt").fill("typed")
        process.kill()
        expect(badge).to_have_text("gone, as it was last · decoding", timeout=3_000)
    assert page.locator("talkgen-app iframe").evaluate("frame => frame.inert")
    expect(page.frame_locator("talkgen-app iframe").get_by_label("Prompt")).to_be_visible()
    with mortal(port):
        expect(badge).to_have_text("live · decoding", timeout=60_000)
        expect(page.frame_locator("talkgen-app iframe").get_by_label("Prompt")).not_to_have_value("typed")
    # What Gradio's own page still wanted to load when its server died is nobody's fault.
    page.errors[:] = [error for error in page.errors if "/demos/decoding/assets/" not in error]


def test_what_was_typed_into_an_app_outlives_an_outage(page, mortal, port, address):
    """A server that stood still a while and goes on has the same app; it answers what is typed on."""
    badge, frame = page.locator("talkgen-app .badge"), page.frame_locator("talkgen-app iframe")
    prompt = frame.get_by_label("Prompt")
    with mortal(port) as process:
        page.goto(f"http://127.0.0.1:{port}/{address}")
        expect(badge).to_have_text("live · decoding", timeout=60_000)
        prompt.fill("abc")
        process.send_signal(signal.SIGSTOP)
        expect(badge).to_have_text("gone, as it was last · decoding", timeout=3_000)
        process.send_signal(signal.SIGCONT)
        expect(badge).to_have_text("live · decoding")
        expect(prompt).to_have_value("abc")
        frame.get_by_label("number input for Width of the beam").fill("1")
        frame.get_by_label("number input for Width of the beam").press("Tab")
        prompt.fill("abcd")
        expect(frame.get_by_role("img", name=re.compile("^12 beginnings"))).to_be_visible(timeout=60_000)


@pytest.fixture(scope="module")
def pictured(pages, address):
    """The same page, its app with a picture."""
    app = (pages / address).read_text("utf-8").replace("label=decoding", "label=decoding poster=still.svg", 1)
    (pages / "pictured.html").write_text(app, "utf-8")
    still = '<svg xmlns="http://www.w3.org/2000/svg" width="1152" height="450"><rect width="99" height="99"/></svg>'
    (pages / "still.svg").write_text(still, "utf-8")
    return "pictured.html"


def test_a_picture_stands_where_no_server_does(page, pages, mortal, port, pictured):
    """Recorded from disk on; live while there is a server; recorded again, and nothing of before, when it is killed."""
    badge, frame, picture = (page.locator(f"talkgen-app {part}") for part in (".badge", "iframe", "img"))
    page.goto((pages / pictured).as_uri())
    expect(badge).to_have_text("recorded · decoding")
    assert picture.evaluate("picture => picture.naturalWidth") == 1152
    with mortal(port) as process:
        page.goto(f"http://127.0.0.1:{port}/{pictured}")
        expect(badge).to_have_text("live · decoding", timeout=60_000)
        expect(picture).to_be_hidden()
        process.kill()
        expect(badge).to_have_text("recorded · decoding", timeout=3_000)
    expect(picture).to_be_visible()
    expect(frame).to_be_hidden()
    page.errors[:] = [error for error in page.errors if "/demos/decoding/assets/" not in error]


def test_without_a_server_a_line_says_what_is_missing(page, pages, address):
    """Opened from disk nothing is asked, and the place of the app says what would be there."""
    page.goto((pages / address).as_uri())
    expect(page.locator("talkgen-app .instead")).to_have_text("decoding runs here while the talk is presented")
    page.wait_for_timeout(1000)
    assert [url for url in page.asked if not url.startswith("data:")] == [(pages / address).as_uri()]


def test_an_app_stands_still_where_nothing_is_to_be_live(page, site, address):
    """Held to what was recorded, the app is stilled as without a server, and goes on when it is let go."""
    badge = page.locator("talkgen-app .badge")
    page.goto(site + address)
    expect(badge).to_have_text("live · decoding", timeout=60_000)
    page.request.post(f"{site}present/stage/force", data={"slide": None, "mode": "recorded"})
    expect(badge).to_have_text("gone, as it was last · decoding")
    page.request.post(f"{site}present/stage/force", data={"slide": None, "mode": None})
    expect(badge).to_have_text("live · decoding", timeout=60_000)
