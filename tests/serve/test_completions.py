"""OpenAI's completions, asked by OpenAI's own client: texts and their odds, whole and streamed, and what is refused."""

import asyncio
import gc
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import openai
import pytest
import torch

from talkgen.lm.answer.callers import GoneError
from talkgen.lm.files.weights import load_model
from talkgen.serve.completing import sendable
from talkgen.serve.completions import _stream


@pytest.fixture
def api(client) -> openai.OpenAI:
    """OpenAI's client of the server."""
    return openai.OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none", http_client=client, max_retries=0)


@pytest.fixture(params=["tiny", "tiny-lstm"])
def name(request) -> str:
    return request.param


@pytest.fixture
def log_ps(models):
    """A function from a model's name and ids to the log-probabilities of each id after the first, by one full pass."""
    loaded = {files.name: load_model(files) for files in models}

    def read(name: str, ids: list[int]) -> torch.Tensor:
        with torch.inference_mode():
            return loaded[name].model(torch.tensor([ids]))[0][0].log_softmax(-1)[:-1]

    return read


def complete(api, **asked):
    return api.completions.create(**{"model": "tiny", "prompt": "abc", "max_tokens": 12, **asked})


def test_models_are_listed(api):
    """Clients find out what can be asked, and of each that it is there."""
    assert [model.id for model in api.models.list()] == ["tiny", "tiny-lstm"]
    assert api.models.retrieve("tiny-lstm").id == "tiny-lstm"
    with pytest.raises(openai.NotFoundError) as refused:
        api.models.retrieve("tinny")
    assert refused.value.code == "model_not_found"
    assert "did you mean 'tiny'" in refused.value.message


def test_the_same_seed_gives_the_same_text(api):
    """A completion says its text, why it ended and what it cost, and can be repeated; without a seed it differs."""
    first, second = (complete(api, seed=3) for _ in range(2))
    assert first.choices == second.choices
    assert first.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 3,
        "completion_tokens": 12,
        "total_tokens": 15,
    }
    assert first.choices[0].finish_reason == "length"
    assert len({complete(api, max_tokens=30).choices[0].text for _ in range(3)}) == 3


def test_a_stream_adds_up_to_the_whole(api, name):
    """The pieces of a stream are the texts that come in one, and its last event is what it cost."""
    whole = complete(api, model=name, seed=5, max_tokens=30, n=2)
    events = list(
        complete(api, model=name, seed=5, max_tokens=30, n=2, stream=True, stream_options={"include_usage": True})
    )
    for i in range(2):
        parts = [choice for event in events for choice in event.choices if choice.index == i]
        assert "".join(part.text for part in parts) == whole.choices[i].text
        assert parts[-1].finish_reason == whole.choices[i].finish_reason
    assert events[-1].usage == whole.usage


def test_it_stops_where_it_is_told(api):
    """A text to stop at ends the completion and is not in it, streamed or whole."""
    text = complete(api, seed=5, max_tokens=30).choices[0].text
    stop = text[4:6]
    cut = complete(api, seed=5, max_tokens=30, stop=[stop], logprobs=0).choices[0]
    stream = complete(api, seed=5, max_tokens=30, stop=stop, stream=True)
    assert (cut.text, cut.finish_reason) == (text[: text.index(stop)], "stop")
    whole = complete(api, seed=5, max_tokens=30, logprobs=0).choices[0].logprobs.tokens
    assert whole[: len(cut.logprobs.tokens)] == cut.logprobs.tokens
    assert len(cut.logprobs.tokens) <= 6
    assert "".join(event.choices[0].text for event in stream) == cut.text


@pytest.mark.parametrize("prompt", ["what follows what", [104, 101, 121, 32, 121, 111, 117]])
def test_a_prompt_is_scored(api, name, prompt, log_ps):
    """With echo and no tokens of its own a completion is the prompt with its odds, which is how evaluations ask."""
    choice = complete(api, model=name, prompt=prompt, max_tokens=0, echo=True, logprobs=3).choices[0]
    ids = list(prompt.encode()) if isinstance(prompt, str) else prompt
    rows = log_ps(name, ids)
    expected = [float(row[token]) for row, token in zip(rows, ids[1:], strict=True)]
    told = choice.logprobs
    assert choice.text == bytes(ids).decode()
    assert told.token_logprobs[0] is told.top_logprobs[0] is None
    assert told.token_logprobs[1:] == pytest.approx(expected, abs=1e-3)
    assert told.text_offset == list(range(len(ids)))
    for row, top, token in zip(rows, told.top_logprobs[1:], told.tokens[1:], strict=True):
        assert max(top.values()) == pytest.approx(float(row.max()), abs=1e-3)
        assert token in top
        assert 3 <= len(top) <= 4


