"""The live element on a page of its own: recorded first, live while the server is there, never a risk to the talk."""

import functools
import http.server
import re
import signal
import threading

import pytest
from live_element import LiveElement
from page_parts import LIVE, PROMPT
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def shown(answer: dict) -> list[str]:
    """The labels of an answer's bars, as the element writes printable tokens."""
    return [item["text"].replace(" ", "·") for item in answer["candidates"]]


def recorded_badge(recording: dict, model: int = 0) -> str:
    return f"recorded · {recording['models'][model]['label']} · {recording['recorded']['date']}"


@pytest.fixture
def live(page) -> LiveElement:
    return LiveElement(page)


def test_from_disk_it_is_recorded_and_asks_nobody(page, live, pages, recording):
    """Opened as a file the element shows its recording and opens no connection."""
    made = recording("tiny")
    page.goto((pages / "one.html").as_uri())
    live.expect_badge(recorded_badge(made))
    assert len(live.bars()) == 6
    assert live.tokens() == list(PROMPT)
    page.wait_for_timeout(1500)
    assert [url for url in page.asked if not url.startswith("data:")] == [(pages / "one.html").as_uri()]


def test_a_recorded_bar_can_be_clicked(page, live, pages, recording):
    """One click appends the token, and the answer to that is recorded too."""
    answers = recording("tiny")["answers"]["tiny"]
    page.goto((pages / "one.html").as_uri())
    chosen = next(item for item in answers[PROMPT]["candidates"] if item.get("append", True))
    live.root.locator(".bar").nth(answers[PROMPT]["candidates"].index(chosen)).click()
    expect(live.box).to_have_value(PROMPT + chosen["text"])
    assert [share for _, share in live.bars()][:1] != []
    expect(live.status).to_contain_text("4 tokens")


def test_an_unrecorded_text_is_said_to_be_none(page, live, pages, recording):
    """What nobody recorded keeps the nearest answer in sight, dimmed, and says so; no error."""
    page.goto((pages / "one.html").as_uri())
    before = live.bars()
    live.box.fill("abc and what nobody foresaw")
    expect(live.status).to_have_text("no recorded answer for this text")
    expect(live.root.locator(".panel")).to_have_class("panel stale")
    assert live.bars() == before
    live.expect_badge(recorded_badge(recording("tiny")))


def test_the_server_answers_while_one_types(page, live, site):
    """Live, the bars are the engine's answer to the text in the box."""
    page.goto(site)
    live.expect_badge(LIVE)
    live.box.click()
    page.keyboard.press("End")
    page.keyboard.type(" and so on", delay=15)
    expect(live.status).to_contain_text("13 tokens")
    answer = page.request.post(f"{site}api/next", data={"prompt": "abc and so on", "bars": 5})
    assert [label for label, _ in live.bars()] == [*shown(answer.json()), "other"]
    assert live.tokens() == list("abc and so on")


def test_a_killed_server_is_known_within_two_seconds_and_its_return_too(page, live, mortal, port, recording):
    """The badge tells the truth whatever happens to the server."""
    with mortal(port) as process:
        page.goto(f"http://127.0.0.1:{port}/")
        live.expect_badge(LIVE)
        process.kill()
        live.expect_badge(recorded_badge(recording("tiny")), seconds=2)
    with mortal(port):
        live.expect_badge(LIVE)


def test_a_stopped_server_is_known_too(page, live, mortal, port, recording):
    """A server that hangs is as good as none, and is found again when it goes on."""
    with mortal(port) as process:
        page.goto(f"http://127.0.0.1:{port}/")
        live.expect_badge(LIVE)
        process.send_signal(signal.SIGSTOP)
        live.expect_badge(recorded_badge(recording("tiny")), seconds=2)
        process.send_signal(signal.SIGCONT)
        live.expect_badge(LIVE)


