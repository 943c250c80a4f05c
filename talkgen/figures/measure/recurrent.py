"""Runs a recurrent model token by token, so that its state after each token can be looked at; knows no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.errors import ModelError

if TYPE_CHECKING:
    import torch

    from talkgen.lm.files.loaded import Loaded
    from talkgen.lm.models.lstm import RecurrentLM

NAMES = {"lstm": "LSTM", "rnn": "RNN"}


def recurrent_model(loaded: Loaded) -> RecurrentLM:
    """The model as what it has to be.

    Raises:
        ModelError: it is not recurrent.
    """
    from talkgen.lm.models.lstm import RecurrentLM

    if not isinstance(loaded.model, RecurrentLM):
        raise ModelError(f"{loaded.label} is not recurrent", "name a recurrent model: model: small-lstm")
    return loaded.model


def read_states(model: RecurrentLM, ids: torch.Tensor) -> tuple[list[tuple[torch.Tensor, ...]], torch.Tensor]:
    """The state after each token of `ids` [B, T], T tuples of [n_layer, B, C], and the logits [B, T, V].

    h and c of an LSTM, h alone of an RNN. Where gradients are on, they can be asked of every state.
    """
    import torch

    state = model.new_state(ids.size(0), ids.size(1))
    states: list[tuple[torch.Tensor, ...]] = []
    logits = []
    for t in range(ids.size(1)):
        found, state = model(ids[:, t : t + 1], state)
        logits.append(found)
        states.append((state.h, state.c) if model.config.architecture == "lstm" else (state.h,))
    return states, torch.cat(logits, 1)
