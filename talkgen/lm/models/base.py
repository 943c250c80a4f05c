"""What every language model here has in common: token ids in, logits and a state out, and taps to look inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.reader import Reader
from talkgen.lm.models.shapes import TABLES
from talkgen.lm.models.state import State


class Taps:
    """A request for intermediate values; a model without one computes none of them.

    Names: "attention" [B, n_head, T, S], "hidden" [B, T, C], "q" [B, n_head, T, D], "k" and "v" [B, n_kv_head, S, D],
    "cross" [B, n_head, T, S] (encoder-decoder: where T target tokens look among S of the source), "gates" (LSTM: a dict
    of input, forget, cell, output, each [B, T, C]); a list of one value a layer each. And "embedded" [B, T, C]
    (transformer: the tokens as they come in), a list of one.
    """

    def __init__(self, *names: str) -> None:
        self.values: dict[str, list[Any]] = {name: [] for name in names}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def add(self, name: str, value: Any) -> None:
        """Keeps a value of the next layer, if it was asked for."""
        if name in self.values:
            self.values[name].append(value)


class LanguageModel(nn.Module, ABC):
    """A causal language model."""

    embed: nn.Embedding
    head: nn.Linear
    shows_inside = True  # it heeds taps; a form of it that is made for reading alone does not

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    def tie_head(self) -> None:
        """Makes the output layer the token embedding, where the config says so (Press & Wolf 2017)."""
        if self.config.tied_head:
            self.head.weight = self.embed.weight

    @abstractmethod
    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """Reads `ids` [B, T] after what `state` remembers.

        Returns logits [B, T, V] in float32 ([B, 1, V] with `last_only`), and the state after `ids`; a `state` that was
        given is changed in place and returned.
        """

    @abstractmethod
    def new_state(self, batch: int, capacity: int) -> State:
        """An empty state for `batch` rows with room for `capacity` tokens."""

    def count_parameters(self, embeddings: bool = True) -> int:
        """Trainable numbers; without token and position embeddings as Kaplan et al. (2020) count."""
        return sum(p.numel() for name, p in self.named_parameters() if embeddings or name not in TABLES)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def reader(self, device: str = "cpu") -> Reader:
        """The model as those see it who answer, moved to `device`."""
        from talkgen.lm.models.torch_reader import TorchReader

        return TorchReader(self.to(device))


def init_weights(module: nn.Module, config: ModelConfig) -> None:
    """GPT-2's start: normal(0, init_std), smaller by the root of the depth where a block adds to the residual."""
    for name, parameter in module.named_parameters():
        if parameter.dim() < 2:
            continue
        adds = name.endswith(("proj.weight", "down.weight"))
        std = config.init_std / (2 * config.n_layer) ** 0.5 if adds else config.init_std
        nn.init.normal_(parameter, mean=0.0, std=std)
