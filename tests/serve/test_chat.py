"""Conversations, asked by OpenAI's own client; templates written as transformers writes them; streams with odds."""

import json
import math

import openai
import pytest
from model_folders import write_llama
from transformers import PreTrainedTokenizerFast

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.chat_template import find_chat_template
from talkgen.lm.files.weights import load_model
from talkgen.lm.text.chat import write_chat
from talkgen.serve.settings import Settings

SMOL = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<s>system\n"
    "You help.</s>\n' }}{% endif %}{{ '<s>' + message['role'] + '\n' + message['content'] + eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<s>assistant\n' }}{% endif %}"
)
BLOCKS = """
{%- set ns = namespace(n=0) -%}
{% for m in messages %}
    {% if m.role not in ['user', 'assistant'] %}
        {{ raise_exception('only users and assistants') }}
    {% endif %}
    {% set ns.n = ns.n + 1 %}
    [{{ ns.n }}] {{ m.content | trim | tojson }}
{% endfor %}
"""
TALK = [
    {"role": "user", "content": "he"},
    {"role": "assistant", "content": "hel <b>"},
    {"role": "user", "content": "é"},
]
SHORT = [{"role": "user", "content": "h"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Llama with a chat template beside it, as Hugging Face keeps it."""
    folder = tmp_path_factory.mktemp("models") / "chatty"
    write_llama(folder, 1)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 128}))
    template = "{% for m in messages %}{{ m.role[0] + m.content }}{% endfor %}{{ eos_token[:1] }}"
    settings = {"chat_template": template, "eos_token": {"content": "<|endoftext|>"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture
def api(open_server, deck, folder, models, project) -> openai.OpenAI:
    """OpenAI's client of a server with a model for conversations and one that is none."""
    files = (find_model(str(folder), project), models[0])
    client, _ = open_server(Settings(deck, files, project, device="cpu"))
    return openai.OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none", http_client=client, max_retries=0)


@pytest.mark.parametrize("template", [SMOL, BLOCKS], ids=["smol", "blocks"])
def test_a_template_is_written_as_transformers_does(template, folder):
    """The same text, to the last space, from a loop and from a namespace with filters."""
    peer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|endoftext|>")
    theirs = peer.apply_chat_template(TALK, chat_template=template, tokenize=False, add_generation_prompt=True)
    assert write_chat(template, TALK, {"eos_token": "<|endoftext|>"}) == theirs


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ ''.__class__ }}{{ messages[9].content }}",
        "{% if %}",
        "{{ raise_exception('no') }}",
        "{% set x = messages.append(1) %}",
    ],
)
def test_a_template_from_strangers_does_no_harm(template):
    """What reaches for Python, never ends, or is broken is an error with words."""
    with pytest.raises(ModelError, match="chat template cannot write this conversation"):
        write_chat(template, TALK, {})


def test_templates_are_found(folder, models, tmp_path):
    """In the settings with their special tokens, in a file of their own, one of several, or none."""
    files = find_model(str(folder), tmp_path)
    assert find_chat_template(files).tokens == {"bos_token": "", "eos_token": "<|endoftext|>"}
    assert find_chat_template(models[0]) is None
    other = tmp_path / "other"
    write_llama(other, 1)
    several = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]
    (other / "tokenizer_config.json").write_text(json.dumps({"chat_template": several}))
    assert find_chat_template(find_model(str(other), tmp_path)).source == "y"
    (other / "chat_template.jinja").write_text("z")
    assert find_chat_template(find_model(str(other), tmp_path)).source == "z"


def test_a_conversation_is_continued(api, folder):
    """The answer is what the model writes after the conversation's text, by one token after the other."""
    said = api.chat.completions.create(
        model=str(folder), messages=SHORT, max_tokens=6, temperature=0, logprobs=True, top_logprobs=2
    )
    (choice,) = said.choices
    whole = api.completions.create(model=str(folder), prompt="uh<", max_tokens=6, temperature=0, logprobs=2)
    assert choice.message.content == whole.choices[0].text
    told = choice.logprobs.content
    assert [each.logprob for each in told] == pytest.approx(whole.choices[0].logprobs.token_logprobs, abs=1e-4)
    assert all(len(each.top_logprobs) == 2 for each in told)
    assert (said.object, said.usage) == ("chat.completion", whole.usage)


