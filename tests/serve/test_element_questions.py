"""`/api/elements/NAME`: the elements' answers over HTTP, equal to those of their functions; what is wrong is told."""

import json

import pytest

from talkgen.serve.live import LINES

ATTENTION = "/api/elements/attention"


def test_an_element_answers(client):
    """The answer has the element's fields, and says who gave it."""
    reply = client.post(ATTENTION, json={"model": "tiny", "prompt": "abc", "params": {"bars": 3}})
    assert reply.status_code == 200
    assert reply.json()["model"]["name"] == "tiny"
    assert len(reply.json()["tokens"]) == 3
    assert len(reply.json()["bars"]) == 3


def test_a_head_is_switched_off(client):
    """Its parameters reach the model: the bars move."""
    question = {"model": "tiny", "prompt": "abc", "params": {"off": ["1.1"]}}
    assert any(bar["p"] != bar["before"] for bar in client.post(ATTENTION, json=question).json()["bars"])


@pytest.mark.parametrize(
    ("question", "status", "words"),
    [
        ({"prompt": "abc", "params": {"of": []}}, 422, "has no parameter 'of'"),
        ({"prompt": "abc", "params": {"off": ["first"]}}, 422, "parameter off"),
        ({"prompt": "abc", "params": {"off": ["9.9"]}}, 422, "there is no head 9 in layer 9"),
        ({"prompt": "abc", "model": "tiny-lstm"}, 422, "no attention to show"),
        ({"prompt": "abc" * 20, "model": "tiny"}, 422, "24 fit here"),
        ({"prompt": "abc", "model": "none"}, 422, "is not loaded"),
        ({"prompt": 3}, 422, "prompt"),
        ({"prompt": "abc", "more": 1}, 422, "more"),
    ],
)
def test_what_is_wrong_is_told(client, question, status, words):
    """A message in words, and no server error."""
    reply = client.post(ATTENTION, json=question)
    assert (reply.status_code, words in reply.json()["detail"]) == (status, True)


def test_there_is_no_such_element(client):
    """A name that is none is not found."""
    assert client.post("/api/elements/tension", json={"prompt": "abc"}).status_code == 404


def test_lines_end_with_the_answer(client):
    """Who takes lines gets the answer as the last one."""
    reply = client.post(ATTENTION, json={"prompt": "abc"}, headers={"Accept": f"{LINES}, application/json"})
    assert json.loads(reply.text.splitlines()[-1])["model"]["name"] == "tiny"
