"""The engine: answers equal a full pass whatever was typed before, and generated text repeats with its seed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.answer.batch import PIECE
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.leaving_out import MOST
from talkgen.lm.answer.prefix import PrefixCache, common_prefix
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import ByteTokenizer

CONFIGS = {
    "gpt2": ModelConfig(257, block_size=128),
    "llama": ModelConfig(
        257, norm="rms", positions="rotary", activation="swiglu", n_kv_head=2, bias=False, block_size=128
    ),
    "lstm": ModelConfig(257, "lstm", block_size=128),
    "lstm with attention": ModelConfig(257, "lstm", attention=True, block_size=128),
    "decoder": ModelConfig(
        257, norm="rms", positions="rotary", activation="swiglu", n_kv_head=2, bias=False, block_size=128
    ),
}


def make_engine(name: str) -> Engine:
    """An engine over a small random model of bytes."""
    torch.manual_seed(5)
    model = build_model(CONFIGS[name]).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    if name == "decoder":
        model = CompiledTransformer.from_transformer(model, "float32")
    return Engine(Loaded(name, name, model, ByteTokenizer(), ModelFiles(name, "checkpoint", Path(), name)))


@pytest.fixture(params=CONFIGS)
def engine(request) -> Engine:
    """An engine of each kind of model."""
    return make_engine(request.param)


def full_pass(engine: Engine, prompt: str) -> torch.Tensor:
    """The distribution after `prompt`, computed from nothing."""
    logits, _ = engine.reader([engine.encode(prompt)])
    return torch.from_numpy(logits[0, -1]).softmax(-1)


EDITS = ["The q", "The qu", "The qui", "The qu", "The", "The lazy dog", "A", "", "The lazy dog", "The lazy cat"]


def test_typing_and_deleting_equal_a_full_pass(engine):
    """After any sequence of edits every answer is the one that a fresh full pass gives."""
    for prompt in EDITS:
        expected = full_pass(engine, prompt)
        answer = engine.next_token(prompt, bars=257)
        found = torch.tensor([c.p for c in sorted(answer.candidates, key=lambda c: c.id)])
        assert (found - expected).abs().max() < 1e-5, prompt
        assert answer.entropy == pytest.approx(float(-(expected * expected.log2()).sum()), abs=1e-3)
        assert [piece.text for piece in answer.pieces] == list(prompt)


def test_one_more_keystroke_reads_one_token(engine):
    """A letter more reuses all before it."""
    engine.next_token("attention is all")
    assert engine.next_token("attention is all ").reused == len("attention is all")


def test_each_token_left_out_equals_a_full_pass_without_it(engine):
    """The likeliest token's probability after every text with one token less; what was read stays read."""
    prompt = "The lazy dog"
    answer = engine.next_token(prompt, leave_out=True)
    likeliest = answer.candidates[0].id
    without = [full_pass(engine, prompt[:i] + prompt[i + 1 :])[likeliest] for i in range(len(prompt))]
    assert answer.left_out == pytest.approx([float(p) for p in without], abs=1e-5)
    assert engine.next_token(prompt + "s").reused == len(prompt)
    assert engine.next_token("a", leave_out=True).left_out == pytest.approx(
        [float(full_pass(engine, "")[engine.next_token("a").candidates[0].id])], abs=1e-5
    )


def test_nothing_is_left_out_of_long_texts(engine):
    """Nor of an empty one, nor where nobody asks for it."""
    assert engine.next_token("a" * MOST, leave_out=True).left_out is not None
    assert engine.next_token("a" * (MOST + 1), leave_out=True).left_out is None
    assert engine.next_token("", leave_out=True).left_out == ()
    assert engine.next_token("a").left_out is None


def test_deleting_reuses_what_is_left(engine):
    """A shorter prompt is answered from what was read of the longer one."""
    engine.next_token("attention")
    engine.next_token("attention is")
    assert engine.next_token("attention i").reused >= len("attention")


def test_the_same_prompt_reads_nothing(engine):
    """Asked again, nothing is computed again."""
    first = engine.next_token("once more")
    again = engine.next_token("once more")
    assert again.reused == len("once more")
    assert again.candidates == first.candidates


