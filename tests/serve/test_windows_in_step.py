"""The stage: windows that keep together, a remote's presses, the clock, what is forced, and who may ask."""

import pytest

from talkgen.serve.settings import Settings
from talkgen.serve.stage import GONE_AFTER, QUIET_AFTER, Forced, Place, Press, Stage

CODE = "abcdefghjkmn"
SLIDES = [{"title": "One", "notes": "say it", "minutes": 2, "live": ["next_token"]}]


class Clock:
    """A clock that goes when told."""

    now = 0.0

    def __call__(self):
        """The time it was told."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(clock) -> Stage:
    """A stage with the windows `a` and `b`, of which `a` moved last."""
    stage = Stage(clock)
    for name in ("a", "b"):
        stage.see(name, "deck")
    stage.move(Place(window="a", slide=1))
    return stage


def test_a_window_learns_where_another_went(stage):
    """The version changes when a window moves, and only then; with it comes the place."""
    before = stage.see("b", "deck")
    assert stage.see("b", "deck") == before
    stage.move(Place(window="a", slide=3, step=2))
    after = stage.see("b", "deck")
    assert (after["slide"], after["step"]) == (3, 2)
    assert after["version"] != before["version"]
    assert stage.move(Place(window="b", slide=3, step=2)) == after["version"]


def test_a_press_goes_to_the_window_that_moved_last(stage):
    """One window turns, once for each press, and the next one after another moved."""
    assert stage.press(Press(turn="next"))
    assert stage.press(Press(turn="previous"))
    assert stage.see("b", "deck")["press"] == []
    assert stage.see("a", "deck")["press"] == ["next", "previous"]
    assert stage.see("a", "deck")["press"] == []
    stage.move(Place(window="b", slide=2))
    stage.press(Press(turn="next"))
    assert stage.see("b", "deck")["press"] == ["next"]


def test_a_window_that_was_closed_gets_no_press(stage, clock):
    """As soon as a window does not ask any more another one turns; a panel never does."""
    clock.now = QUIET_AFTER + 0.1
    stage.press(Press(turn="next"))
    assert stage.see("p", "panel")["press"] == []
    assert stage.see("b", "deck")["press"] == ["next"]


def test_a_press_before_no_window_is_nobodys(stage, clock):
    """Where no deck is open it is said, and a deck that is opened later is not turned by it."""
    clock.now = GONE_AFTER + 1
    stage.see("p", "panel")
    assert stage.count() == {"deck": 0, "panel": 1, "remote": 0}
    assert not stage.press(Press(turn="next"))
    clock.now *= 3
    assert stage.see("c", "deck")["press"] == []


def test_presses_of_a_pocket_have_an_end(stage):
    """A window that does not come for its presses is not sent through the whole deck when it does."""
    for _ in range(100):
        stage.press(Press(turn="next"))
    assert len(stage.see("a", "deck")["press"]) <= 8


def test_windows_without_end_are_not_remembered(stage):
    """Names that somebody makes up take no memory."""
    for i in range(1000):
        stage.see(f"w{i}", "deck")
    assert sum(stage.count().values()) <= 64


def test_the_clock_starts_with_the_first_turn(stage, clock):
    """Standing on the first slide is no talk yet; pressed by hand it starts anew, or stops."""
    assert stage.seconds is None
    clock.now = 5.0
    stage.move(Place(window="a", slide=2))
    clock.now = 12.0
    assert stage.seconds == 7.0
    stage.start_clock(running=True)
    assert stage.seconds == 0.0
    stage.start_clock(running=False)
    assert stage.seconds is None


def test_what_is_forced(stage):
    """One slide or all; all takes the place of single ones, and nothing is left when it is taken back."""
    stage.force(Forced(slide=3, mode="recorded"))
    assert stage.forced == {"3": "recorded"}
    stage.force(Forced(mode="live"))
    assert stage.forced == {"all": "live"}
    stage.force(Forced(mode=None))
    assert stage.forced == {}


def test_a_new_server_counts_anew():
    """No version of one server is one of another: a window tells them apart."""
    assert Stage().version != Stage().version


CHANGING = [
    ("/present/stage", {"window": "a", "slide": 2}),
    ("/present/stage/press", {"turn": "next"}),
    ("/present/stage/clock", {"running": True}),
    ("/present/stage/force", {"slide": 1, "mode": "recorded"}),
]
TOLD = ["/present/stage?window=a", "/present/panel?window=a", "/present/panel/talk", "/present/panel/qr?page=remote"]


@pytest.fixture
def shut(open_server, deck, models, project):
    """A client of a server that others reach, without the code."""
    settings = Settings(deck, models, project, host="0.0.0.0", code=CODE, slides=lambda: SLIDES, device="cpu")
    return open_server(settings)[0]


@pytest.mark.parametrize(("path", "body"), CHANGING, ids=lambda each: each if isinstance(each, str) else "")
def test_what_changes_something_needs_the_code(shut, path, body):
    """No route that changes what is shown takes a word from the room."""
    assert shut.post(path, json=body).status_code == 403
    shut.get("/enter", params={"code": CODE})
    assert shut.post(path, json=body).status_code == 200


@pytest.mark.parametrize("path", TOLD)
def test_what_the_presenter_sees_needs_the_code(shut, path):
    """Neither notes nor the remote's address are told to the room."""
    refused = shut.get(path)
    assert (refused.status_code, "say it" in refused.text) == (403, False)
    shut.get("/enter", params={"code": CODE})
    assert shut.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/panel", "/remote"])
