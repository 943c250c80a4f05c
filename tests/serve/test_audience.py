"""The room: a guess a device and round, written down before it counts, and there after a kill; results as files."""

import csv
import json
import threading

import httpx
import pytest
from server_process import free_port, server
from starlette.testclient import TestClient

from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings

CODE = "abcdefghjkmn"
PROMPT = "The quick"
ASKED = {
    "prompt": PROMPT,
    "model": "tiny",
    "label": "tiny model",
    "choices": [{"text": " b", "p": 0.5}, {"text": " a", "p": 0.25}],
    "answer": {"text": " c", "p": 0.125},
}


@pytest.fixture
def settings(deck, models, project, tmp_path) -> Settings:
    return Settings(deck, models, project, host="0.0.0.0", code=CODE, device="cpu", votes=tmp_path / "votes")


@pytest.fixture
def app(open_server, settings):
    """The server's app, its models loaded."""
    return open_server(settings)[0].app


@pytest.fixture
def presenter(app) -> TestClient:
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    client.get("/enter", params={"code": CODE})
    return client


def phone(app) -> TestClient:
    """A browser that opened the room's page."""
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    assert client.get("/vote").status_code == 200
    return client


def vote(client, text, number=1):
    return client.post("/api/vote", json={"round": number, "text": text})


def ask(presenter, **asked) -> int:
    return presenter.post("/present/vote/open", json=ASKED | asked).json()["round"]["number"]


def test_a_device_has_one_vote_a_round(app, presenter):
    """The same vote again counts once, another is refused; in the next round the device votes anew."""
    assert ask(presenter) == 1
    one, two = phone(app), phone(app)
    assert [vote(one, " a").status_code for _ in range(2)] == [200, 200]
    assert vote(one, " b").status_code == 409
    assert vote(two, " a").status_code == 200
    assert presenter.get("/api/vote").json()["round"]["voters"] == 2
    assert one.get("/api/vote").json()["round"]["mine"] == " a"
    assert ask(presenter) == 2
    assert (vote(one, " b", 2).status_code, vote(one, " b", 1).status_code) == (200, 409)


def test_the_room_is_told_nothing_too_early(app, presenter):
    """While a round is open neither the model's distribution nor others' guesses are told; afterwards all is."""
    ask(presenter)
    one = phone(app)
    vote(one, " a")
    told = phone(app).get("/api/vote").json()["round"]
    assert set(told) == {"number", "open", "prompt", "choices", "voters", "mine"}
    assert (told["choices"], told["mine"]) == ([" a", " b"], None)
    presenter.post("/present/vote/close")
    result = phone(app).get("/api/vote").json()["round"]["result"]
    assert (result["votes"], result["answer"]) == ([{"text": " a", "votes": 1}], ASKED["answer"])
    assert "device" not in json.dumps(result)


def test_buttons_can_be_told_apart(app, presenter):
    """White space alone is no button, though it can be what comes; of two that look alike there is the likelier."""
    ask(presenter, choices=[{"text": text, "p": 0.1} for text in ("\n", "\n\n", " ", " a", "a", "!")])
    assert phone(app).get("/api/vote").json()["round"]["choices"] == [" a", "!"]


def test_only_the_presenter_asks(app):
    """The room neither opens nor closes a round, and a program without the page's cookie has no vote."""
    client = phone(app)
    assert client.post("/present/vote/open", json=ASKED).status_code == 403
    assert client.post("/present/vote/close").status_code == 403
    assert vote(TestClient(app, base_url="http://127.0.0.1:8000"), " a").status_code == 403


@pytest.mark.parametrize("cookie", ["", "x" * 32, "0" * 31, "../../etc", "A" * 32])
def test_a_made_up_device_has_no_vote(app, presenter, cookie):
    """A device is a name of this server's kind."""
    ask(presenter)
    client = TestClient(app, base_url="http://127.0.0.1:8000", cookies={"talkgen_device": cookie})
    assert vote(client, " a").status_code == 403


def test_without_audience_there_is_no_vote(client):
    """A talk that does not ask its room has neither page nor route."""
    assert [client.get(path).status_code for path in ("/vote", "/api/vote")] == [404, 404]


@pytest.mark.parametrize(
    ("guess", "text"), [("a", " a"), (" a", " a"), ("c", " c"), ("zebra", " "), ("<b>", " "), ("\n", " ")]
)
def test_a_typed_word_is_a_token(app, presenter, guess, text):
    """What matches a choice or the answer is it; another word counts as the first token that the model makes of it."""
    ask(presenter)
    assert vote(phone(app), guess).json() == {"text": text}


@pytest.mark.parametrize("guess", ["c", " c", "b", " b"])
def test_a_guess_is_a_word_with_or_without_a_blank(app, presenter, guess):
    """The model knows both; a room that typed the word has it all the same, and what comes next goes first."""
    ask(presenter, choices=[{"text": text, "p": 0.1} for text in (" b", "b", "c")])
    assert vote(phone(app), guess).json() == {"text": f" {guess.strip()}"}


def test_without_models_a_word_is_a_word(open_server, deck, tmp_path):
    """Where only recorded answers are served, a typed word stays whole."""
    client, _ = open_server(Settings(deck, votes=tmp_path / "votes"))
    client.post("/present/vote/open", json=ASKED)
    client.get("/vote")
    assert [vote(client, text).json()["text"] for text in ("zebra", "zebra")] == [" zebra", " zebra"]


@pytest.mark.parametrize("text", ["", "x" * 41, "\ud800", None, 3])
def test_what_is_no_guess_is_refused(app, presenter, text):
    """A guess is a short text."""
    ask(presenter)
    body = json.dumps({"round": 1, "text": text}).encode()
    assert phone(app).post("/api/vote", content=body, headers={"Content-Type": "application/json"}).status_code == 422


