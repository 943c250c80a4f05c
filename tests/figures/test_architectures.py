"""What is traced of whole transformers, against the architecture's formulas and the models' own counts."""

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import decoder_only, encoder_decoder, encoder_only
from talkgen.figures.measure.stacks import trace_decoder, trace_encoder_decoder
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.config import SEPARATOR, ModelConfig
from talkgen.lm.models.transformer import Transformer
from talkgen.lm.models.translator import EncoderDecoder


def numbers(row, what):
    """A number of each box of a row."""
    return [part[what] for part in row["parts"]]


def in_all(row, what):
    """A number summed over the model: the boxes of a block as often as there are blocks."""
    first, *block, last = numbers(row, what)
    return first + row["blocks"] * sum(block) + last


@pytest.mark.parametrize("tokens", [1, 64])
@pytest.mark.parametrize("tied", [True, False])
def test_boxes_of_a_decoder_add_up_to_the_model(tokens, tied):
    """All parameters are in a box once; FLOPs are two a weight and token, and those of all scores, twice."""
    model = Transformer(ModelConfig(50, n_layer=3, n_embd=16, n_head=2, block_size=64, tied_head=tied)).eval()
    row = trace_decoder(Loaded("m", "m", model, None, None), tokens)
    assert in_all(row, "parameters") == model.count_parameters()
    scores = 2 * 2 * tokens**2 * 16
    assert numbers(row, "flops") == [0, tokens * 8 * 256 + scores, tokens * 16 * 256, tokens * 2 * 50 * 16]
    assert row["parts"][-1]["shared"] is tied


def test_boxes_of_both_halves_add_up_to_the_model():
    """Encoder and decoder hold the whole model between them; cross-attention's scores are target times source."""
    model = EncoderDecoder(ModelConfig(50, "encoder-decoder", n_layer=2, n_embd=16, n_head=2, block_size=64)).eval()
    read, written = 7, 5
    encoder, decoder = trace_encoder_decoder(Loaded("m", "m", model, None, None), read, written)
    assert in_all(encoder, "parameters") + in_all(decoder, "parameters") == model.count_parameters()
    assert numbers(encoder, "flops")[1:3] == [read * 8 * 256 + 4 * read**2 * 16, read * 16 * 256]
    cross = written * 4 * 256 + read * 4 * 256 + 4 * read * written * 16
    own = written * 8 * 256 + 4 * written**2 * 16
    assert numbers(decoder, "flops") == [0, own, cross, written * 16 * 256, written * 2 * 50 * 16]


@pytest.mark.parametrize("tokens", [1, 9])
def test_what_an_encoder_has_seen_is_what_a_nudge_changes(tokens):
    """Another token at one place changes the vectors that depend on it, and no other."""
    model = EncoderDecoder(ModelConfig(50, "encoder-decoder", n_layer=1, n_embd=16, n_head=2, block_size=64)).eval()
    ids = 2 + torch.arange(tokens)[None]
    seen = encoder_only.seen_tokens(model, tokens)
    found = []
    model.encoder_norm.register_forward_hook(lambda _module, _given, result: found.append(result))
    with torch.no_grad():
        model.encode(ids)
        for place in range(tokens):
            other = ids.clone()
            other[0, place] += 20
            model.encode(other)
    for place, after in enumerate(found[1:]):
        assert ((after - found[0])[0].abs().sum(1) > 1e-7).tolist() == seen[:, place].tolist()


def test_headlines_say_what_was_traced(data_of):
    """The shares, what is seen, and what joins both halves, each by arithmetic from the data."""
    data = data_of("decoder_only", tokens=12)
    outside = [data["row"]["parts"][end]["parameters"] for end in (0, -1)]
    assert data["shares"][0] == pytest.approx(1 - sum(outside) / data["parameters"], abs=1e-4)
    assert f"{100 * data['shares'][0]:.0f}%" in decoder_only.headline(data)
    data = data_of("encoder_only", tokens=12)
    assert data["seen"] == [12] * 12
    assert "all 12 tokens" in encoder_only.headline(data)
    assert "One token" in encoder_only.headline(data_of("encoder_only", tokens=1))
    data = data_of("encoder_decoder")
    assert f"{100 * data['cross'] / data['parameters']:.0f}%" in encoder_decoder.headline(data)


@pytest.mark.parametrize("name", ["decoder_only", "encoder_only", "encoder_decoder"])
def test_every_step_can_be_drawn(name, data_of, canvas):
    """A step shows more than the one before it."""
    module = {"decoder_only": decoder_only, "encoder_only": encoder_only, "encoder_decoder": encoder_decoder}[name]
    steps = 3 if name == "encoder_decoder" else 4
    shown = [len(module.draw(data_of(name) | {"step": step}, canvas).findobj()) for step in range(1, steps + 1)]
    assert sorted(set(shown)) == shown


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("decoder_only", {"model": "small-lstm"}, "no decoder-only transformer"),
        ("decoder_only", {"tokens": 41}, "tokens 41 is too much"),
        ("encoder_only", {"model": "tiny"}, "no encoder"),
        ("encoder_decoder", {"source": 41}, "tokens 41 is too much"),
    ],
)
def test_what_is_missing_is_said(name, params, message, data_of):
    """A model of the wrong kind, or too short a context, is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of(name, **params)
    assert caught.value.problems[0].hint


def test_the_traced_source_ends_at_the_separator(inputs):
    """As many tokens are encoded as were asked for, the separator among them."""
    loaded, found = inputs.model("translator"), []
    hook = loaded.model.encoder_norm.register_forward_hook(lambda _module, _given, result: found.append(result.size(1)))
    trace_encoder_decoder(loaded, 6, 3)
    hook.remove()
    assert found == [6]
    assert SEPARATOR == 1