@pytest.mark.parametrize("fault", ["503", "slow", "cut", "nonsense"])
def test_an_answer_that_does_not_come_leaves_the_recording(page, live, site, recording, fault):
    """One answer that fails, hangs or is no answer shows the recorded one; the next that comes is live again."""
    page.goto(site)
    live.expect_badge(LIVE)
    faulty = []

    def answer(route):
        if len(faulty) == 2:
            route.continue_()
            return
        faulty.append(route)
        match fault:
            case "503":
                route.fulfill(status=503, json={"detail": "no"})
            case "cut":
                route.fulfill(body='{"tokens": [', content_type="application/json")
            case "nonsense":
                route.fulfill(body="<h1>A proxy</h1>", content_type="text/html")

    page.route("**/api/next", answer)
    live.box.fill("abcd")
    live.expect_badge(recorded_badge(recording("tiny")), seconds=3)
    live.expect_badge(LIVE, seconds=10)
    expect(live.status).to_contain_text("4 tokens")
    assert len(faulty) == 2


def test_typing_asks_at_once_and_one_at_a_time(page, live, site):
    """While a question is on its way no other is asked; then the text that is there by then is."""
    page.goto(site)
    live.expect_badge(LIVE)
    held, asked = [], []

    def hold(route):
        asked.append(route.request.post_data_json["prompt"])
        if len(asked) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/next", hold)
    live.box.click()
    page.keyboard.press("End")
    page.keyboard.type("defg", delay=20)
    page.wait_for_timeout(100)
    assert asked == ["abcd"]
    held[0].continue_()
    expect(live.status).to_contain_text("7 tokens")
    assert asked == ["abcd", "abcdefg"]


def test_a_long_text_shows_how_far_it_is_and_can_be_stopped(page, live, long_site, recording):
    """A pasted page is read with the recorded bars in sight; Escape stops it; left alone it is answered."""
    page.goto(long_site)
    live.expect_badge("live · long transformer, step 1")
    live.box.fill("x" * 3_000)
    expect(live.status).to_contain_text(re.compile(r"reading, [\d]+ of 3000 tokens"), timeout=20_000)
    expect(live.badges.first).to_contain_text("recorded · long")
    live.box.press("Escape")
    expect(live.status).to_have_text("stopped")
    assert not live.has_focus()
    live.box.fill("x" * 3_001)
    expect(live.status).to_contain_text("3001 tokens, the likeliest next is", timeout=60_000)
    live.expect_badge("live · long transformer, step 1")


def test_what_was_stopped_stays_stopped_when_the_server_comes_back(page, live, long_site):
    """Neither a stop while the server is away nor its coming back asks a long text again."""
    page.goto(long_site)
    live.expect_badge("live · long transformer, step 1")
    live.box.fill("y" * 3_000)
    expect(live.status).to_contain_text("reading, ", timeout=20_000)
    page.route("**/api/health", lambda route: route.fulfill(json={"status": "ready", "models": []}))
    live.expect_badge(re.compile("^recorded · long"), seconds=20)
    live.box.press("Escape")
    expect(live.status).to_have_text("stopped")
    asked = len([url for url in page.asked if url.endswith("/api/next")])
    page.unroute("**/api/health")
    page.wait_for_function("document.querySelector('talkgen-live').source.isLive")
    page.wait_for_timeout(500)
    assert len([url for url in page.asked if url.endswith("/api/next")]) == asked
    live.box.fill("yes")
    live.expect_badge("live · long transformer, step 1")


def test_a_server_that_lost_the_model_leaves_the_recording(page, live, mortal, port, recording):
    """A server that has other models answers nothing for this one."""
    with mortal(port, models=("tiny-lstm",)):
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_timeout(1500)
        live.expect_badge(recorded_badge(recording("tiny")))
        assert not [url for url in page.asked if url.endswith("/api/next")]


