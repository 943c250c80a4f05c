"""The one-token shift: what it mixes, and that every way of reading a model with it gives the same logits."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.files.catalog import ModelFiles, find_model
from talkgen.lm.files.checkpoint import save_checkpoint
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.shift import shift_channels
from talkgen.lm.text.tokenizer import ByteTokenizer

KINDS = {
    "transformer": {"norm": "rms", "positions": "rotary", "n_kv_head": 2, "bias": False},
    "gpt2": {"activation": "gelu"},
    "lstm": {"architecture": "lstm"},
    "rnn": {"architecture": "rnn"},
    "attending lstm": {"architecture": "lstm", "attention": True},
}


def make_model(kind, vocab_size=131):
    """A model with logits that differ; an odd width, of which the larger half is a token's own, where it may be odd."""
    torch.manual_seed(3)
    width = {"n_embd": 48, "n_head": 4} if kind in ("gpt2", "transformer") else {"n_embd": 41, "n_head": 1}
    model = build_model(ModelConfig(vocab_size, n_layer=2, block_size=200, shift=True, **KINDS[kind], **width)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def test_half_of_the_channels_come_from_the_token_before():
    """The first token gets nothing; an odd channel stays a token's own."""
    x = torch.arange(1.0, 11).view(1, 2, 5)
    assert shift_channels(x, None).tolist() == [[[1, 2, 3, 0, 0], [6, 7, 8, 4, 5]]]
    assert shift_channels(x, -x[:, 0]).tolist() == [[[1, 2, 3, -4, -5], [6, 7, 8, 4, 5]]]


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_the_token_before_matters(kind):
    """A model with the shift answers otherwise than the same weights without it, from the second token on."""
    model = make_model(kind)
    plain = build_model(ModelConfig(**{**model.config.to_json(), "shift": False})).eval()
    plain.load_state_dict(model.state_dict())
    late = model.config.n_embd - model.config.n_embd // 2
    for each in (model, plain):
        each.embed.weight[5, late:] = 0  # the first token's own late channels are then the zeros that it gets
    shifted, other = (each(torch.tensor([[5, 6, 7]]))[0] for each in (model, plain))
    torch.testing.assert_close(shifted[:, 0], other[:, 0])
    assert (shifted - other)[:, 1:].abs().amax(-1).min() > 0.01


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_cached_equals_uncached(kind):
    """Token by token, in parts, rolled back or cloned, and with rows in another order."""
    model = make_model(kind)
    ids = torch.randint(131, (3, 40))
    expected, _ = model(ids)
    state = model.new_state(3, 1)
    steps = [model(ids[:, t : t + 1], state, last_only=True)[0] for t in range(20)]
    kept = state.clone()
    model(torch.zeros_like(ids[:, :7]), state)
    if state.rolls_back:
        state.truncate(20)
        kept = state
    rows = torch.tensor([2, 0])
    more, _ = model(ids[rows, 20:], kept.select(rows))
    torch.testing.assert_close(torch.cat(steps, dim=1), expected[:, :20], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(more, expected[rows, 20:], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["transformer", "gpt2", "lstm", "rnn"])
@torch.inference_mode()
def test_compiled_equals_torch(kind):
    """At once and token by token, after other tokens and rolled back."""
    model = make_model(kind)
    make = CompiledLSTM.from_recurrent if kind in ("lstm", "rnn") else CompiledTransformer.from_transformer
    compiled = make(model, "float32")
    ids = torch.randint(131, (2, 70))
    expected, _ = model(ids)
    first, state = compiled(ids[:, :33])
    if state.rolls_back:
        compiled(torch.zeros_like(ids[:, :5]), state)
        state.truncate(33)
    steps = [compiled(ids[:, t : t + 1], state, last_only=True)[0] for t in range(33, 40)]
    last, _ = compiled(ids[:, 40:], state)
    np.testing.assert_allclose(np.concatenate((first, *steps, last), axis=1), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("make", [lambda m: CompiledTransformer.from_transformer(m, "float16"), GraphedTransformer])
@torch.inference_mode()
def test_texts_read_together_are_read_as_alone(make):
    """Each text has its own last token."""
    model = make_model("transformer")
    reader, texts = make(model), [[1, 2, 3], [4, 5], [6]]
    caches = [reader.new_state(1, 2) for _ in texts]
    reader.read_many(texts, caches)
    logits = reader.read_many([[7], [8], [9]], caches)
    for row, text in zip(logits, ([1, 2, 3, 7], [4, 5, 8], [6, 9]), strict=True):
        np.testing.assert_allclose(row, model(torch.tensor([text]))[0][0, -1], atol=5e-3, rtol=5e-3)


@pytest.mark.parametrize("kind", ["transformer", "lstm"])
@torch.inference_mode()
def test_an_engine_types_and_deletes(kind, tmp_path):
    """States that are kept and taken up again know their last token."""
    model = make_model(kind, vocab_size=257)
    files = ModelFiles("tiny", "checkpoint", tmp_path, "tiny")
    engine = Engine(Loaded("tiny", "tiny", model, ByteTokenizer(), files))
    for prompt in ("abc", "abcd", "abcdef", "ab", "abxyz", "abcd"):
        answer = engine.next_token(prompt, bars=1).candidates[0]
        p = model(torch.tensor([list(prompt.encode())]))[0][0, -1].softmax(-1)
        assert answer.p == pytest.approx(float(p[answer.id]), abs=1e-5)


def test_it_is_named_and_refused_where_it_is_not_made(tmp_path):
    """A run's label says "with shift"; an encoder-decoder has none."""
    model = make_model("lstm", vocab_size=257)
    save_checkpoint(tmp_path / "runs" / "mine" / "checkpoints" / "step-000007", model, ByteTokenizer(), {"step": 7})
    assert find_model("mine", tmp_path).label == "mine LSTM with shift, step 7"
    with pytest.raises(ModelError, match="one-token shift"):
        ModelConfig(9, architecture="encoder-decoder", shift=True)
