"""Our models against the reference implementations: transformers for GPT-2 and Llama, torch.nn for LSTM and RNN."""

import pytest
import torch
from reference_models import REFERENCES, VOCABULARY, last_layers, llama, save_reference, save_tokenizer

from talkgen.errors import ModelError
from talkgen.lm.answer.beam import search_beams
from talkgen.lm.files.huggingface import load_folder
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.logit_parts import pass_last_norm, read_parts, split_logits
from talkgen.lm.models.neurons import read_neurons, written_logits
from talkgen.lm.text.tokenizer import ByteTokenizer

pytestmark = pytest.mark.slow


@pytest.fixture(params=REFERENCES)
def pair(request, tmp_path):
    """A reference model with random weights, and the same weights read by us."""
    reference = save_reference(request.param, tmp_path)
    return reference, load_folder(tmp_path)[0]


@torch.no_grad()
def test_logits_equal_the_reference(pair):
    """Logits over 1,000 positions differ by less than 1e-3."""
    reference, model = pair
    ids = torch.randint(0, VOCABULARY, (1, 1000), generator=torch.Generator().manual_seed(1))
    assert (reference(ids).logits - model(ids)[0]).abs().max() < 1e-3


@torch.no_grad()
def test_parts_of_logits_equal_the_reference(pair):
    """They add up to its logits; a layer's two are what its hidden states differ by, through its norm held as it is."""
    reference, model = pair
    ids = torch.randint(0, VOCABULARY, (1, 40), generator=torch.Generator().manual_seed(4))
    seen = reference(ids, output_hidden_states=True)
    tokens = seen.logits[0, -1].topk(9).indices.tolist()
    parts = split_logits(model, read_parts(model, ids[0].tolist())[1], tokens)
    assert (parts.total - seen.logits[0, -1, tokens]).abs().max() < 1e-3

    stream = [state[0, -1].double() for state in seen.hidden_states[:-1]]  # the last one is normalized already
    norm, head = last_layers(reference)
    kept = []
    hook = norm.register_forward_pre_hook(lambda _module, given: kept.append(given[0][0, -1].double()))
    reference(ids)
    hook.remove()
    stream.append(kept[0])
    centred = norm.bias is not None if hasattr(norm, "bias") else False
    spread = kept[0].std(unbiased=False) if centred else kept[0].square().mean().sqrt()
    for layer in range(3):
        added = stream[layer + 1] - stream[layer]
        added = added - added.mean() if centred else added
        expected = head.weight[tokens].double() @ (added / spread * norm.weight.double())
        assert (parts.attention[layer] + parts.mlp[layer] - expected).abs().max() < 1e-3


@torch.no_grad()
def test_neurons_add_up_to_their_mlp(pair):
    """All neurons of a layer, and its bias, add what the whole MLP adds to every token's logit."""
    _, model = pair
    ids = torch.randint(0, VOCABULARY, (30,), generator=torch.Generator().manual_seed(5)).tolist()
    parts = split_logits(model, read_parts(model, ids)[1], range(VOCABULARY))
    for layer in range(3):
        active, stream = read_neurons(model, ids, layer)
        total = written_logits(model, layer, torch.arange(active.size(1)), active[-1], stream[-1]).sum(0)
        bias = model.blocks[layer].mlp.down.bias
        if bias is not None:
            total += model.head.weight @ pass_last_norm(model, bias, stream[-1])
        assert (total - parts.mlp[layer]).abs().max() < 1e-3


@torch.no_grad()
def test_attention_taps_equal_the_reference(pair):
    """Every head's weights are those of `output_attentions`."""
    reference, model = pair
    reference.set_attn_implementation("eager")
    ids = torch.randint(0, VOCABULARY, (2, 40), generator=torch.Generator().manual_seed(2))
    taps = Taps("attention", "hidden")
    model(ids, taps=taps)
    expected = reference(ids, output_attentions=True, output_hidden_states=True)
    for ours, theirs in zip(taps.values["attention"], expected.attentions, strict=True):
        assert (ours - theirs).abs().max() < 1e-4
    assert (taps.values["hidden"][0] - expected.hidden_states[1]).abs().max() < 1e-3


@torch.no_grad()
def test_greedy_continuation_equals_the_reference(pair):
    """200 greedy tokens from a prompt are the same, ours one at a time through the cache."""
    reference, model = pair
    ids = torch.randint(1, VOCABULARY, (1, 7), generator=torch.Generator().manual_seed(4))
    expected = reference.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=200, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    state = model.new_state(1, 16)
    logits, state = model(ids, state, last_only=True)
    tokens = ids[0].tolist()
    for _ in range(200):
        tokens.append(int(logits[0, -1].argmax()))
        logits, state = model(torch.tensor([[tokens[-1]]]), state)
    assert tokens == expected[0].tolist()


