"""Names and shapes of weights by the config alone, against the modules themselves."""

import pytest

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.shapes import count_without_embeddings, parameter_shapes

LLAMA = {"norm": "rms", "positions": "rotary", "activation": "swiglu", "bias": False}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"bias": False, "tied_head": False},
        {"norm": "rms", "n_kv_head": 2, "head_dim": 24},
        {**LLAMA, "n_inner": 50, "shift": True},
        {"architecture": "lstm"},
        {"architecture": "rnn", "tied_head": False, "n_layer": 3},
    ],
    ids=lambda parts: " ".join(map(str, parts.values())) or "plain",
)
def test_shapes_are_those_of_the_modules(parts):
    """Every parameter of the built model is there, of its shape, and no other; without tables they count as there."""
    config = ModelConfig(77, **parts)
    model = build_model(config)
    assert parameter_shapes(config) == {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert count_without_embeddings(config) == model.count_parameters(embeddings=False)