def test_the_pages_ask_for_the_code(shut, path):
    """Without it there is a form that leads there; with it the page, in the deck's look."""
    form = shut.get(path)
    assert (form.status_code, f'value="{path}"' in form.text) == (403, True)
    page = shut.get("/enter", params={"code": CODE, "to": path})
    assert (page.status_code, str(page.url).endswith(path)) == (200, True)


def test_the_panel_says_how_things_are(shut):
    """Slides with notes, health with devices, times of answers, and who is there."""
    shut.get("/enter", params={"code": CODE})
    assert shut.get("/present/panel/talk").json()["slides"] == SLIDES
    assert shut.get("/present/panel?window=p").json()["times"] == {"count": 0}
    assert shut.post("/api/next", json={"prompt": "abc"}).status_code == 200
    told = shut.get("/present/panel?window=p").json()
    assert told["times"]["count"] == 1
    assert 0 < told["times"]["p50"] <= told["times"]["p95"]
    assert {model["device"] for model in told["health"]["models"]} == {"cpu"}
    assert told["windows"] == {"deck": 0, "panel": 1, "remote": 0}


def test_what_is_forced_is_told_to_every_page(shut):
    """Pages that ask whether models answer learn what the presenter wants to be shown."""
    assert "forced" not in shut.get("/api/health").json()
    shut.get("/enter", params={"code": CODE})
    shut.post("/present/stage/force", json={"slide": 2, "mode": "recorded"})
    shut.cookies.clear()
    assert shut.get("/api/health").json()["forced"] == {"2": "recorded"}


def test_the_room_is_counted(open_server, deck):
    """A browser that came back with our cookie is one of the room; the presenter's is not."""
    client, _ = open_server(Settings(deck, host="0.0.0.0", code=CODE))
    for _ in range(3):
        client.get("/")
    client.get("/enter", params={"code": CODE})
    assert client.get("/present/panel?window=p").json()["visitors"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/present/..%2fenter.js",
        "/present/nothing.js",
        "/present/fonts/..%2f..%2fREADME.md",
        "/present/fonts/x.css",
    ],
)
def test_pages_bring_along_their_own_files_only(shut, path):
    """Nothing else of the templates, or of the disk, is served beside them."""
    assert shut.get(path).status_code == 404


def test_the_look_is_the_themes(open_server, deck):
    """The style sheet begins with the deck's own tokens."""
    client, _ = open_server(Settings(deck, look="--tg-ink: #123456;"))
    assert "--tg-ink: #123456;" in client.get("/present/look.css").text
    assert client.get("/present/fonts/fonts.css").status_code == 200