@torch.no_grad()
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_beam_search_equals_the_reference(pair, power):
    """Where no text ends early, the library's beam search finds the same texts with the same probabilities."""
    reference, model = pair
    found = search_beams(model.reader(), [5, 6, 7], width=4, max_tokens=12, length_penalty=power)
    expected = reference.generate(
        torch.tensor([[5, 6, 7]]),
        attention_mask=torch.ones(1, 3, dtype=torch.long),
        num_beams=4,
        num_return_sequences=4,
        max_new_tokens=12,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
        length_penalty=0.0,  # theirs divides by another power of the length; all of these are as long
        return_dict_in_generate=True,
        output_scores=True,
    )
    assert [list(beam.ids) for beam in found] == expected.sequences[:, 3:].tolist()
    assert [beam.log_p for beam in found] == pytest.approx(expected.sequences_scores.tolist(), abs=1e-3)


@pytest.mark.parametrize("shards", ["100KB"])
@torch.no_grad()
def test_shards_are_read(shards, tmp_path):
    """A model in several files gives the same logits."""
    reference = llama().eval()
    reference.save_pretrained(tmp_path, max_shard_size=shards)
    save_tokenizer(tmp_path)
    assert (tmp_path / "model.safetensors.index.json").is_file()
    ids = torch.arange(20)[None]
    assert (reference(ids).logits - load_folder(tmp_path)[0](ids)[0]).abs().max() < 1e-4


def test_pickles_are_refused(tmp_path):
    """A folder with pickled weights gets one message that says why."""
    llama().save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    save_tokenizer(tmp_path)
    with pytest.raises(ModelError, match=r"no model.safetensors\n  hint: a pickle"):
        load_folder(tmp_path)


@pytest.mark.parametrize("n_layer", [1, 3])
@torch.no_grad()
def test_lstm_equals_torch(n_layer):
    """Our written-out LSTM cell, the fused kernel and `torch.nn.LSTM` with the same weights agree."""
    torch.manual_seed(0)
    model = build_model(ModelConfig(40, "lstm", n_layer=n_layer, n_embd=24)).eval()
    reference = torch.nn.LSTM(24, 24, n_layer, batch_first=True)
    reference.load_state_dict(model.rnn.state_dict())
    ids = torch.randint(0, 40, (3, 50))
    expected, (h, c) = reference(model.embed(ids))
    taps = Taps("hidden", "gates")
    logits, state = model(ids, taps=taps)
    fused, _ = model(ids)
    assert (taps.values["hidden"][-1] - expected).abs().max() < 1e-6
    assert (state.h - h).abs().max() < 1e-6
    assert (state.c - c).abs().max() < 1e-6
    assert (logits - fused).abs().max() < 1e-6
    assert set(taps.values["gates"][0]) == {"input", "forget", "cell", "output"}


@torch.no_grad()
def test_rnn_equals_torch():
    """The tanh RNN agrees with `torch.nn.RNN`, written out and fused."""
    model = build_model(ModelConfig(40, "rnn", n_layer=2, n_embd=24)).eval()
    reference = torch.nn.RNN(24, 24, 2, batch_first=True)
    reference.load_state_dict(model.rnn.state_dict())
    ids = torch.randint(0, 40, (3, 50))
    taps = Taps("hidden")
    model(ids, taps=taps)
    assert (taps.values["hidden"][-1] - reference(model.embed(ids))[0]).abs().max() < 1e-6


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(257),
        ModelConfig(257, norm="rms", positions="rotary", activation="swiglu", n_kv_head=2, bias=False),
        ModelConfig(257, "lstm"),
        ModelConfig(257, "rnn"),
        ModelConfig(257, "lstm", attention=True),
    ],
    ids=["gpt2", "llama", "lstm", "rnn", "lstm with attention"],
)
@torch.no_grad()
def test_a_step_at_a_time_equals_all_at_once(config):
    """Reading with a state, token by token and in uneven parts, gives the logits of one full pass."""
    torch.manual_seed(1)
    model = build_model(config).eval()
    ids = torch.tensor([ByteTokenizer().encode("attention is more than what you need")])
    full, _ = model(ids)
    state = model.new_state(1, 4)
    parts = [model(part, state)[0] for part in ids.split([1, 1, 5, 2, 27], dim=1)]
    assert (torch.cat(parts, dim=1) - full).abs().max() < 1e-5
    assert state.length == ids.size(1)


def test_taps_cost_nothing_when_absent():
    """Without taps no attention weights are made: the fused kernel runs instead."""
    model = build_model(ModelConfig(50)).eval()
    with torch.profiler.profile() as profile:
        model(torch.arange(9)[None])
    names = {event.name for event in profile.events()}
    assert "aten::scaled_dot_product_attention" in names
    assert "aten::masked_fill" not in names
