"""A small model as data that a page can answer with, by `templates/web/page`; knows no page and no outline.

Matrices become ten-bit integers with a float32 scale a row, which moves no probability by 0.01: eight bits moved some
by 0.03, with a scale for each 32 numbers as well. Vectors stay float32.
All is JSON, numbers as base64 of little-endian bytes: a page opened from disk may not fetch a file.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.files.in_page import is_byte_pairs, why_not_in_page
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.text.tokenizer import Tokenizer

_CONFIG = (
    *("architecture", "n_layer", "n_embd", "n_head", "n_kv_head", "head_dim", "block_size"),
    *("norm", "norm_eps", "positions", "rope_theta", "activation", "shift"),
)


def page_model(loaded: Loaded) -> dict[str, Any]:
    """The model as `Answerer` in templates/web/page/answer.js takes it.

    Raises:
        ModelError: it cannot answer in a page.
    """
    if reason := why_not_in_page(loaded.files):
        raise ModelError(f"{loaded.label} cannot answer in a page: {reason}")
    config = loaded.model.config.to_json()
    return {
        "config": {name: config[name] for name in _CONFIG},
        "tensors": {name: _pack(tensor) for name, tensor in _weights(loaded.model).items()},
        "tokenizer": _tokenizer(loaded.tokenizer),
        "model": {"name": loaded.name, "label": loaded.label},
    }


def _weights(model: LanguageModel) -> dict[str, Tensor]:
    """The model's tensors, one that two names share once."""
    weights = dict(model.state_dict())
    if model.config.tied_head:
        del weights["head.weight"]
    return weights


def _pack(tensor: Tensor) -> dict[str, Any]:
    values: NDArray[np.float32] = tensor.detach().float().numpy()
    if values.ndim < 2:
        return {"data": _base64(values.astype("<f4"))}
    scale = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12) / 511  # a row of zeros has some scale, too
    packed = np.rint(values / scale).astype(np.int16)
    return {
        "shape": list(values.shape),
        "scale": _base64(scale.astype("<f4")),
        "high": _base64((packed >> 2).astype("<i1")),
        "low": _base64(_fours((packed & 3).astype("<u1").reshape(-1))),
    }


def _fours(pairs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Numbers of two bits, four a byte, the first in the lowest bits."""
    rows = np.pad(pairs, (0, -len(pairs) % 4)).reshape(-1, 4)
    return np.bitwise_or.reduce(rows << np.array([0, 2, 4, 6], np.uint8), axis=1)


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")


def _tokenizer(tokenizer: Tokenizer) -> dict[str, Any]:
    known = json.loads(tokenizer.to_json())
    if not is_byte_pairs(known):
        raise ModelError("the tokenizer is no byte-level BPE")
    names = {index: token for token, index in known["model"]["vocab"].items()}
    names |= {index: token for token, index in tokenizer.special.items()}
    merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in known["model"]["merges"]]
    start = tokenizer.end if tokenizer.end is not None else tokenizer.encode("\n")[0]
    return {
        "vocabulary": [names.get(index, "") for index in range(tokenizer.vocab_size)],
        "merges": merges,
        "special": sorted(tokenizer.special.values()),
        "start": start,  # what an empty prompt begins with, as in `Engine.encode`
    }