def test_a_new_server_goes_on(app, presenter, settings):
    """Started again over the same folder it has the open round and its votes, and knows the devices."""
    ask(presenter)
    one = phone(app)
    vote(one, " a")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", cookies=one.cookies) as again:
        assert again.get("/api/vote").json()["round"] == one.get("/api/vote").json()["round"]
        assert vote(again, " b").status_code == 409
        assert again.get("/api/vote").json()["round"]["voters"] == 1


def test_a_torn_line_spoils_nothing(app, presenter, settings):
    """A line that a power cut left unfinished was no vote, and the next one stands on a line of its own."""
    ask(presenter)
    one, two = phone(app), phone(app)
    vote(one, " a")
    log = settings.votes / "log.jsonl"
    with log.open("a") as file:
        file.write('{"event": "vote", "round": 1, "dev')
    vote(two, " b")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", cookies=two.cookies) as again:
        told = again.get("/api/vote").json()["round"]
    assert (told["voters"], told["mine"]) == (2, " b")


def test_a_log_is_read_whatever_texts_stand_in_it(app, presenter, settings):
    """A prompt may hold what ends a line elsewhere; and votes of a round whose own line is damaged stop no server."""
    ask(presenter, prompt="one\u2028two\x85three ")
    vote(phone(app), " a")
    log = settings.votes / "log.jsonl"
    with log.open("a") as file:
        file.write('{"event": "vote", "round": 7, "device": "x", "text": "y"}\n{"event": "close", "round": 0}\n')
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as again:
        told = again.get("/api/vote").json()["round"]
    assert (told["prompt"], told["voters"], told["open"]) == ("one\u2028two\x85three ", 1, True)


def test_results_that_could_not_be_written_are_written_when_asked_again(app, presenter, settings):
    """The round stays open until they are."""
    ask(presenter)
    vote(phone(app), " a")
    (settings.votes / "votes.json").mkdir()
    assert presenter.post("/present/vote/close").status_code == 503
    (settings.votes / "votes.json").rmdir()
    assert presenter.post("/present/vote/close").json()["round"]["open"] is False
    assert (settings.votes / "votes.csv").is_file()


def test_a_vote_that_cannot_be_written_does_not_count(app, presenter, settings):
    """Where the disk refuses, the phone is told to come again, and then it counts."""
    ask(presenter)
    one = phone(app)
    aside = settings.votes.rename(settings.votes.with_name("aside"))
    settings.votes.write_text("in the way")
    assert vote(one, " a").status_code == 503
    settings.votes.unlink()
    aside.rename(settings.votes)
    assert vote(one, " b").status_code == 200
    assert one.get("/api/vote").json()["round"]["voters"] == 1


def test_results_are_files(app, presenter, settings):
    """After a round JSON and a table hold each token's votes and odds; no text of the room is a formula there."""
    ask(presenter, prompt="x = ", choices=[{"text": "1", "p": 0.75}], answer=None)
    for text in ("1", "1", '=HYPERLINK("x")'):
        vote(phone(app), text)
    presenter.post("/present/vote/close")
    (result,) = json.loads((settings.votes / "votes.json").read_text())["rounds"]
    assert (result["voters"], result["votes"][0]) == (3, {"text": "1", "votes": 2})
    rows = list(csv.DictReader((settings.votes / "votes.csv").read_text().splitlines()))
    assert rows[0] == {"round": "1", "prompt": '"x = "', "token": '"1"', "votes": "2", "share": "0.6667", "p": "0.75"}
    assert all(row["token"].startswith('"') for row in rows)


@pytest.mark.slow
def test_no_vote_is_lost(tmp_path, project):
    """A hundred phones vote while the server is killed and started again: each ends up counted once, as it voted."""
    deck = tmp_path / "deck.html"
    deck.write_text("<h1>A deck</h1>", encoding="utf-8")
    port, sure, gate = free_port(), {}, threading.Barrier(101)
    base = f"http://127.0.0.1:{port}"

    def guess(i: int) -> None:
        with httpx.Client(base_url=base, timeout=30) as client:
            client.get("/vote")
            gate.wait()
            while True:
                try:
                    reply = client.post("/api/vote", json={"round": 1, "text": f" {i % 7}"})
                except httpx.TransportError:
                    continue
                if reply.status_code == 200:
                    sure[client.cookies["talkgen_device"]] = f" {i % 7}"
                    return
                assert reply.status_code in (429, 503)

    asked = ASKED | {"choices": [{"text": f" {k}", "p": 0.1} for k in range(7)]}
    phones = [threading.Thread(target=guess, args=(i,)) for i in range(100)]
    with server(deck, port, project, votes=tmp_path / "votes") as process:
        httpx.post(f"{base}/present/vote/open", json=asked).raise_for_status()
        for each in phones:
            each.start()
        gate.wait()
        while len(sure) < 10:
            assert process.poll() is None
        process.kill()
        process.wait()
    with server(deck, port, project, votes=tmp_path / "votes"):
        for each in phones:
            each.join()
        result = httpx.post(f"{base}/present/vote/close").json()["round"]["result"]
    lines = [json.loads(line) for line in (tmp_path / "votes" / "log.jsonl").read_text().splitlines()]
    assert {line["device"]: line["text"] for line in lines if line["event"] == "vote"} == sure
    assert (result["voters"], len(sure)) == (100, 100)
    assert sorted(each["votes"] for each in result["votes"]) == [14] * 5 + [15] * 2