def test_written_tokens_have_odds(api, log_ps):
    """Any number of tokens comes with logprobs, those of the model whatever the temperature."""
    choice = complete(api, max_tokens=8, logprobs=2, seed=1, echo=True, temperature=0.5).choices[0]
    told = choice.logprobs
    ids = [token.encode()[0] if len(token) == 1 and token.isascii() else None for token in told.tokens]
    assert len(ids) == 11
    if None not in ids:
        rows = log_ps("tiny", ids)
        expected = [float(row[token]) for row, token in zip(rows, ids[1:], strict=True)]
        assert told.token_logprobs[1:] == pytest.approx(expected, abs=1e-3)


def test_several_prompts_are_answered_in_order(api):
    """A list of prompts, or of ids, gives the choices of each one in turn."""
    several = complete(api, prompt=["abc", "xyz"], n=2, seed=4, temperature=0, echo=True)
    as_ids = complete(api, prompt=[[97, 98, 99], [120, 121, 122]], n=2, seed=4, temperature=0, echo=True)
    assert [choice.index for choice in several.choices] == [0, 1, 2, 3]
    assert [choice.text[:3] for choice in several.choices] == ["abc", "abc", "xyz", "xyz"]
    assert several.choices == as_ids.choices
    assert several.choices[0].text == several.choices[1].text


def test_the_best_of_several_is_the_likeliest(api):
    """best_of draws more than it gives, and gives those whose tokens were likeliest on the average."""
    drawn = complete(api, n=5, seed=9, logprobs=0).choices
    best = max(drawn, key=lambda choice: sum(choice.logprobs.token_logprobs) / len(choice.logprobs.tokens))
    assert complete(api, n=1, best_of=5, seed=9).choices[0].text == best.text


def test_what_changes_nothing_is_accepted(api):
    """Clients that name every default, or send nulls, are answered."""
    nothing = {
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
        "logit_bias": {},
        "suffix": None,
        "stop": None,
        "n": None,
    }
    nulls = dict.fromkeys(("logprobs", "echo", "best_of", "stream", "stream_options", "temperature", "top_p", "user"))
    assert complete(api, **nothing, seed=2).choices == complete(api, seed=2, extra_body=nulls).choices


@pytest.mark.parametrize(
    "asked",
    [
        {"max_tokens": -1},
        {"prompt": "x" * 100},
        {"prompt": [300]},
        {"prompt": [["a"]]},
        {"prompt": []},
        {"n": 17},
        {"logprobs": 1001},
        {"frequency_penalty": 1},
        {"logit_bias": {"50256": -100}},
        {"stream": True, "best_of": 2},
        {"n": 3, "best_of": 2},
        {"extra_body": {"colour": "red"}},
    ],
)
def test_what_cannot_be_done_is_refused(api, asked):
    """Nothing that was asked for is silently left out; the refusal has OpenAI's shape."""
    with pytest.raises(openai.BadRequestError) as refused:
        complete(api, **asked)
    assert refused.value.type == "invalid_request_error"
    assert refused.value.body["message"]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("w" * 9_000, "prompt: a text of 9,000 characters is too long: 8,000 is the limit"),
        (["w" * 9_000], "prompt: a text of 9,000 characters is too long: 8,000 is the limit"),
        ([-1], "prompt: Input should be greater than or equal to 0"),
    ],
)
def test_a_prompt_of_any_kind_is_refused_in_words(api, prompt, words):
    """The reason is that of the kind of prompt that was sent, and no type of the program's."""
    with pytest.raises(openai.BadRequestError) as refused:
        complete(api, prompt=prompt)
    assert refused.value.body["message"] == words


def test_an_unknown_model_is_not_found(api):
    """A name that is no model's is 404, as clients expect it."""
    with pytest.raises(openai.NotFoundError) as refused:
        complete(api, model="nobody")
    assert (refused.value.type, refused.value.code) == ("invalid_request_error", "model_not_found")


def test_an_unknown_address_is_no_unknown_model(api):
    """Clients that try what is not there (embeddings, responses) are told that it is the address, as OpenAI tells."""
    with pytest.raises(openai.NotFoundError) as refused:
        api.embeddings.create(model="tiny", input="abc")
    assert (refused.value.type, refused.value.code) == ("invalid_request_error", None)
    assert refused.value.body["message"] == "Invalid URL (POST /v1/embeddings)"


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


def test_a_client_that_goes_amid_a_stream_is_no_fault():
    """Its completion ends, and asyncio has no exception to report that nobody asked for."""
    gone, said = threading.Event(), []

    class Endless:
        def run(self, tell):
            tell("a")
            gone.wait(10)
            raise GoneError

    async def leave() -> str:
        asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about["message"]))
        events = _stream(Endless(), SimpleNamespace(parts=lambda part: [part]), gone, nullcontext(), tells_usage=False)
        first = await anext(events)
        await events.aclose()
        while asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.sleep(0.01)
        return first

    assert asyncio.run(leave()) == 'data: "a"\n\n'
    gc.collect()
    assert said == []