def test_a_streamed_conversation_adds_up(api, folder):
    """The deltas are the message, who speaks comes first, why it ended and what it cost last."""
    asked = {"model": str(folder), "messages": SHORT, "max_completion_tokens": 12, "seed": 4, "n": 2}
    whole = api.chat.completions.create(**asked)
    events = list(api.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    for i in range(2):
        parts = [choice for event in events for choice in event.choices if choice.index == i]
        assert parts[0].delta.role == "assistant"
        assert "".join(part.delta.content or "" for part in parts) == whole.choices[i].message.content
        assert parts[-1].finish_reason == whole.choices[i].finish_reason
    assert events[-1].usage == whole.usage


@pytest.mark.parametrize("stop", [None, "e"])
def test_a_stream_has_the_odds_of_the_whole(api, stop):
    """Streamed with logprobs, tokens, odds and places are those that come in one, echo included."""
    asked = {"model": "tiny", "prompt": "abc", "max_tokens": 24, "seed": 7, "logprobs": 2, "echo": True, "stop": stop}
    whole = api.completions.create(**asked).choices[0]
    parts = [event.choices[0] for event in api.completions.create(**asked, stream=True)]
    assert "".join(part.text for part in parts) == whole.text
    told = [part.logprobs for part in parts]
    assert [token for each in told for token in each.tokens] == whole.logprobs.tokens
    assert [at for each in told for at in each.text_offset] == whole.logprobs.text_offset
    streamed = [p for each in told for p in each.token_logprobs]
    assert streamed[0] is whole.logprobs.token_logprobs[0] is None
    assert streamed[1:] == pytest.approx(whole.logprobs.token_logprobs[1:], abs=1e-4)


def test_all_tokens_can_be_told(api):
    """As many log-probabilities as there are tokens are a distribution, the drawn one among them."""
    told = api.completions.create(model="tiny", prompt="abc", max_tokens=2, logprobs=257, seed=1).choices[0].logprobs
    for token, top in zip(told.tokens, told.top_logprobs, strict=True):
        assert token in top
        assert sum(map(math.exp, top.values())) <= 1.001


def test_nothing_can_be_written(api):
    """A completion of no tokens is empty, with echo the prompt."""
    for echo, text in ((False, ""), (True, "abc")):
        done = api.completions.create(model="tiny", prompt="abc", max_tokens=0, echo=echo)
        assert (done.choices[0].text, done.usage.completion_tokens) == (text, 0)


def test_a_model_without_a_template_is_no_partner(api):
    """It is said, with where to ask instead."""
    with pytest.raises(openai.BadRequestError, match="has no chat template: ask /v1/completions"):
        api.chat.completions.create(model="tiny", messages=SHORT)


@pytest.mark.parametrize(
    "asked",
    [
        {"messages": []},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"response_format": {"type": "json_object"}},
        {"max_tokens": 0},
        {"top_logprobs": 21, "logprobs": True},
        {"messages": [{"role": "user", "content": "x" * 500}]},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_what_a_conversation_cannot_have_is_refused(api, folder, asked):
    """Tools, pictures and forms are refused in OpenAI's shape, not left out silently."""
    with pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(**{"model": str(folder), "messages": SHORT, **asked})
    assert refused.value.type == "invalid_request_error"


def test_harmless_settings_are_accepted(api, folder):
    """Nulls and defaults that clients send, and messages in parts."""
    nulls = dict.fromkeys(
        ("stop", "n", "seed", "tools", "response_format", "logprobs", "top_logprobs", "stream_options")
    )
    parts = [{"role": "user", "content": [{"type": "text", "text": "h"}]}]
    said = api.chat.completions.create(
        model=str(folder), messages=parts, max_tokens=3, temperature=0, store=False, extra_body=nulls
    )
    again = api.chat.completions.create(model=str(folder), messages=SHORT, max_tokens=3, temperature=0)
    assert said.choices == again.choices


@pytest.mark.slow
def test_the_templates_of_what_is_pulled_are_written(folder):
    """A pulled instruct model's own template gives what transformers gives by it."""
    files = find_model("smollm2", folder)
    if not files.path.is_file():
        pytest.skip("SmolLM2 is not here")
    template = find_chat_template(files)
    peer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    theirs = peer.apply_chat_template(TALK, chat_template=template.source, tokenize=False, add_generation_prompt=True)
    written = write_chat(template.source, TALK, template.tokens)
    assert written == theirs
    assert load_model(files).tokenizer.decode(load_model(files).tokenizer.encode(written)) != ""
