"""Models that translate and rows for them, as the tests of their kinds need them."""

import torch

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import PADDING, SEPARATOR, ModelConfig

SHAPE = {"n_layer": 3, "n_embd": 32, "n_head": 4, "block_size": 40}
PAPER = ModelConfig(60, "encoder-decoder", activation="gelu", **SHAPE)
MODERN = ModelConfig(
    60, "encoder-decoder", norm="rms", positions="rotary", activation="swiglu", n_kv_head=2, bias=False, **SHAPE
)
SEARCH = ModelConfig(60, "rnnsearch", n_layer=1, n_embd=16, n_head=1, block_size=40)


def make(config: ModelConfig) -> LanguageModel:
    """A model whose weights are large enough that a wrong detail shows."""
    torch.manual_seed(3)
    model = build_model(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def rows() -> torch.Tensor:
    """Sources of 7, 4 and 1 words, filled up on the left, the separator, and targets of 9 tokens."""
    ids = torch.randint(2, 60, (3, 17), generator=torch.Generator().manual_seed(1))
    ids[1, :3], ids[2, :6], ids[:, 7] = PADDING, PADDING, SEPARATOR
    return ids