def test_shares_add_up(engine):
    """The bars and the rest make 1, and pruned tokens keep their own probability."""
    answer = engine.next_token("the", bars=10, sampling=Sampling(0.7, top_k=3))
    assert sum(c.p for c in answer.candidates) + answer.other == pytest.approx(1, abs=1e-6)
    assert [c.p_sampled > 0 for c in answer.candidates] == [True] * 3 + [False] * 7
    assert sum(c.p_sampled for c in answer.candidates) == pytest.approx(1, abs=1e-6)
    assert [c.p for c in answer.candidates] == sorted((c.p for c in answer.candidates), reverse=True)


def test_seeds_repeat(engine):
    """One seed gives one text, another gives another."""
    texts = [engine.generate("a", max_tokens=30, seed=seed).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_greedy_follows_the_first_bar(engine):
    """Temperature 0 appends the likeliest token each time."""
    done = engine.generate("the ", max_tokens=5, sampling=Sampling(temperature=0))
    ids = engine.encode("the ")
    for piece in done.pieces:
        assert piece.id == int(engine.reader([ids])[0][0, -1].argmax())
        ids.append(piece.id)


def test_stop_texts_end_and_are_cut_off(engine):
    """Generation ends at a stop text, which is not part of the result."""
    whole = engine.generate("a", max_tokens=30, seed=3).text
    stop = whole[4:6]
    done = engine.generate("a", max_tokens=30, seed=3, stop=[stop])
    assert done.ended == "stop"
    assert done.text == whole[: whole.index(stop)]


def test_a_caller_who_left_cancels(engine):
    """Once cancelled, no further token is computed; tokens come one by one."""
    seen = []
    done = engine.generate("a", max_tokens=100, on_token=seen.append, caller=Caller(gone=lambda: len(seen) >= 3))
    assert done.ended == "cancelled"
    assert len(seen) == 3 == len(done.pieces)


def test_generation_ends_at_the_context(engine):
    """No more tokens are drawn than fit."""
    done = engine.generate("a" * 120, max_tokens=100)
    assert 120 + len(done.pieces) <= engine.context


@pytest.mark.parametrize("prompt", ["x" * 129, "x" * 100_000])
def test_prompts_beyond_the_context_are_refused(engine, prompt):
    """A prompt that does not fit is said so, and the engine goes on working."""
    with pytest.raises(ModelError, match=r"128 (tokens )?fit"):
        engine.next_token(prompt)
    assert engine.next_token("fine").candidates


@pytest.mark.parametrize("prompt", ["\ud800", "\x00\x01", "<script>alert(1)</script>", "👩‍👩‍👧", "\u202e"])
def test_odd_prompts_are_text(engine, prompt):
    """Surrogates, control characters, markup and emoji are answered like any text."""
    answer = engine.next_token(prompt)
    assert answer.candidates
    assert all(isinstance(piece.text, str) for piece in answer.pieces)


def test_threads_get_their_own_answers(engine):
    """Called from several threads at once, each gets the answer to its own prompt."""
    prompts = [f"prompt {i} " * (i % 3 + 1) for i in range(12)]
    expected = [full_pass(engine, prompt).max().item() for prompt in prompts]
    found: dict[int, float] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: engine.next_token(prompts[i], bars=1).candidates[0].p}))
        for i in range(len(prompts))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(prompts))] == pytest.approx(expected, abs=1e-5)


def test_whoever_comes_during_a_pass_joins_the_next():
    """While one pass runs, others wait; they are read together, in passes as full as they may be."""
    engine = make_engine("decoder")
    prompts = [f"{'abcdefghijklmnopqrst'[i]} text " * (1 + i % 3) for i in range(20)]
    assert ask_together(engine, prompts, lambda: len(engine.batch._waiting) == 20) == sum(map(len, prompts))
    assert engine.batch.passes == -(-sum(map(len, prompts)) // PIECE)


def test_a_room_reads_once_what_its_texts_begin_with():
    """Of texts that come together and begin alike one is read whole, and of the others what is their own."""
    engine = make_engine("decoder")
    prompts = [f"all that stands on the slide {i:02}" for i in range(20)]
    tokens = ask_together(engine, prompts, lambda: len(engine._readings._all) == 20)
    assert tokens <= len(prompts[0]) + 19 * 2


def ask_together(engine, prompts: list[str], gathered: Callable[[], bool]) -> int:
    """Asks for all of `prompts` while a pass is under way; how many tokens were read for them, rightly."""
    expected = [full_pass(engine, prompt).max().item() for prompt in prompts]
    found: dict[int, float] = {}
    read: list[int] = []

    def ask(i: int) -> None:
        found[i] = engine.next_token(prompts[i], bars=1, caller=Caller(on_read=read.append)).candidates[0].p

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(prompts))]
    with engine.batch.turn:
        for thread in threads:
            thread.start()
        while not gathered():
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(prompts))] == pytest.approx(expected, abs=1e-4)
    return sum(read)


