"""Builds the model that a config describes: the one place that knows all architectures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

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


def build_empty_model(config: ModelConfig) -> LanguageModel:
    """A model on the meta device, to be filled with weights."""
    with torch.device("meta"), _Unfilled():
        return build_model(config)


class _Unfilled(TorchFunctionMode):
    """Draws no first weights: for normal ones on the meta device torch imports its compiler, which takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return func(*args, **given)
