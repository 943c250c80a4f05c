"""A model as its file stores it, mapped rather than read, for reading alone; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.files.gguf_model import Parts, read_config, read_packed
from talkgen.lm.files.gguf_tokenizer import read_tokenizer
from talkgen.lm.files.memory import check_memory
from talkgen.lm.files.record import BYTES, TOKENIZER, WEIGHTS, check_config, check_shapes, not_finite
from talkgen.lm.files.record import read_config as read_record
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.reader import Floats
from talkgen.lm.models.shapes import parameter_shapes
from talkgen.lm.text.tokenizer import Tokenizer, load_tokenizer


def load_packed(files: ModelFiles) -> tuple[ModelConfig, Tokenizer, dict[str, Parts]]:
    """A GGUF file's model as it is stored: for reading alone, nothing need be expanded.

    Raises:
        ModelError: as `load_model` does.
    """
    file = GGUFFile(files.path)
    check_memory(files.path.stat().st_size, files.label)
    config, tokenizer = read_config(file), read_tokenizer(file)
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{files.path}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    weights = read_packed(file, config)
    for name, parts in weights.items():
        if not all(part.finite for part in parts):
            raise ModelError(f"{files.path} holds NaN or infinity in {name}", "fetch the file again")
    return config, tokenizer, weights


def load_arrays(files: ModelFiles) -> tuple[ModelConfig, Tokenizer, dict[str, Floats]]:
    """A checkpoint of our own: its weights in float32, as many and of the shapes that its config asks for.

    Raises:
        ModelError: as `load_model` does.
    """
    folder = files.weights
    config = ModelConfig.from_json(read_record(folder)["config"])
    tokenizer, where = load_tokenizer(folder / TOKENIZER), folder / WEIGHTS
    arrays = _read_arrays(where)
    check_config(config, tokenizer, len(arrays), where)
    check_shapes({name: array.shape for name, array in arrays.items()}, parameter_shapes(config), where)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise not_finite(name, where)
    return config, tokenizer, arrays


def _read_arrays(file: Path) -> dict[str, Floats]:
    """The floats of a safetensors file, in float32."""
    try:
        found = dict(deserialize(file.read_bytes()))  # type: ignore[no-untyped-call]
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}", "the file may be cut short") from error
    return {name: _floats(told) for name, told in found.items() if told["dtype"] in BYTES}


def _floats(told: dict[str, Any]) -> Floats:
    if told["dtype"] == "BF16":  # float32's upper half
        values = (np.frombuffer(told["data"], np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(told["data"], f"<f{BYTES[told['dtype']]}").astype(np.float32)
    return values.reshape(told["shape"])
