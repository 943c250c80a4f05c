"""The whole server over HTTP: the deck, health, and answers to good and bad questions."""

import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from talkgen.errors import TalkgenError
from talkgen.lm.files.catalog import find_model
from talkgen.serve.app import create_app
from talkgen.serve.limits import PROMPT_CHARACTERS
from talkgen.serve.settings import Settings


def test_the_deck_is_at_the_root(client):
    """The page opens at /, may speak to its own server only, and is asked for again each time."""
    page = client.get("/")
    assert page.text == "<h1>A deck</h1>"
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-cache"


def test_what_lies_beside_the_page_is_served(client):
    """Figures are found below the page, with their type."""
    picture = client.get("/figures/one.svg")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    ("name", "kept"), [("one.svg", "no-cache"), ("one-3f9a12cd.svg", "max-age=31536000, immutable")]
)
def test_what_is_named_by_its_content_is_kept(client, deck, name, kept):
    """A browser need not ask twice for a figure with a digest in its name, and so has it when the server is gone."""
    (deck.parent / "figures" / name).write_text("<svg/>", encoding="utf-8")
    assert client.get(f"/figures/{name}").headers["Cache-Control"] == kept


def test_a_browser_finds_an_icon(client, deck):
    """It asks for one that no page names: ours, until the deck has its own."""
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/svg+xml")
    (deck.parent / "favicon.ico").write_bytes(b"own")
    assert client.get("/favicon.ico").content == b"own"


def test_a_look_at_the_head_is_enough(client):
    """HEAD of the page says what GET would, without the page."""
    head = client.head("/")
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["Content-Length"] == "15"


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/figures/..%2f..%2fsecret.txt", "/link.txt"])
def test_nothing_outside_the_deck_is_served(client, path):
    """Neither dots nor links lead out of the deck's folder."""
    reply = client.get(path)
    assert reply.status_code == 404
    assert "secret" not in reply.text


def test_a_deck_that_is_gone_is_said_to_be(client, deck):
    """While a build replaces the deck's folder its pages are unavailable, and they come back."""
    aside = deck.parent.rename(deck.parent.with_name("aside"))
    assert (client.get("/").status_code, client.get("/figures/one.svg").status_code) == (503, 404)
    aside.rename(deck.parent)
    assert (client.get("/").status_code, client.get("/figures/one.svg").status_code) == (200, 200)


def test_a_missing_deck_is_said_at_once(tmp_path):
    """A server cannot be made without a deck."""
    with pytest.raises(TalkgenError, match="there is no deck at"):
        create_app(Settings(tmp_path / "deck.html"))


def test_health_names_the_models(open_server, deck, models, project):
    """Once loaded, the server says of each model its name, label, digest and size."""
    _, health = open_server(Settings(deck, models, project, device="cpu"))
    assert health["status"] == "ready"
    assert [model["name"] for model in health["models"]] == ["tiny", "tiny-lstm"]
    assert health["models"][0] == {
        "name": "tiny",
        "label": models[0].label,
        "digest": models[0].digest(),
        "parameters": models[0].about()["parameters"],
        "context": 64,
        "device": "cpu",
    }


def test_a_server_without_models_is_ready(open_server, deck):
    """Recorded answers only: nothing is loaded and nothing is missing."""
    assert open_server(Settings(deck))[1].items() >= {"status": "ready", "models": []}.items()


def test_a_damaged_model_leaves_the_deck_standing(open_server, deck, tmp_path, project, caplog):
    """A checkpoint cut short is logged, health says failed, and the deck is served."""
    weights = find_model("tiny", project).weights
    broken = tmp_path / "runs" / "broken" / "checkpoints" / "step-000001"
    broken.mkdir(parents=True)
    for file in weights.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "model.safetensors").write_bytes((weights / "model.safetensors").read_bytes()[:-100])
    client, health = open_server(Settings(deck, (find_model("broken", tmp_path),), device="cpu"))
    assert health.items() >= {"status": "failed", "models": []}.items()
    assert client.get("/").status_code == 200
    assert "broken" in caplog.text


def ask(client, **question):
    return client.post("/api/next", json={"prompt": "abc", **question})


def test_an_answer_is_a_distribution(client, models):
    """Tokens of the prompt, likeliest first, and the rest: together one; signed by the model."""
    answer = ask(client, bars=5).json()
    shares = [candidate["p"] for candidate in answer["candidates"]]
    assert [token["text"] for token in answer["tokens"]] == ["a", "b", "c"]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) + answer["other"] == pytest.approx(1, abs=1e-4)
    assert answer["model"] == {"name": "tiny", "label": models[0].label, "digest": models[0].digest()}


