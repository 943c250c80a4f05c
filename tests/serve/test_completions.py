"""OpenAI-style completions: whole, streamed, with the distribution of one token, and what is refused."""

import json
import math

import pytest

from talkgen.serve.completions import sendable


def complete(client, **asked):
    return client.post("/v1/completions", json={"prompt": "abc", "max_tokens": 12, **asked})


def events(reply):
    """The JSON of each server-sent event, without the closing mark."""
    lines = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def test_models_are_listed(client):
    """Clients find out what can be asked."""
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == ["tiny", "tiny-lstm"]


def test_the_same_seed_gives_the_same_text(client):
    """A completion says its text, why it ended and what it cost, and can be repeated."""
    first, second = (complete(client, seed=3).json() for _ in range(2))
    assert first["choices"] == second["choices"]
    assert first["usage"] == {"prompt_tokens": 3, "completion_tokens": 12, "total_tokens": 15}
    assert first["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("model", ["tiny", "tiny-lstm"])
def test_a_stream_adds_up_to_the_whole(client, model):
    """The pieces of a stream are the text that comes in one."""
    whole = complete(client, model=model, seed=5, max_tokens=30).json()["choices"][0]
    stream = events(complete(client, model=model, seed=5, max_tokens=30, stream=True))
    assert "".join(event["choices"][0]["text"] for event in stream) == whole["text"]
    assert [event["choices"][0]["finish_reason"] for event in stream][-1] == whole["finish_reason"]


def test_it_stops_where_it_is_told(client):
    """A text to stop at ends the completion and is not in it, streamed or whole."""
    text = complete(client, seed=5, max_tokens=30).json()["choices"][0]["text"]
    stop = text[4:6]
    cut = complete(client, seed=5, max_tokens=30, stop=[stop]).json()["choices"][0]
    stream = events(complete(client, seed=5, max_tokens=30, stop=stop, stream=True))
    assert cut == {"index": 0, "text": text[: text.index(stop)], "finish_reason": "stop", "logprobs": None}
    assert "".join(event["choices"][0]["text"] for event in stream) == cut["text"]


def test_one_token_comes_with_its_distribution(client):
    """max_tokens 1 with logprobs is the next-token question in OpenAI's words."""
    choice = complete(client, max_tokens=1, logprobs=5, temperature=0).json()["choices"][0]
    answer = client.post("/api/next", json={"prompt": "abc", "bars": 5}).json()
    top = choice["logprobs"]["top_logprobs"][0]
    assert {text: pytest.approx(math.exp(value), abs=1e-5) for text, value in top.items()} == {
        item["text"]: item["p"] for item in answer["candidates"]
    }
    assert choice["logprobs"]["tokens"] == [answer["candidates"][0]["text"]]


@pytest.mark.parametrize(
    "asked",
    [{"max_tokens": 0}, {"max_tokens": 513}, {"prompt": "x" * 100}, {"logprobs": 3}, {"n": 2}, {"model": "nobody"}],
)
def test_what_cannot_be_done_is_refused(client, asked):
    """Nothing that was asked for is silently left out."""
    assert complete(client, **asked).status_code == 422


@pytest.mark.parametrize(
    ("text", "stops", "sure"),
    [
        ("abc", [], "abc"),
        ("abc\ufffd", [], "abc"),
        ("abc", ["cd"], "ab"),
        ("abc", ["x"], "abc"),
        ("abcd", ["bc"], "a"),
        ("", ["a"], ""),
    ],
)
def test_only_what_is_sure_is_sent(text, stops, sure):
    """Half a character or the beginning of a stop waits for what follows."""
    assert sendable(text, stops) == sure
