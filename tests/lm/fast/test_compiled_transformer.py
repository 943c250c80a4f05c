"""The compiled decoder against the model it stands for: every family, every format, any order of reading."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.files.packed import FORMATS, pack
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer

GPT2 = {"n_embd": 64, "n_head": 4, "norm": "layer", "positions": "learned", "bias": True}
LLAMA = {
    "n_embd": 96,
    "n_head": 6,
    "n_kv_head": 2,
    "n_inner": 160,
    "norm": "rms",
    "positions": "rotary",
    "activation": "swiglu",
    "bias": False,
}
FAMILIES = {
    "gpt2": {**GPT2, "activation": "gelu_tanh"},
    "gelu": {**GPT2, "activation": "gelu", "tied_head": False},
    "llama": LLAMA,
    "llama-untied": {**LLAMA, "tied_head": False, "head_dim": 24},
    "narrow": {**LLAMA, "n_embd": 40, "n_head": 2, "n_kv_head": 1, "n_inner": 50},
}


def make_model(**parts):
    """A model with weights wide enough for its logits to differ."""
    torch.manual_seed(3)
    model = Transformer(ModelConfig(vocab_size=131, n_layer=3, block_size=200, **parts)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.08)
    return model


def as_packed(model, decoder):
    """The same model with the decoder's rounded weights: what its logits have to be, but for the sums' order."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            weight = decoder._weights[name]
            rounded = np.concatenate([part.dense() for part in weight]) if isinstance(weight, tuple) else weight
            parameter.copy_(torch.from_numpy(rounded))
    return model


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("family", FAMILIES)
@torch.inference_mode()
def test_logits_are_the_models(family, format):
    """Over 150 positions, in two parts, the logits are those of torch with the same weights."""
    model = make_model(**FAMILIES[family])
    decoder = CompiledTransformer.from_transformer(model, format)
    as_packed(model, decoder)
    ids = torch.randint(131, (2, 150))
    expected, _ = model(ids)
    first, state = decoder(ids[:, :33])
    second, state = decoder(ids[:, 33:], state)
    assert state.length == 150
    torch.testing.assert_close(
        torch.from_numpy(np.concatenate((first, second), axis=1)), expected, atol=2e-3, rtol=1e-3
    )


@pytest.mark.parametrize("format", FORMATS)
@torch.inference_mode()
def test_any_number_of_tokens_may_be_read_at_once(format):
    """Few and many rows go different ways; all end at the same logits."""
    model = make_model(**LLAMA)
    decoder = CompiledTransformer.from_transformer(model, format)
    as_packed(model, decoder)
    ids = torch.randint(131, (1, 22))
    expected, _ = model(ids)
    for count in range(1, 23):
        torch.testing.assert_close(
            torch.from_numpy(decoder(ids[:, :count])[0]), expected[:, :count], atol=2e-3, rtol=1e-3
        )


