"""Passes in which several read: short pieces, ranks, turns, callers who go, and a device that fails."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from talkgen.lm.answer.batch import COMPANY, PIECE, Batch
from talkgen.lm.answer.callers import Caller, FailedError, GoneError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.prefix import PrefixCache
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import ByteTokenizer

LONG = [i % 250 for i in range(5 * PIECE)]


@pytest.fixture(params=["compiled", "torch", "lstm"])
def model(request):
    """A tiny model that takes long texts: one that reads several at once, and two that read one after the other."""
    torch.manual_seed(3)
    architecture = "lstm" if request.param == "lstm" else "transformer"
    built = build_model(ModelConfig(257, architecture, n_layer=2, n_embd=32, n_head=2, block_size=4096)).eval()
    return CompiledTransformer.from_transformer(built, "float32") if request.param == "compiled" else built


@pytest.fixture
def batch(model):
    return Batch(model.reader())


def make_engine(model):
    return Engine(Loaded("long", "long", model, ByteTokenizer(), ModelFiles("long", "checkpoint", Path(), "long")))


def start(batch, ids, caller):
    """A thread that reads `ids`, once it waits for its pass; its result is appended to `done`."""
    done = []

    def read():
        try:
            done.append(batch.read(ids, batch.model.new_state(1, len(ids)), caller))
        except GoneError as error:
            done.append(error)

    thread = threading.Thread(target=read)
    waiting = len(batch._waiting)
    thread.start()
    while len(batch._waiting) == waiting:
        pass
    return thread, done


def test_pieces_give_what_the_whole_gives(batch):
    """A text read in many passes ends with the logits of one pass."""
    logits = batch.read(LONG, batch.model.new_state(1, 1))
    expected = batch.model([LONG], last_only=True)[0][0, -1]
    assert batch.passes == 5
    assert np.allclose(logits, expected, atol=1e-4)


def test_a_lower_rank_is_read_first(batch):
    """Who comes while a long text is read, with a lower rank, is read in the very next pass."""
    order, threads = [], []

    def on_read(tokens):
        order.append(("phone", tokens))
        if not threads:
            threads.append(start(batch, [1, 2, 3], Caller(0, on_read=lambda n: order.append(("speaker", n)))))

    batch.read(LONG, batch.model.new_state(1, 1), Caller(2, on_read=on_read))
    threads[0][0].join()
    assert order[:3] == [("phone", PIECE), ("speaker", 3), ("phone", COMPANY - 3)]
    assert sum(n for who, n in order if who == "phone") == len(LONG)


def test_equals_take_turns(batch):
    """A short text of the same rank does not wait for the end of a long one."""
    order, threads = [], []

    def on_read(tokens):
        order.append(tokens)
        if not threads:
            threads.append(start(batch, [1, 2], Caller(on_read=order.append)))

    batch.read(LONG, batch.model.new_state(1, 1), Caller(on_read=on_read))
    threads[0][0].join()
    assert order[:3] == [PIECE, 2, PIECE - 2]


def test_whose_text_is_read_goes_on_during_the_next_pass(batch):
    """Who is answered does not wait for a pass that others need."""
    waited, threads = [], []

    def on_read(tokens):
        if not threads:
            threads.append(start(batch, [1, 2], Caller())[0])
        elif not waited and batch.passes == 3:
            threads[0].join(60)
            waited.append(not threads[0].is_alive())

    batch.read(LONG, batch.model.new_state(1, 1), Caller(on_read=on_read))
    assert waited == [True]


def test_who_has_gone_is_read_no_further(batch):
    """After the pass in which a caller went, no token of theirs is read; the state holds what was."""
    seen = []
    state = batch.model.new_state(1, 1)
    with pytest.raises(GoneError):
        batch.read(LONG, state, Caller(gone=lambda: len(seen) == 2, on_read=seen.append))
    assert (state.length, batch.passes) == (2 * PIECE, 2)


def test_who_asks_again_goes_on(model):
    """What was read for a caller who went is not read again."""
    engine = make_engine(model)
    prompt, seen = "x" * (5 * PIECE), []
    with pytest.raises(GoneError):
        engine.next_token(prompt, caller=Caller(gone=lambda: len(seen) == 3, on_read=seen.append))
    assert engine.next_token(prompt).reused == 3 * PIECE


def test_ranks_do_not_push_each_other_out(model):
    """However much the phones ask, what was read for the speaker is still there."""
    engine = make_engine(model)
    engine.next_token("the speaker's text")
    for i in range(300):
        engine.next_token(f"{i}", caller=Caller(rank=2))
    assert engine.next_token("the speaker's text").reused == len("the speaker's text")


@pytest.mark.parametrize("model", ["torch", "lstm"], indirect=True)  # compiled code is on no device that can go
def test_a_failed_device_is_told_apart(batch, model):
    """An error of the device in a pass is a FailedError for all who waited for it, and the next pass works."""

    def out_of_memory(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = model.embed.register_forward_pre_hook(out_of_memory)
    with pytest.raises(FailedError, match="out of memory"):
        batch.read([1, 2], batch.model.new_state(1, 2))
    hook.remove()
    assert batch.read([1, 2], batch.model.new_state(1, 2)).shape == (257,)


def test_memory_is_bounded_by_tokens():
    """Of long texts fewer are kept; what a short text grows from has room for it, but not a long one's memory."""
    torch.manual_seed(3)
    model = build_model(ModelConfig(257, n_layer=1, n_embd=16, n_head=2, block_size=8192)).eval()
    cache = PrefixCache(model.reader())
    for i in range(4):
        cache.give([i] * 4000, filled(model, 4000), np.zeros(257, np.float32))
    kept = [cache.recall([i] * 4000) is not None for i in range(4)]
    assert kept == [False, False, True, True]
    state, read = cache.take([3] * 10)
    assert read == 9
    assert 10 <= state.room <= 20


def filled(model, length):
    """A state that has read `length` tokens."""
    state = model.new_state(1, length)
    state.length = length
    return state
