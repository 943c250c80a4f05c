"""Questions on their way: equal ones answered once, dropped ones not at all, the speaker's first, all in bounds."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from talkgen.elements.registry import check_params
from talkgen.errors import ModelError
from talkgen.lm.answer.batch import TOGETHER
from talkgen.serve.elements import ElementQuestion
from talkgen.serve.engines import Engines
from talkgen.serve.limits import SECONDS, Budget, BusyError, Question
from talkgen.serve.questions import ANSWERS_KEPT, QUESTIONS_QUEUED, THREADS, LateError, Questions
from talkgen.serve.visitors import Rank, Visitor

SLIDE = Visitor("somebody", "10.0.0.1", Rank.SLIDE)
SPEAKER = Visitor("speaker", "127.0.0.1", Rank.SPEAKER)


def run_aside(scenario):
    """Runs a coroutine in a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scenario).result()


@pytest.fixture
def questions(models):
    engines = Engines(models, "cpu")
    engines.open()
    engines.wait()
    questions = Questions(engines)
    yield questions
    engines.close()
    questions.close()


@asynccontextmanager
async def held(questions):
    """Keeps the threads for slides busy, so that questions wait."""
    release = threading.Event()
    work = [asyncio.wrap_future(questions._threads[Rank.SLIDE].submit(release.wait)) for _ in range(THREADS)]
    await asyncio.sleep(0)
    try:
        yield release
    finally:
        release.set()
        await asyncio.gather(*work)


def test_equal_questions_are_answered_once(questions):
    """Fifty who ask the same share one computation and get the same bytes."""

    async def scenario():
        async with held(questions) as release:
            tasks = [asyncio.create_task(questions.answer(Question(prompt="same"), SLIDE)) for _ in range(50)]
            await asyncio.sleep(0.01)
            queued = questions.queued
            release.set()
            return queued, await asyncio.gather(*tasks)

    queued, answers = run_aside(scenario())
    assert queued == 1
    assert len(set(answers)) == 1


def test_an_answer_is_remembered(questions):
    """Asked again, an answer comes while the engines are busy with something else."""

    async def scenario():
        first = await questions.answer(Question(prompt="again"), SLIDE)
        async with held(questions):
            return first, await questions.answer(Question(prompt="again"), SLIDE)

    first, second = run_aside(scenario())
    assert first == second


def test_only_the_last_answers_are_remembered(questions):
    """Memory is bounded: the oldest answer is computed anew, which takes a place in the queue."""

    async def scenario():
        for i in range(ANSWERS_KEPT + 1):
            await questions.answer(Question(prompt=str(i)), SLIDE)
        async with held(questions) as release:
            task = asyncio.create_task(questions.answer(Question(prompt="0"), SLIDE))
            await asyncio.sleep(0.01)
            queued = questions.queued
            release.set()
            await task
            return queued

    assert run_aside(scenario()) == 1


def test_a_question_nobody_waits_for_leaves_the_queue(questions):
    """The last caller who goes takes the question along; while one stays it is answered."""

    async def scenario():
        async with held(questions) as release:
            gone, stays = (asyncio.create_task(questions.answer(Question(prompt="shared"), SLIDE)) for _ in range(2))
            alone = asyncio.create_task(questions.answer(Question(prompt="alone"), SLIDE))
            await asyncio.sleep(0.01)
            gone.cancel()
            alone.cancel()
            await asyncio.sleep(0.01)
            queued = questions.queued
            release.set()
            return queued, json.loads(await stays)

    queued, answer = run_aside(scenario())
    assert queued == 1
    assert "".join(token["text"] for token in answer["tokens"]) == "shared"


def test_the_queue_is_bounded(questions):
    """More different questions than can wait are refused at once."""

    async def scenario():
        async with held(questions):
            tasks = [
                asyncio.create_task(questions.answer(Question(prompt=str(i)), SLIDE)) for i in range(QUESTIONS_QUEUED)
            ]
            await asyncio.sleep(0.01)
            with pytest.raises(BusyError):
                await questions.answer(Question(prompt="one more"), SLIDE)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run_aside(scenario())