def test_it_works_with_a_keyboard_alone(page, live, site):
    """Tab in, arrows and Enter choose, letters go on in the box, Enter takes the likeliest, Escape leaves."""
    page.goto(site)
    live.expect_badge(LIVE)
    page.keyboard.press("Tab")
    expect(live.box).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(live.root.locator(".bar").nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(live.root.locator(".bar").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(live.box).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("xy")
    expect(live.box).to_have_value("abcxy")
    page.keyboard.press("Backspace")
    expect(live.status).to_contain_text("4 tokens")
    page.keyboard.press("Shift+Enter")
    expect(live.box).to_have_value("abcx\n")
    page.keyboard.press("Escape")
    assert not live.has_focus()


def test_enter_takes_the_likeliest_token_that_can_be_typed(page, live, pages, recording):
    """Enter in the box goes on as the first bar would."""
    made = recording("tiny")
    first = made["answers"]["tiny"][PROMPT]["candidates"][0]
    page.goto((pages / "one.html").as_uri())
    live.box.press("Enter")
    expect(live.box).to_have_value(PROMPT + (first["text"] if first.get("append", True) else ""))


def test_keys_do_not_reach_the_deck(page, live, pages):
    """No key pressed in the element is heard by the page around it."""
    page.goto((pages / "one.html").as_uri())
    page.evaluate("window.heard = []; document.addEventListener('keydown', event => heard.push(event.key))")
    live.box.click()
    for key in ("Space", "ArrowRight", "PageDown", "a", "Enter", "ArrowDown", "Enter", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == []
    page.keyboard.press("ArrowRight")
    assert page.evaluate("heard") == ["ArrowRight"]


@pytest.mark.parametrize("text", ["<script>heard=1</script>", "<img src=x onerror=heard=1>", "{{7*7}}", "a\x07\x1bb"])
def test_a_prompt_is_text(page, live, site, text):
    """Markup in a prompt is shown letter by letter and makes no element."""
    page.goto(site)
    live.expect_badge(LIVE)
    live.box.fill(text)
    expect(live.status).to_contain_text(f"{len(text)} tokens")
    assert "".join(live.tokens()) == text
    assert page.evaluate("typeof heard") == "undefined"
    assert live.root.locator("script, img").count() == 0


def test_a_prompt_too_long_gets_the_servers_words(page, live, site):
    """Past a limit the status line says which; the badge stays, and a shorter text is answered again."""
    page.goto(site)
    live.expect_badge(LIVE)
    live.box.fill("x" * 10_000)
    expect(live.status).to_contain_text("10,000 characters is too long")
    live.expect_badge(LIVE)
    live.box.fill("short")
    expect(live.status).to_contain_text("5 tokens")


def test_in_print_nothing_is_asked(page, live, site, recording):
    """A page that is printed shows the recorded frame and opens no connection."""
    page.emulate_media(media="print")
    page.goto(site)
    page.wait_for_timeout(1500)
    live.expect_badge(recorded_badge(recording("tiny")))
    assert not [url for url in page.asked if "/api/" in url]


def test_a_static_host_is_asked_once(page, live, pages, recording):
    """A deck put on any web server finds no API there and leaves it alone."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=pages)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{host.server_port}/one.html")
        page.wait_for_timeout(2500)
        host.shutdown()
    live.expect_badge(recorded_badge(recording("tiny")))
    assert len([url for url in page.asked if "/api/" in url]) == 1


def test_two_models_stand_side_by_side(page, live, site):
    """Both answer the same text, each in its own colour, under its own badge."""
    page.goto(f"{site}two.html")
    live.expect_badge(LIVE)
    expect(live.badges.nth(1)).to_have_text("live · tiny-lstm LSTM, step 1")
    assert live.bars(0) != live.bars(1)
    cells = live.root.locator(".panel").evaluate_all("panels => panels.map(panel => panel.dataset.cell)")
    assert cells == ["attention", "recurrent"]


def test_a_filter_shows_both_probabilities(page, live, pages):
    """With top_k = 2 the bars are what is sampled from, and an outline keeps what the model said."""
    page.goto((pages / "filtered.html").as_uri())
    assert [share for _, share in live.bars()][2:] == ["0%", "0%", "0%", "0%"]
    widths = live.root.locator(".bar:not(.other) .before").evaluate_all("bars => bars.map(bar => bar.offsetWidth)")
    assert min(widths) > 0


def test_motion_stops_when_it_is_not_wanted(page, live, pages):
    """Under prefers-reduced-motion the bars jump."""
    page.emulate_media(reduced_motion="reduce")
    page.goto((pages / "one.html").as_uri())
    assert live.root.locator(".fill").first.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"


def test_tokens_are_chips(page, pages):
    """White space is marked, a fragment of a character shown as its bytes, ids stand below when asked for."""
    page.goto((pages / "chips.html").as_uri())
    chips = page.locator("talkgen-tokens .token")
    assert chips.all_inner_texts() == ["The", "·fox", "⏎", "\\xf0", "<b>"]
    assert page.locator("talkgen-tokens .id").all_inner_texts() == ["1", "22", "3", "4", "5"]
    colours = chips.evaluate_all("chips => chips.map(chip => getComputedStyle(chip).backgroundColor)")
    assert len(set(colours)) == 5
