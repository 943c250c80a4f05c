"""The vote on a slide and on phones: the room guesses, the slide shows both distributions; in a real browser."""

import json
import math

import httpx
import pytest
from page_parts import PROMPT, element
from playwright.sync_api import expect
from server_process import free_port, server

from talkgen.lm.files.catalog import find_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record
from talkgen.render.elements import elements_script

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(project, engines):
    """The recording of a vote whose answer is known."""
    block = Live(live="vote", prompt=PROMPT, bars=5, answer="d")
    return record(block, [find_model("tiny", project)], engines)


@pytest.fixture
def deck(made, tmp_path):
    """A page with the element."""
    file = tmp_path / "deck" / "deck.html"
    file.parent.mkdir()
    script = f'<script type="module">{elements_script()}</script>'
    head = "<!doctype html><html><meta charset=utf-8><link rel=icon href=data:,>"
    file.write_text(f"{head}{element('talkgen-vote', 'recording', made)}{script}", encoding="utf-8")
    return file


def guess(base, text):
    """A phone that guesses, as a program."""
    with httpx.Client(base_url=base) as client:
        client.get("/vote")
        number = client.get("/api/vote").json()["round"]["number"]
        assert client.post("/api/vote", json={"round": number, "text": text}).status_code == 200


def test_the_answer_has_its_odds(made, engines):
    """The recorded probability of the true token is the model's own."""
    engine = engines["tiny"]
    whole = engine.next_token(PROMPT, bars=20)
    assert made["answer"]["text"] == "d"
    odds = engine.score([*b"abcd"], top=0)[-1].log_p
    assert made["answer"]["p"] == pytest.approx(math.exp(odds), abs=1e-6)
    assert all(item.p >= made["answer"]["p"] for item in whole.candidates[:1])


def test_from_disk_it_shows_what_was_recorded(page, deck, made):
    """Without a server there is the model's distribution, its loss, and nothing to press."""
    page.goto(deck.as_uri())
    vote = page.locator("talkgen-vote")
    expect(vote.locator(".badge")).to_contain_text("recorded")
    shown = {"d", *(each["text"] for each in made["answers"]["tiny"][PROMPT]["candidates"])}
    assert vote.locator(".row").count() == 1 + len(shown)
    expect(vote.locator(".losses")).to_contain_text("loss: the model")
    expect(vote.locator("button:not(.open, .back)")).to_be_hidden()


def test_the_room_guesses_on_stage(page, deck, project, tmp_path, made):
    """Asked by a press on the slide, guessed on a phone, counted live, and shown beside the model, with both losses."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with server(deck, port, project, ("tiny",), votes=tmp_path / "votes"):
        page.goto(base)
        vote = page.locator("talkgen-vote")
        expect(vote.locator(".say")).to_have_text("What comes next?")
        expect(vote.locator(".rows")).to_be_hidden()
        expect(vote.locator(".losses")).to_be_hidden()
        vote.locator("button:not(.open, .back)").click()
        expect(vote.locator(".say")).to_have_text("0 have guessed")
        expect(vote.locator(".address")).to_contain_text("/vote")
        code = "document.querySelector('talkgen-vote').shadowRoot.querySelector('img')"
        page.wait_for_function(f"{code}.naturalWidth > 100")
        phone = page.context.browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        phone.goto(f"{base}/vote")
        expect(phone.locator("#prompt")).to_contain_text(PROMPT)
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        assert min(button.bounding_box()["height"] for button in phone.locator("#choices button").all()) >= 48
        phone.locator("#word").fill("d")
        phone.locator(".own button").click()
        expect(phone.locator("#head")).to_have_text("Your guess is in")
        for text in ("d", "<img src=x onerror=alert(1)>", "zebra"):
            guess(base, text)
        expect(vote.locator(".say")).to_have_text("4 have guessed")
        vote.locator("button:not(.open, .back)").click()
        expect(vote.locator(".rows")).to_be_visible()
        expect(vote.locator(".losses")).to_contain_text("the room 1.00 bits (2 of 4)")
        expect(vote.locator(".badge")).to_contain_text("the room, and")
        expect(phone.locator("#head")).to_have_text("This is what came")
        expect(phone.locator("#result strong").first).to_contain_text("It is d")
        page.reload()
        expect(vote.locator(".losses")).to_contain_text("(2 of 4)")
        phone.context.close()
    results = json.loads((tmp_path / "votes" / "votes.json").read_text())["rounds"]
    assert (results[0]["voters"], results[0]["answer"]) == (4, made["answer"])


def test_a_server_that_goes_gives_nothing_away(page, deck, project, tmp_path):
    """Before the room has guessed the model's answer is not on the slide, not for a moment, and not when it goes.

    Then the presenter has it shown; when the server is back, the round goes on with the guesses that it had.
    """
    port, votes = free_port(), tmp_path / "votes"
    base = f"http://127.0.0.1:{port}"
    seen = []
    page.expose_function("seeRows", lambda: seen.append("rows"))
    page.add_init_script("""setInterval(() => {
      const rows = document.querySelector("talkgen-vote")?.shadowRoot?.querySelector(".rows");
      if (rows?.checkVisibility()) seeRows();
    }, 10)""")
    vote = page.locator("talkgen-vote")
    act = vote.locator("button:not(.open, .back)")
    with server(deck, port, project, ("tiny",), votes=votes) as process:
        page.goto(base)
        act.click()
        expect(vote.locator(".say")).to_have_text("0 have guessed")
        guess(base, "d")
        expect(vote.locator(".say")).to_have_text("1 has guessed")
        process.kill()
        expect(vote.locator(".badge")).to_contain_text("no connection")
        expect(vote.locator(".say")).to_have_text("1 has guessed")
        assert seen == []
        act.click()
        expect(vote.locator(".rows")).to_be_visible()
        expect(vote.locator(".badge")).to_contain_text("recorded · ")
    with server(deck, port, project, ("tiny",), votes=votes):
        expect(vote.locator(".say")).to_have_text("1 has guessed")
        act.click()
        expect(vote.locator(".losses")).to_contain_text("(1 of 1)")


def test_whoever_looks_on_cannot_ask(page, deck, project, tmp_path):
    """The slides on a visitor's own screen show the question, and no button that would be refused."""
    port = free_port()
    with server(deck, port, project, ("tiny",), code="abcdefghjkmn", votes=tmp_path / "votes"):
        page.goto(f"http://127.0.0.1:{port}")
        vote = page.locator("talkgen-vote")
        expect(vote.locator(".say")).to_have_text("What comes next?")
        expect(vote.locator("button:not(.open, .back)")).to_be_hidden()
