"""The engines behind the server: equal questions answered once, dropped ones not at all, a bounded queue."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from talkgen.errors import ModelError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.weights import load_model
from talkgen.serve.engines import ANSWERS_KEPT, QUESTIONS_QUEUED, THREADS, BusyError, Engines
from talkgen.serve.limits import Question


def run_aside(scenario):
    """Runs a coroutine in a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scenario).result()


@pytest.fixture
def engines(models):
    engines = Engines(models, "cpu")
    engines.open()
    yield engines
    engines.close()


@asynccontextmanager
async def held(engines):
    """Keeps the engines' threads busy, so that questions wait."""
    release = threading.Event()
    work = [asyncio.wrap_future(engines._threads.submit(release.wait)) for _ in range(THREADS)]
    await asyncio.sleep(0)
    try:
        yield release
    finally:
        release.set()
        await asyncio.gather(*work)


def test_equal_questions_are_answered_once(engines):
    """Fifty who ask the same share one computation and get the same bytes."""

    async def scenario():
        async with held(engines) as release:
            tasks = [asyncio.create_task(engines.answer(Question(prompt="same"))) for _ in range(50)]
            await asyncio.sleep(0.01)
            queued = engines.queued
            release.set()
            return queued, await asyncio.gather(*tasks)

    queued, answers = run_aside(scenario())
    assert queued == 1
    assert len(set(answers)) == 1


def test_an_answer_is_remembered(engines):
    """Asked again, an answer comes while the engines are busy with something else."""

    async def scenario():
        first = await engines.answer(Question(prompt="again"))
        async with held(engines):
            return first, await engines.answer(Question(prompt="again"))

    first, second = run_aside(scenario())
    assert first == second


def test_only_the_last_answers_are_remembered(engines):
    """Memory is bounded: the oldest answer is computed anew, which takes a place in the queue."""

    async def scenario():
        for i in range(ANSWERS_KEPT + 1):
            await engines.answer(Question(prompt=str(i)))
        async with held(engines) as release:
            task = asyncio.create_task(engines.answer(Question(prompt="0")))
            await asyncio.sleep(0.01)
            queued = engines.queued
            release.set()
            await task
            return queued

    assert run_aside(scenario()) == 1


def test_a_question_nobody_waits_for_leaves_the_queue(engines):
    """The last caller who goes takes the question along; while one stays it is answered."""

    async def scenario():
        async with held(engines) as release:
            gone, stays = (asyncio.create_task(engines.answer(Question(prompt="shared"))) for _ in range(2))
            alone = asyncio.create_task(engines.answer(Question(prompt="alone")))
            await asyncio.sleep(0.01)
            gone.cancel()
            alone.cancel()
            await asyncio.sleep(0.01)
            queued = engines.queued
            release.set()
            return queued, json.loads(await stays)

    queued, answer = run_aside(scenario())
    assert queued == 1
    assert "".join(token["text"] for token in answer["tokens"]) == "shared"


def test_the_queue_is_bounded(engines):
    """More different questions than can wait are refused at once."""

    async def scenario():
        async with held(engines):
            tasks = [asyncio.create_task(engines.answer(Question(prompt=str(i)))) for i in range(QUESTIONS_QUEUED)]
            await asyncio.sleep(0.01)
            with pytest.raises(BusyError):
                await engines.answer(Question(prompt="one more"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run_aside(scenario())


def test_an_unknown_model_is_named(engines):
    """A model that is not there gives an error with the nearest name."""
    with pytest.raises(ModelError, match="'tinny' is not loaded\n  hint: did you mean 'tiny'"):
        run_aside(engines.answer(Question(prompt="x", model="tinny")))


def test_different_questions_are_read_in_one_pass(engines):
    """While the model is busy, questions gather; one pass reads them all, and each gets its own answer."""

    async def scenario():
        await engines.answer(Question(prompt="warm"))
        batch = engines.find(None).batch
        before = batch.passes
        with batch.turn:
            tasks = [asyncio.create_task(engines.answer(Question(prompt=f"question {i}"))) for i in range(THREADS)]
            while len(batch._waiting) < THREADS:
                await asyncio.sleep(0.01)
        return batch.passes, before, await asyncio.gather(*tasks)

    passes, before, answers = run_aside(scenario())
    texts = ["".join(token["text"] for token in json.loads(answer)["tokens"]) for answer in answers]
    assert texts == [f"question {i}" for i in range(THREADS)]
    assert passes - before <= 1


def test_a_question_does_not_wait_for_a_text_that_is_being_written(models):
    """Between two tokens of a completion a slide's question is answered, and the text comes out the same."""
    engine = Engine(load_model(models[0]))
    alone = engine.generate("abc", max_tokens=10, seed=1)
    answers = []
    disturbed = engine.generate(
        "abc", max_tokens=10, seed=1, on_token=lambda _: answers.append(engine.next_token("something else"))
    )
    assert disturbed.text == alone.text
    assert len(answers) == 10
