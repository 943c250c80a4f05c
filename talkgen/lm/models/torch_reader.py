"""A torch model as those who answer read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.reader import Floats
from talkgen.lm.models.state import State


class TorchReader:
    """See `Reader`."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    @property
    def config(self) -> ModelConfig:
        """The model's shape."""
        return self.model.config

    @property
    def device(self) -> str:
        """Where the weights are."""
        return str(self.model.device)

    def new_state(self, batch: int, capacity: int) -> State:
        """See `Reader.new_state`."""
        return self.model.new_state(batch, capacity)

    @torch.inference_mode()
    def __call__(self, ids: ArrayLike, state: State | None = None, *, last_only: bool = False) -> tuple[Floats, State]:
        """See `Reader.__call__`."""
        given = torch.from_numpy(np.asarray(ids, np.int64)).to(self.model.device)
        logits, state = self.model(given, state, last_only=last_only)
        return logits.numpy(force=True), state

    @torch.inference_mode()
    def read_many(self, texts: Sequence[Sequence[int]], states: Sequence[Any]) -> Floats:
        """See `Reader.read_many`; one after the other where the model cannot do it at once."""
        together = getattr(self.model, "read_many", None)
        if together is not None:
            rows: torch.Tensor = together(texts, states)
            return rows.numpy(force=True)
        read = (self([text], state, last_only=True)[0][0, -1] for text, state in zip(texts, states, strict=True))
        return np.stack(list(read))
