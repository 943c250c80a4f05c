"""A model behind another server, here our own: the same answers, recordings and slides, and its limits said."""

import functools
import json

import httpx
import pytest
from server_process import free_port, server
from starlette.testclient import TestClient

from talkgen.errors import ModelError
from talkgen.lm.answer.callers import FailedError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.remote import RemoteEngine, can_be_typed
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record
from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings


@pytest.fixture(scope="module")
def url(project, tmp_path_factory):
    """The address of a server that has both tiny models."""
    deck = tmp_path_factory.mktemp("deck") / "deck.html"
    deck.write_text("<h1>A deck</h1>", encoding="utf-8")
    port = free_port()
    with server(deck, port, project, ("tiny", "tiny-lstm")):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def remote(url, project) -> RemoteEngine:
    return RemoteEngine(find_model(f"openai:{url}#tiny", project))


@pytest.fixture(scope="module")
def local(project) -> Engine:
    return Engine(load_model(find_model("tiny", project)))


@pytest.mark.parametrize("prompt", ["abc", "The quick", "a\nb\t<b>"])
def test_its_answers_are_the_models(remote, local, prompt):
    """The likeliest tokens, their probabilities and the prompt's tokens are those of the model itself."""
    there, here = remote.next_token(prompt, bars=6), local.next_token(prompt, bars=6)
    assert [one.text for one in there.candidates] == [one.text for one in here.candidates]
    assert [one.p for one in there.candidates] == pytest.approx([one.p for one in here.candidates], abs=2e-3)
    assert [one.typed for one in there.candidates] == [one.typed for one in here.candidates]
    assert "".join(piece.text for piece in there.pieces) == prompt
    assert sum(one.p for one in there.candidates) + there.other == pytest.approx(1)
    assert there.entropy <= here.entropy + 0.01
    assert {one.id for one in there.candidates} == {None}
    assert there.pieces == here.pieces


def test_a_recording_is_made_of_it(remote, project):
    """A live block on such a model is recorded like any other."""
    made = record(Live(live="next_token", prompt="abc", bars=4), [remote.files], {remote.files.name: remote})
    assert made["models"][0]["label"].startswith("tiny at 127.0.0.1:")
    answers = made["answers"][remote.files.name]
    assert {"abc" + item["text"] for item in answers["abc"]["candidates"] if item.get("append", True)} <= set(answers)


def test_slides_are_answered_through_it(remote, deck, project):
    """The presenting server passes questions on, and says where the answers come from."""
    settings = Settings(deck, (remote.files,), project, device="cpu")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        client.app.state.engines.wait()
        (about,) = client.get("/api/health").json()["models"]
        assert about["device"] == "server"
        answer = client.post("/api/next", json={"prompt": "abc", "model": remote.files.name}).json()
        assert [token["text"] for token in answer["tokens"]] == ["a", "b", "c"]
        refused = client.post("/api/next", json={"prompt": "abc", "temperature": 0.5})
        assert (refused.status_code, "shown as it is" in refused.json()["detail"]) == (422, True)
        assert client.post("/v1/completions", json={"prompt": "abc"}).status_code == 400


def test_its_limits_are_said(remote, url, project):
    """A model it has not, a prompt that does not fit, and what needs the whole distribution are errors with words."""
    with pytest.raises(ModelError, match="has no model 'tinny'\n  hint: did you mean 'tiny'"):
        RemoteEngine(find_model(f"openai:{url}#tinny", project))
    with pytest.raises(ModelError, match="the prompt has 100 tokens"):
        remote.next_token("x" * 100)
    with pytest.raises(ModelError, match="shown as it is"):
        remote.next_token("abc", sampling=Sampling(top_k=2))
    with pytest.raises(ModelError, match="has no weights here"):
        load_model(remote.files)


def test_a_server_that_is_gone_is_said_to_be(project, deck):
    """Looked for in a build it is an error; while a talk is given, an answer that did not come."""
    port = free_port()
    name = f"openai:http://127.0.0.1:{port}/v1#tiny"
    with pytest.raises(ModelError, match="no server answers at"):
        RemoteEngine(find_model(name, project))
    with server(deck, port, project, ("tiny",)) as process:
        engine = RemoteEngine(find_model(name, project))
        process.kill()
        process.wait()
    with pytest.raises(FailedError):
        engine.next_token("abc")


@pytest.mark.parametrize(
    "said", [{}, [], ["x"], None, {"data": [{"id": "m"}], "tokens": ["a"], "choices": [{"logprobs": None}]}]
)
def test_a_server_of_another_kind_is_said_to_be_one(project, said, monkeypatch):
    """Whatever JSON it answers with, it is a message and no fault of ours."""
    reply = httpx.MockTransport(lambda request: httpx.Response(200, json=said))
    monkeypatch.setattr(httpx, "Client", functools.partial(httpx.Client, transport=reply))
    with pytest.raises(ModelError, match=r"lists no models|no server answers|tells no probabilities"):
        RemoteEngine(find_model("openai:http://127.0.0.1:1/v1#m", project))


def test_a_cutter_of_another_kind_is_not_used(project, monkeypatch):
    """Tokens that are no ids are of no use: the prompt is one piece."""
    logprobs = {"tokens": [" x"], "top_logprobs": [{" x": -1.0}]}
    said = {"data": [{"id": "m"}], "tokens": ["a"], "choices": [{"logprobs": logprobs}]}
    reply = httpx.MockTransport(lambda request: httpx.Response(200, json=said))
    monkeypatch.setattr(httpx, "Client", functools.partial(httpx.Client, transport=reply))
    answer = RemoteEngine(find_model("openai:http://127.0.0.1:1/v1#m", project)).next_token("a b")
    assert [piece.text for piece in answer.pieces] == ["a b"]


def test_ids_are_sent_where_they_are_taken(url, project, local):
    """The server's own cut of the text is what it reads: a text that could be cut in two ways is read in one."""
    asked = []
    engine = RemoteEngine(find_model(f"openai:{url}#tiny", project))
    engine._client.event_hooks["request"].append(lambda request: asked.append(json.loads(request.content or "{}")))
    answer = engine.next_token("abc")
    assert [body["prompt"] for body in asked if "max_tokens" in body] == [local.encode("abc")]
    assert [piece.id for piece in answer.pieces] == local.encode("abc")


def test_texts_are_cut_and_put_together(url, local):
    """In vLLM's words; what is no token and no model is refused with words."""
    root = url.removesuffix("/v1")
    for text in ("abc", "naïve 🚀", ""):
        cut = httpx.post(f"{root}/tokenize", json={"model": "tiny", "prompt": text}).json()
        assert cut["tokens"] == (local.encode(text) if text else [])
        assert cut["count"] == len(cut["tokens"])
        whole = httpx.post(f"{root}/detokenize", json={"model": "tiny", "tokens": cut["tokens"]}).json()
        assert whole == {"prompt": text}
    for path, body in (("tokenize", {"prompt": "a", "model": "none"}), ("detokenize", {"tokens": [10**6]})):
        assert httpx.post(f"{root}/{path}", json=body).status_code == 422


@pytest.mark.parametrize(
    ("text", "typed"), [(" fox", True), ("<b>", True), ("<|im_end|>", False), ("\ufffd", False), ("\\xf0", False)]
)
def test_what_can_be_typed(text, typed):
    """By its text alone a special token or a fragment of a character is told from a word."""
    assert can_be_typed(text) is typed
