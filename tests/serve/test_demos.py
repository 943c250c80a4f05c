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
def site(project, tmp_path_factory):
    """A client of a server process: Gradio leaves loops and sockets behind, which an own process takes along."""
    deck = tmp_path_factory.mktemp("deck") / "deck.html"
    deck.write_text("<h1>A deck</h1>", encoding="utf-8")
    port = free_port()
    with (
        server(deck, port, project, ("tiny", "tiny-lstm")),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True) as client,
    ):
        yield client


def test_the_next_token_demo_opens(site):
    """The app's page comes from this server and reports to nobody."""
    page = site.get("/demos/next_token/")
    assert page.status_code == 200
    assert "Next token" in page.text
    assert site.get("/demos/next_token/config").json()["analytics_enabled"] is False


def test_the_demo_answers_with_the_engines(site):
    """What the app predicts is what the live slide is told, also where few tokens are drawn from."""
    calls = "/demos/next_token/gradio_api/call/next_token"
    call = site.post(calls, json={"data": ["abc", "tiny", "", 0.5, 2, 1]}).json()
    events = site.get(f"{calls}/{call['event_id']}").text
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
    calls = "/demos/translation/gradio_api/call/translate"
    call = site.post(calls, json={"data": [sentence]}).json()
    french, picture = _complete(site.get(f"{calls}/{call['event_id']}").text)
    assert french
    assert picture.count("<svg") == 2


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


def _complete(events):
    """What Gradio's stream of events ends with."""
    return json.loads(events.split("event: complete\ndata: ")[1].split("\n")[0])
