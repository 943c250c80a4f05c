"""Recordings: what a live block can show without a server."""

import pytest
from tiny_models import CONTEXT, make_project

from talkgen.errors import ModelError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.answer.wire import answer_json
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import GREEDY_STEPS, REWIND_STEPS, record


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that records a block with the tiny models it names."""
    project = make_project(tmp_path_factory.mktemp("project"))

    def make(*names, **block):
        files = [find_model(name, project) for name in names]
        engines = {item.name: Engine(load_model(item)) for item in files}
        return record(Live(live="next_token", **block), files, engines), engines

    return make


def typed(answer):
    """The candidates of an answer that can be appended to a text."""
    return [item["text"] for item in answer["candidates"] if item.get("append", True)]


def test_it_names_its_models_and_settings(made):
    """A page needs nothing else to say where an answer comes from and to ask the same of a server."""
    recording, _ = made("tiny", prompt="abc", bars=3, temperature=0.5)
    assert recording["models"][0]["label"] == "tiny transformer, step 1"
    assert recording["models"][0]["architecture"] == "transformer"
    assert len(recording["models"][0]["digest"]) == 64
    assert recording["settings"] == {"bars": 3, "temperature": 0.5, "top_k": None, "top_p": None}


def test_every_bar_can_be_clicked_once_and_the_first_one_many_times(made):
    """The prompt, its children and its greedy continuation are answered, as the engine answers them."""
    recording, engines = made("tiny", prompt="abc", bars=5)
    answers = recording["answers"]["tiny"]
    assert {"abc" + text for text in typed(answers["abc"])} <= set(answers)
    prompt = "abc"
    for _ in range(GREEDY_STEPS):
        prompt += typed(answers[prompt])[0]
        expected = answer_json(engines["tiny"].next_token(prompt, bars=5))
        assert answers[prompt]["tokens"] == expected["tokens"]
        assert [item["p"] for item in answers[prompt]["candidates"]] == pytest.approx(
            [item["p"] for item in expected["candidates"]], abs=1e-5
        )


def test_it_says_what_the_prompts_answer_owes_to_each_token(made):
    """As the engine says it; of the texts that clicks lead to it is not asked."""
    recording, engines = made("tiny", "tiny-lstm", prompt="abc", bars=4)
    for name, answers in recording["answers"].items():
        wanted = engines[name].next_token("abc", leave_out=True).left_out
        assert answers["abc"]["left_out"] == pytest.approx(wanted, abs=1e-5)
        assert [prompt for prompt, answer in answers.items() if "left_out" in answer] == ["abc"]


def test_two_models_answer_the_same_prompts(made):
    """Wherever a click on either model leads, both have an answer."""
    recording, _ = made("tiny", "tiny-lstm", prompt="abc", bars=4)
    first, second = recording["answers"].values()
    assert set(first) == set(second)
    assert first["abc"] != second["abc"]


def test_the_same_models_give_the_same_recording(made):
    """Nothing in it depends on the run: no times, no state of the cache."""
    assert made("tiny", prompt="abc", bars=4)[0] == made("tiny", prompt="abc", bars=4)[0]


def test_it_stops_at_the_end_of_the_context(made):
    """A prompt that fills the context is answered; its continuations cannot be, and are left out."""
    recording, _ = made("tiny", prompt="x" * CONTEXT, bars=3)
    assert max(recording["answers"]["tiny"], key=len) == "x" * CONTEXT


def test_a_text_can_be_rewound(made):
    """The prompt cut after each of its last tokens is answered: a token of the tiny model is a letter."""
    prompt = "to be or not to be"
    recording, _ = made("tiny", prompt=prompt, bars=3)
    shorter = {text for text in recording["answers"]["tiny"] if len(text) < len(prompt)}
    assert shorter == {prompt[:end] for end in range(len(prompt) - REWIND_STEPS, len(prompt))}


def test_every_position_of_the_dials_is_recorded(made):
    """For each prompt, what the engine says to it under those settings."""
    dials = {"temperature": [0.5, 1.0], "top_k": [None, 2]}
    recording, engines = made("tiny", prompt="abc", bars=4, dials=dials)
    assert set(recording["turned"]["tiny"]) == set(recording["answers"]["tiny"])
    for prompt, turned in recording["turned"]["tiny"].items():
        assert [turn["settings"] for turn in turned] == [
            {"temperature": 0.5},
            {"temperature": 0.5, "top_k": 2},
            {"top_k": 2},
        ]
        for turn in turned:
            how = Sampling(turn["settings"].get("temperature", 1.0), turn["settings"].get("top_k"))
            wanted = answer_json(engines["tiny"].next_token(prompt, bars=4, sampling=how))
            drawn = [candidate["p_sampled"] for candidate in wanted["candidates"]]
            assert turn["p_sampled"] == pytest.approx(drawn, abs=1e-5)
            assert turn["kept"] == wanted["kept"]
            assert turn["entropy_sampled"] == pytest.approx(wanted["entropy_sampled"], abs=1e-3)


def test_a_prompt_that_does_not_fit_is_an_error(made):
    """The build says that a prompt is too long; the page never has to."""
    with pytest.raises(ModelError, match="the prompt has 65 tokens"):
        made("tiny", prompt="x" * (CONTEXT + 1))
