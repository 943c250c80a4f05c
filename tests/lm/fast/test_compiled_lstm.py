"""The compiled LSTM and RNN against torch's own."""

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.files.packed import FORMATS, pack
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


def dense(weight, format):
    """The weights as that format rounds them."""
    return torch.from_numpy(pack(weight.detach().numpy(), format).dense())


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("architecture", "parts"),
    [("lstm", {}), ("rnn", {}), ("lstm", {"tied_head": False}), ("lstm", {"n_embd": 40})],
)
@torch.inference_mode()
def test_logits_and_memory_are_torchs(architecture, parts, format):
    """In two parts, for three texts at once, logits and states are those of torch with the same weights."""
    model = make_model(architecture, **parts)
    decoder = CompiledLSTM.from_recurrent(model, format)
    coarse = "int8" if format == "int4" else format
    with torch.no_grad():
        for i in range(2):
            ih, hh = (getattr(model.rnn, f"weight_{name}_l{i}") for name in ("ih", "hh"))
            rounded = dense(torch.cat((ih, hh), dim=1), format)
            ih.copy_(rounded[:, : ih.size(1)])
            hh.copy_(rounded[:, ih.size(1) :])
        model.embed.weight.copy_(dense(model.embed.weight, coarse))
        if not model.config.tied_head:
            model.head.weight.copy_(dense(model.head.weight, coarse))
    ids = torch.randint(77, (3, 30))
    expected, memory = model(ids)
    first, state = decoder(ids[:, :11])
    second, state = decoder(ids[:, 11:], state)
    torch.testing.assert_close(
        torch.from_numpy(np.concatenate((first, second), axis=1)), expected, atol=2e-3, rtol=1e-3
    )
    torch.testing.assert_close(torch.from_numpy(state.h), memory.h, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(torch.from_numpy(state.c), memory.c, atol=1e-3, rtol=1e-3)
    assert state.length == 30


@torch.inference_mode()
def test_the_last_logits_alone():
    """`last_only` gives the same last row."""
    decoder = CompiledLSTM.from_recurrent(make_model("lstm"))
    ids = torch.randint(77, (2, 9))
    assert np.array_equal(decoder(ids, last_only=True)[0][:, 0], decoder(ids)[0][:, -1])


def test_what_it_cannot_do_is_refused():
    """Attention over the past and unknown tokens have a message, and who wants to look inside is told."""
    with pytest.raises(ModelError, match="past states"):
        CompiledLSTM.from_recurrent(make_model("lstm", attention=True))
    decoder = CompiledLSTM.from_recurrent(make_model("lstm"))
    assert not decoder.shows_inside
    with pytest.raises(ValueError, match="vocabulary"):
        decoder(torch.tensor([[77]]))
