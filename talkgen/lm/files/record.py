"""What a checkpoint of ours consists of, and whether its parts fit together; imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import Tokenizer

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # of a number, in the types that are read


def read_config(folder: Path) -> dict[str, Any]:
    """The readable record of a checkpoint: `config` and what was saved about it.

    Raises:
        ModelError: it is missing or not what `save_checkpoint` writes.
    """
    record = read_json(folder / CONFIG, ModelError)
    if not isinstance(record.get("config"), dict):
        raise ModelError(f"{folder / CONFIG} describes no model that talkgen trained")
    return record


def check_config(config: ModelConfig, tokenizer: Tokenizer, tensors: int, where: Path) -> None:
    """Refuses a config that cannot be that of `tensors` tensors, before anything is made for it.

    Raises:
        ModelError: config, vocabulary and number of tensors contradict each other.
    """
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{where}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    if not (0 < config.norm_eps < math.inf and 0 < config.rope_theta < math.inf):
        raise ModelError(f"{where}: no model has norm_eps = {config.norm_eps}, rope_theta = {config.rope_theta}")
    if config.n_layer > tensors:  # a damaged config can ask for millions
        raise ModelError(f"{where} contradicts the model's config: {config.n_layer} layers in {tensors} tensors")


def check_shapes(found: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]], where: Path) -> None:
    """Holds the tensors of a file to those of a model.

    Raises:
        ModelError: one is missing, superfluous or of another shape.
    """
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing or extra:
        what = f"lacks {missing[0]}" if missing else f"has {extra[0]}, which the model does not"
        raise ModelError(f"{where} contradicts the model's config: it {what}")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise ModelError(f"{where} contradicts the model's config: {name} is {found[name]}, not {shape}")


def not_finite(name: str, where: Path) -> ModelError:
    """What is said of a weight that is no number."""
    return ModelError(f"{where} holds NaN or infinity in {name}", "the training run diverged; train again")