@pytest.mark.parametrize(
    ("n_head", "n_kv_head", "head_dim"), [(7, 1, 32), (5, 1, 20), (4, 2, 64), (10, 2, 12), (3, 3, 40)]
)
@torch.inference_mode()
def test_heads_share_keys_as_in_torch(n_head, n_kv_head, head_dim):
    """Whatever number of heads goes with one key, and however wide they are."""
    heads = {"n_head": n_head, "n_kv_head": n_kv_head, "head_dim": head_dim}
    model = make_model(**{**LLAMA, **heads})
    ids = torch.randint(131, (1, 70))
    logits, _ = CompiledTransformer.from_transformer(model, "float32")(ids)
    torch.testing.assert_close(torch.from_numpy(logits), model(ids)[0], atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("steep", [1, 40])
@pytest.mark.parametrize("family", FAMILIES)
@torch.inference_mode()
def test_float32_is_as_exact_as_torch(family, steep):
    """Without rounded weights only the order of sums differs, also where activations' exponentials vanish."""
    model = make_model(**FAMILIES[family])
    for block in model.blocks:
        block.mlp.up.weight.mul_(steep)
        block.mlp.down.weight.div_(steep)
    ids = torch.randint(131, (1, 120))
    logits, _ = CompiledTransformer.from_transformer(model, "float32")(ids)
    torch.testing.assert_close(torch.from_numpy(logits), model(ids)[0], atol=5e-5, rtol=1e-5)


@torch.inference_mode()
def test_token_by_token_is_the_same_as_at_once():
    """Reading one by one, with the cache growing, gives what reading at once gives."""
    model = make_model(**LLAMA)
    decoder = CompiledTransformer.from_transformer(model, "int8")
    ids = torch.randint(131, (1, 70))
    at_once, _ = decoder(ids)
    state = decoder.new_state(1, 1)
    steps = [decoder(ids[:, t : t + 1], state, last_only=True)[0] for t in range(70)]
    np.testing.assert_allclose(np.concatenate(steps, axis=1), at_once, atol=2e-3, rtol=1e-3)


@torch.inference_mode()
def test_rolled_back_it_reads_on_as_if_nothing_had_been():
    """What was forgotten leaves no trace."""
    decoder = CompiledTransformer.from_transformer(make_model(**LLAMA), "float16")
    ids = torch.randint(131, (1, 60))
    expected, _ = decoder(ids)
    _, state = decoder(torch.cat((ids[:, :20], torch.randint(131, (1, 90))), dim=1))
    state.truncate(20)
    again, _ = decoder(ids[:, 20:], state)
    np.testing.assert_allclose(again, expected[:, 20:], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("format", "close"), [("float32", 1e-4), ("int4", 5e-3)])
@torch.inference_mode()
def test_texts_read_together_are_read_as_alone(format, close):
    """Ninety texts of all lengths, each with its own past, give in few passes what each gives by itself."""
    decoder = CompiledTransformer.from_transformer(make_model(**LLAMA), format)
    generator = torch.Generator().manual_seed(4)
    texts = [torch.randint(131, (1 + i % 37,), generator=generator).tolist() for i in range(90)]
    alone, caches = [], []
    for i, text in enumerate(texts):
        past = torch.randint(131, (1, 1 + i % 11), generator=generator)
        alone.append(decoder(torch.cat((past, torch.tensor([text])), dim=1), last_only=True)[0][0, -1])
        caches.append(decoder(past)[1])
    together = decoder.read_many(texts, caches)
    assert [cache.length for cache in caches] == [1 + i % 11 + len(text) for i, text in enumerate(texts)]
    np.testing.assert_allclose(together, np.stack(alone), atol=close, rtol=close)


@torch.inference_mode()
def test_what_it_writes_is_what_the_model_writes():
    """A greedy text of 100 tokens is the same."""
    model = make_model(**LLAMA)
    decoder = CompiledTransformer.from_transformer(model, "float32")
    texts = []
    for reader in (model, decoder):
        ids, state = [7], None
        for _ in range(100):
            logits, state = reader(torch.tensor([ids[-1:]]), state, last_only=True)
            ids.append(int(logits.argmax()))
        texts.append(ids)
    assert texts[0] == texts[1]


def test_tokens_it_does_not_know_are_refused():
    """Nothing outside of the vocabulary or of the context reaches the compiled part."""
    decoder = CompiledTransformer.from_transformer(make_model(**LLAMA), "float32")
    with pytest.raises(ValueError, match="not in the vocabulary"):
        decoder(torch.tensor([[131]]))
    with pytest.raises(ValueError, match="context"):
        decoder(torch.zeros(1, 201, dtype=torch.long))
    assert not decoder.shows_inside


@torch.inference_mode()
def test_wild_activations_stay_numbers():
    """Activations a million times larger in one place than in all others lose no sign and make no NaN."""
    model = make_model(**LLAMA)
    with torch.no_grad():
        model.blocks[1].mlp.down.weight[5] *= 1e6
    decoder = CompiledTransformer.from_transformer(model, "int8")
    as_packed(model, decoder)
    ids = torch.randint(131, (1, 40))
    logits, _ = decoder(ids)
    assert np.isfinite(logits).all()
    assert (logits.argmax(-1) == model(ids)[0].argmax(-1).numpy()).mean() > 0.97


def test_weights_are_small():
    """Bytes a token reads: five eighths of a byte for each of most weights in int4."""
    model = make_model(**LLAMA)
    matrices = sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and name != "embed.weight")
    decoder = CompiledTransformer.from_transformer(model, "int4")
    expected = matrices * 20 // 32 + pack(model.embed.weight.detach().numpy(), "int8").bytes + 4 * 7 * 96
    assert decoder.bytes == expected


def test_the_error_says_what_to_do(monkeypatch):
    """Whoever asks for the decoder where there is none is told that torch still works."""
    monkeypatch.setattr("talkgen.lm.fast.compiled_transformer.load_library", lambda: None)
    with pytest.raises(ModelError) as caught:
        CompiledTransformer.from_transformer(make_model(**LLAMA), "float32")
    assert "torch" in caught.value.problems[0].hint
