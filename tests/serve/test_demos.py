"""Gradio apps below /demos: found by name, opened when asked for, over the same engines."""

import json
import sys

import httpx
import pytest
from server_process import free_port, server
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.elements.apps import find_demo


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """The file of what the server complains of."""
    return tmp_path_factory.mktemp("server") / "complaints"


@pytest.fixture(scope="module")
def site(project, complaints, tmp_path_factory):
    """A client of a server process: Gradio leaves loops and sockets behind, which an own process takes along."""
    deck = tmp_path_factory.mktemp("deck") / "deck.html"
    deck.write_text("<h1>A deck</h1>", encoding="utf-8")
    port = free_port()
    with (
        complaints.open("w") as errors,
        server(deck, port, project, ("tiny", "tiny-lstm"), errors=errors),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True) as client,
    ):
        yield client


@pytest.fixture
def quiet(site, complaints):
    """Nothing is complained of meanwhile."""
    before = complaints.read_text()
    yield
    assert complaints.read_text() == before


def test_the_next_token_demo_opens(site):
    """The app's page comes from this server and reports to nobody."""
    page = site.get("/demos/next_token/")
    assert page.status_code == 200
    assert "Next token" in page.text
    assert site.get("/demos/next_token/config").json()["analytics_enabled"] is False


def test_the_demo_answers_with_the_engines(site):
    """What the app predicts is what the live slide is told, also where few tokens are drawn from."""
    events = _ask(site, "next_token", "next_token", ["abc", "tiny", "", 0.5, 2, 1])
    answer = site.post("/api/next", json={"prompt": "abc", "temperature": 0.5, "top_k": 2}).json()
    told = _complete(events)[1]["tiny"]["abc"]
    assert [item["p_sampled"] for item in told["candidates"]] == [item["p_sampled"] for item in answer["candidates"]]
    assert told["kept"] == 2


@pytest.mark.parametrize(
    "sentence",
    [
        "the black cat sleeps",
        "this famous child's teacher does not give the black tree to the strange young teacher",
        "not see her this famous old child 's teacher gives the black tree to the cat",  # no order it has seen
    ],
)
def test_a_translation_is_drawn_however_long(site, sentence):
    """The picture is as high as its words need."""
    french, picture = _complete(_ask(site, "translation", "translate", [sentence]))
    assert french
    assert picture.count("<svg") == 2


TEXTS = [
    "",
    " \n\t",
    "\x00\x1b[31m",
    "<script>alert(1)</script>",
    "مرحبا 你好 👨‍👩‍👧",
    "e" + 50 * "\u0301",
    200 * "a",
    9000 * "a",
]
WORDS = [  # what is asked of an app, and what it says of that
    ("lab", "qkv", ["abc", "tiny-lstm", "1", "1", 7], "this model has no attention to show"),
    ("lab", "attention", [9000 * "a", "tiny", "", "", "[]", 5], "prompt: a text of 9,000 characters is too long"),
    ("lab", "tokenizer", ["a\ud800b", "tiny", ""], "prompt: half a surrogate pair is no character"),
    ("lab", "tokenizer", ["abc", None, ""], "no model is chosen"),
    ("lab", "translate", ["the cat", None], "no model is chosen"),
    ("lab", "attention", ["abc", "tiny", "<b>", "", "[]", 5], "not '&lt;b&gt;'"),
    ("lab", "decoding", ["abc", "tiny", None, 4, 0], "the values are not as many, or not of the kinds"),
    ("lab", "decoding", ["abc", "tiny", 99, 4, 0], "Value 99 is greater than maximum value"),
    ("lab", "decoding", ["abc"], "the values are not as many, or not of the kinds"),
    ("decoding", "search", ["abc", "tiny", "wide", 4, 0], "the values are not as many, or not of the kinds"),
    ("translation", "translate", [" "], "Type a sentence"),
    ("translation", "translate", ["a" * 201], "sentence: String should have at most 200 characters"),
]


@pytest.mark.parametrize(("app", "name", "values", "words"), WORDS)
def test_an_app_says_in_words_what_it_cannot_answer(site, quiet, app, name, values, words):
    """Who asked is told, in no library's terms; nobody else is: nothing is written where the server's own errors go."""
    body = json.dumps({"data": values})  # which, unlike httpx's own, can say half a character
    events = _ask(site, app, name, content=body, headers={"Content-Type": "application/json"})
    assert words in events
    assert "validation error" not in events


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("app", "name", "more"),
    [
        ("next_token", "next_token", ["tiny", "tiny-lstm", 1, 0, 1]),
        ("decoding", "search", ["tiny", 3, 4, 0]),
        ("translation", "translate", []),
    ],
)
def test_an_app_answers_any_text(site, quiet, app, name, more, text):
    """With something to see: an answer, or why there is none."""
    events = _ask(site, app, name, [text, *more])
    seen = _complete(events) if "event: complete" in events else [json.loads(events.split("data: ")[1])["error"]]
    assert any(seen)


def test_a_stream_of_nobody_ends(site):
    """Who asks for a session that Gradio does not know is told so, whole: nothing breaks off, the server goes on."""
    events = site.get("/demos/next_token/gradio_api/queue/data", params={"session_hash": "nobody"})
    assert '"session_not_found":true' in events.text
    assert site.get("/demos/next_token/config").status_code == 200


@pytest.mark.parametrize("name", ["nothing", "__init__", "..%2f..", "Next_Token"])
def test_there_is_no_other_demo(site, name):
    """A name that is no demo's is not found."""
    assert site.get(f"/demos/{name}/").status_code == 404


def test_a_projects_own_demo_goes_first(tmp_path):
    """A file in the project's demos/ is found before the shipped one of that name."""
    own = tmp_path / "demos" / "next_token.py"
    own.parent.mkdir()
    own.write_text("", encoding="utf-8")
    assert find_demo("next_token", tmp_path) == own
    assert find_demo("next_token", tmp_path / "elsewhere").name == "lab.py"


def test_a_demo_without_gradio_says_so_at_once(monkeypatch):
    """Before an address is told that could show nothing."""
    monkeypatch.setitem(sys.modules, "gradio", None)
    done = CliRunner().invoke(app, ["demo", "--port", str(free_port())])
    assert "gradio is not installed" in str(done.exception)


def _ask(site, app, name, values=None, **more):
    """Gradio's stream of events to a question."""
    calls = f"/demos/{app}/gradio_api/call/{name}"
    call = site.post(calls, **(more or {"json": {"data": values}})).json()
    return site.get(f"{calls}/{call['event_id']}").text


def _complete(events):
    """What Gradio's stream of events ends with."""
    return json.loads(events.split("event: complete\ndata: ")[1].split("\n")[0])
