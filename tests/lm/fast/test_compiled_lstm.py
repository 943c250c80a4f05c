"""The compiled LSTM and RNN against torch's own."""

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.files.packed import FORMATS, pack
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.lstm import RecurrentLM


def make_model(architecture, **parts):
    """A recurrent model that moves."""
    torch.manual_seed(6)
    parts = {"n_embd": 48, **parts}
    model = RecurrentLM(ModelConfig(77, architecture, n_layer=2, n_head=1, block_size=64, **parts)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5).add_(0.05 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("architecture", "parts"),
    [("lstm", {}), ("rnn", {}), ("lstm", {"tied_head": False}), ("lstm", {"n_embd": 40})],
)
@torch.inference_mode()
def test_logits_and_memory_are_torchs(architecture, parts, format):
    """In two parts, for three texts at once, logits and states are those of torch with the same weights."""
    model = make_model(architecture, **parts)
    decoder = CompiledLSTM(model, format)
    coarse = "int8" if format == "int4" else format
    with torch.no_grad():
        for i in range(2):
            ih, hh = (getattr(model.rnn, f"weight_{name}_l{i}") for name in ("ih", "hh"))
            dense = pack(torch.cat((ih, hh), dim=1), format).dense()
            ih.copy_(dense[:, : ih.size(1)])
            hh.copy_(dense[:, ih.size(1) :])
        model.embed.weight.copy_(pack(model.embed.weight, coarse).dense())
        if not model.config.tied_head:
            model.head.weight.copy_(pack(model.head.weight, coarse).dense())
    ids = torch.randint(77, (3, 30))
    expected, memory = model(ids)
    first, state = decoder(ids[:, :11])
    second, state = decoder(ids[:, 11:], state)
    torch.testing.assert_close(torch.cat((first, second), dim=1), expected, atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(state.h, memory.h, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(state.c, memory.c, atol=1e-3, rtol=1e-3)
    assert state.length == 30


@torch.inference_mode()
def test_the_last_logits_alone():
    """`last_only` gives the same last row."""
    decoder = CompiledLSTM(make_model("lstm"))
    ids = torch.randint(77, (2, 9))
    assert torch.equal(decoder(ids, last_only=True)[0][:, 0], decoder(ids)[0][:, -1])


def test_what_it_cannot_do_is_refused():
    """Attention over the past, taps and unknown tokens have a message."""
    with pytest.raises(ModelError, match="past states"):
        CompiledLSTM(make_model("lstm", attention=True))
    decoder = CompiledLSTM(make_model("lstm"))
    with pytest.raises(TypeError, match="nothing inside"):
        decoder(torch.tensor([[1]]), taps=Taps("hidden"))
    with pytest.raises(ValueError, match="vocabulary"):
        decoder(torch.tensor([[77]]))