@pytest.mark.parametrize("name", ["decoder", "llama", "lstm"])
def test_texts_written_at_once_are_those_written_alone(name):
    """Four texts grow in four threads, and each is what it is by itself; nobody loses what he had read."""
    alone = [make_engine(name).generate(f"start {i}", max_tokens=30, seed=i).text for i in range(4)]
    engine = make_engine(name)
    found: dict[int, str] = {}

    def write(i: int) -> None:
        found[i] = engine.generate(f"start {i}", max_tokens=30, seed=i).text

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(4)] == alone


def test_an_error_reaches_who_asked_and_nobody_else(engine):
    """A pass that fails is an error for its callers; the engine goes on."""
    state = engine.reader.new_state(1, 4)
    with pytest.raises((ValueError, IndexError)):
        engine.batch.read([9999], state)
    assert engine.next_token("fine").candidates


def test_asking_about_what_was_written_reads_it_once(engine):
    """After a text was written, a question about all of it but its last token reads that one alone."""
    done = engine.generate("once", max_tokens=10, sampling=Sampling(temperature=0))
    ids = engine.encode("once") + [piece.id for piece in done.pieces]
    assert engine.caches[0].take(ids)[1] == len(ids) - 1


def test_two_texts_in_turn_are_both_remembered(engine):
    """Typing in two places does not make either forget."""
    for a, b in (("first", "other"), ("first t", "other t"), ("first te", "other te")):
        engine.next_token(a)
        engine.next_token(b)
    assert engine.next_token("first tex").reused == len("first te")
    assert engine.next_token("other tex").reused == len("other te")


def test_a_room_that_types_on_reads_a_letter_each(engine):
    """Forty texts in turn, and each is gone on with from where it was."""
    for typed in ("", "e"):
        found = [engine.next_token(f"phone {i:02d} asks som{typed}") for i in range(40)]
    assert {answer.reused for answer in found} == {len("phone 00 asks som")}


def test_beams_are_texts(engine):
    """The best beam is at least as likely as the greedy text; a beam that is none is refused."""
    (text, best), *_ = engine.beams("the ", width=3, max_tokens=6, length_penalty=0)
    greedy = engine.generate("the ", max_tokens=6, sampling=Sampling(temperature=0))
    assert text == engine.tokenizer.decode(list(best.ids))
    state, log_p = engine.encode("the "), 0.0
    for piece in greedy.pieces:
        logits, _ = engine.reader([state])
        log_p += float(torch.from_numpy(logits[0, -1]).log_softmax(-1)[piece.id])
        state = [*state, piece.id]
    assert best.log_p >= log_p - 1e-3
    with pytest.raises(ModelError, match="no search"):
        engine.beams("a", width=0)


def test_the_text_with_most_in_common_is_gone_on_from():
    """Of many texts that were read, the one that begins most alike is taken, also after others were let go."""
    draw = np.random.default_rng(0)
    cache = PrefixCache(make_engine("decoder").reader)
    texts: list[tuple[int, ...]] = []
    for _ in range(400):
        text = tuple(draw.integers(0, 3, draw.integers(1, 7)).tolist())
        cache.give(text, cache.model.new_state(1, 8), None)
        texts = [*(other for other in texts if other != text), text][-128:]
        wanted = draw.integers(0, 3, 6).tolist()
        assert cache.shared(wanted) == max(min(common_prefix(other, wanted), 5) for other in texts)


def test_common_prefix():
    """Counts the tokens that two lists begin with alike."""
    assert common_prefix([1, 2, 3], [1, 2, 4]) == 2
    assert common_prefix([1, 2], [1, 2, 4]) == 2
    assert common_prefix([], [1]) == 0
