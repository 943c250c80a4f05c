"""Builds the model that a config describes: the one place that knows all architectures."""

from __future__ import annotations

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.lstm import RecurrentLM
from talkgen.lm.models.rnnsearch import RNNSearch
from talkgen.lm.models.transformer import Transformer
from talkgen.lm.models.translator import EncoderDecoder


def build_model(config: ModelConfig) -> LanguageModel:
    """A model with fresh weights, drawn from torch's global generator."""
    kinds: dict[str, type[LanguageModel]] = {
        "transformer": Transformer,
        "encoder-decoder": EncoderDecoder,
        "rnnsearch": RNNSearch,
    }
    return kinds.get(config.architecture, RecurrentLM)(config)