def test_an_unknown_model_is_named(questions):
    """A model that is not there gives an error with the nearest name."""
    with pytest.raises(ModelError, match="'tinny' is not loaded\n  hint: did you mean 'tiny'"):
        run_aside(questions.answer(Question(prompt="x", model="tinny"), SLIDE))


def test_different_questions_are_read_together(questions):
    """While the model is busy, questions gather; passes as full as may be read them, and each gets its own answer."""
    prompts = [chr(ord("!") + i) for i in range(THREADS)]

    async def scenario():
        await questions.answer(Question(prompt="warm"), SLIDE)
        batch = questions.engines.find(None).batch
        before = batch.passes
        with batch.turn:
            tasks = [asyncio.create_task(questions.answer(Question(prompt=prompt), SLIDE)) for prompt in prompts]
            while len(batch._waiting) < THREADS:
                await asyncio.sleep(0.01)
        return await asyncio.gather(*tasks), batch.passes - before

    answers, passes = run_aside(scenario())
    texts = ["".join(token["text"] for token in json.loads(answer)["tokens"]) for answer in answers]
    assert texts == prompts
    assert passes == THREADS / TOGETHER


def test_the_speaker_does_not_wait_for_a_thread(questions):
    """With every thread for visitors busy the speaker's question is answered."""

    async def scenario():
        async with held(questions):
            return json.loads(await questions.answer(Question(prompt="mine"), SPEAKER))

    assert len(run_aside(scenario())["tokens"]) == 4


def test_a_model_that_gives_no_sign_is_not_there(questions, monkeypatch):
    """A slide's question that waits too long takes the model out of the health report, until it is answered."""
    monkeypatch.setattr("talkgen.serve.questions.PATIENCE", 0.05)

    async def scenario():
        await questions.answer(Question(prompt="warm", model="tiny"), SLIDE)
        before = names(questions)
        with questions.engines.find("tiny").batch.turn:
            task = asyncio.create_task(questions.answer(Question(prompt="stuck", model="tiny"), SLIDE))
            await asyncio.sleep(0.2)
            stuck = names(questions)
        await task
        return before, stuck, names(questions)

    assert run_aside(scenario()) == (["tiny", "tiny-lstm"], ["tiny-lstm"], ["tiny", "tiny-lstm"])


def test_a_training_that_gives_no_sign_says_nothing_of_the_model(questions, monkeypatch):
    """What takes its own time leaves the model in the health report."""
    monkeypatch.setattr("talkgen.serve.questions.PATIENCE", 0.05)
    train = ElementQuestion("training", "tiny", "a", check_params("training", {"train": 1}))

    async def scenario():
        async with held(questions):
            task = asyncio.create_task(questions.answer(train, SLIDE))
            await asyncio.sleep(0.2)
            found = names(questions)
            task.cancel()
        return found

    assert run_aside(scenario()) == ["tiny", "tiny-lstm"]


def names(questions):
    return [model["name"] for model in questions.health()["models"]]


def test_what_takes_too_long_is_given_up(questions, monkeypatch):
    """Past its time a question is let go, by the engine as well."""
    monkeypatch.setitem(SECONDS, Rank.SLIDE, 0.05)

    async def scenario():
        await questions.answer(Question(prompt="warm"), SPEAKER)
        batch = questions.engines.find(None).batch
        with batch.turn:
            task = asyncio.create_task(questions.answer(Question(prompt="late"), SLIDE))
            await asyncio.sleep(0.2)
        with pytest.raises(LateError):
            await task
        return batch._waiting

    assert run_aside(scenario()) == []


def test_visitors_share_a_budget_of_tokens():
    """One prompt alone has room; a second large one of the same visitor has not, nor have all of them together."""
    budget = Budget(each=100, together=250)
    phones = [Visitor(f"phone {i}", "10.0.0.1", Rank.VISITOR) for i in range(4)]
    with budget.hold(phones[0], 200):
        with pytest.raises(BusyError), budget.hold(phones[0], 10):
            pass
        with budget.hold(phones[1], 50):
            with pytest.raises(BusyError), budget.hold(phones[2], 1):
                pass
            with budget.hold(SPEAKER, 8000):
                pass
    with budget.hold(phones[2], 100), budget.hold(phones[3], 100):
        pass