@pytest.mark.parametrize("model", ["tiny", "tiny-lstm"])
def test_an_answer_says_what_it_owes_to_each_token(client, model):
    """Where that is asked for: a probability a token, whether it comes at once or after the bars."""
    plain, asked = ask(client, model=model).json(), ask(client, model=model, leave_out=True).json()
    assert "left_out" not in plain
    assert [0 <= p <= 1 for p in asked["left_out"]] == [True] * len("abc")
    assert asked["candidates"] == plain["candidates"]
    question = {"prompt": "abcd", "model": model, "leave_out": True}
    reply = client.post("/api/next", json=question, headers={"Accept": "application/x-ndjson"})
    *before, last = reply.text.rstrip("\n").split("\n")
    assert len(json.loads(last)["left_out"]) == len("abcd")
    parts = [part for line in before if (part := json.loads(line).get("part"))]
    assert [part["candidates"] for part in parts] in ([], [json.loads(last)["candidates"]])


def test_models_differ(client):
    """Each name reaches its own model."""
    assert ask(client, model="tiny").json()["candidates"] != ask(client, model="tiny-lstm").json()["candidates"]


def test_filters_keep_pruned_tokens_in_sight(client):
    """With top_k = 2 two tokens share all the mass, and the others are shown with none."""
    candidates = ask(client, bars=4, top_k=2).json()["candidates"]
    assert sum(candidate["p_sampled"] for candidate in candidates[:2]) == pytest.approx(1, abs=1e-4)
    assert [candidate["p_sampled"] for candidate in candidates[2:]] == [0, 0]
    assert all(candidate["p"] > 0 for candidate in candidates)


@pytest.mark.parametrize("prompt", ["<script>alert(1)</script>", "\x00\x07\x1b[31m", "\u202e\ufeff", "🦊\n\t"])
def test_strange_prompts_are_text(client, prompt):
    """Markup, control characters and marks that turn text around are answered like any text."""
    reply = ask(client, prompt=prompt)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"prompt": "' + b"x" * 100_000 + b'"}',
            "prompt: a text of 100,000 characters is too long: 8,000 is the limit",
        ),
        (b'{"prompt": "' + b"x" * 8_000 + b'"}', "the prompt has 8,000 characters (64 tokens fit)"),
        (b'{"prompt": "\\ud800"}', "prompt: "),
        (b'{"prompt": "\\udc00\\ud800"}', "prompt: "),
        (b'{"prompt": "x", "model": "nobody"}', "the model 'nobody' is not loaded"),
        (b'{"prompt": "x", "bars": 0}', "bars: "),
        (b'{"prompt": "x", "temperature": NaN}', "temperature: "),
        (b'{"prompt": "x", "colour": 1}', "colour: "),
        (b'{"prompt": 3}', "prompt: "),
        (b"\xff\xfe", ""),
        (b"{", ""),
    ],
)
def test_bad_questions_get_words(client, body, words):
    """What cannot be answered gets 422 and a message that does not repeat the input."""
    reply = client.post("/api/next", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422
    assert reply.json()["detail"].startswith(words)
    assert len(reply.text) < 500


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_read(client, kind):
    """What a form of another site could send without being asked about it is no question."""
    headers = {"Content-Type": kind} if kind else {}
    reply = client.post("/api/next", content=b'{"prompt": "x"}', headers=headers)
    assert (reply.status_code, "Content-Type" in reply.json()["detail"]) == (422, True)
    reply = client.post(
        "/api/next", content=b'{"prompt": "x"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert reply.status_code == 200


def test_a_bottomless_document_is_refused(client):
    """JSON nested deeper than any parser goes is a bad request, and the server lives."""
    reply = client.post("/api/next", content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)
    assert ask(client).status_code == 200


@pytest.mark.parametrize("temperature", [1e-300, 1e-38, 5e-324])
def test_next_to_no_temperature_is_greedy(client, temperature):
    """However cold, the answer is a distribution."""
    candidates = ask(client, temperature=temperature).json()["candidates"]
    assert [candidate["p_sampled"] for candidate in candidates] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_questions_without_end_are_slowed_down(client):
    """Past its burst a client is told when to come back."""
    replies = [client.post("/api/next", json={}) for _ in range(300)]  # no question, so that a slow machine is quick
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)
    assert all(reply.status_code == 422 for reply in replies[:50])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=PROMPT_CHARACTERS // 40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
QUESTIONS = st.dictionaries(st.sampled_from(["prompt", "bars", "model", "temperature", "top_k", "top_p", "x"]), VALUES)


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUESTIONS | VALUES)
def test_no_json_breaks_the_server(client, question):
    """Whatever JSON comes, the answer is an answer or a refusal, never a failure."""
    assert client.post("/api/next", json=question).status_code in (200, 422, 429)
