"""Our own checkpoints: a folder of weights, config and tokenizer that appears whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.files import new_folder
from talkgen.lm.files.memory import check_memory
from talkgen.lm.files.record import (
    BYTES,
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    check_config,
    check_shapes,
    not_finite,
    read_config,
)
from talkgen.lm.models.architectures import build_empty_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import Tokenizer, load_tokenizer


def save_checkpoint(
    folder: Path,
    model: LanguageModel,
    tokenizer: Tokenizer,
    about: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Writes a checkpoint; `about` (step, run, seed, …) is kept readable beside the config.

    Raises:
        OSError: the disk is full or not writable; an older checkpoint of that name is untouched.
    """
    tensors = {name: p.detach().to("cpu", dtype).contiguous() for name, p in model.named_parameters()}
    record = {"talkgen": 1, "config": model.config.to_json(), "parameters": model.count_parameters(), **about}
    with new_folder(folder) as stage:
        save_file(tensors, stage / WEIGHTS)
        (stage / CONFIG).write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
        (stage / TOKENIZER).write_text(tokenizer.to_json(), encoding="utf-8")


def load_checkpoint(folder: Path) -> tuple[LanguageModel, Tokenizer]:
    """The model (float32, in evaluation mode) and the tokenizer of a checkpoint.

    Raises:
        ModelError: a file is missing or cut short, does not fit into memory, or config, weights and vocabulary
            contradict each other.
    """
    config = ModelConfig.from_json(read_config(folder)["config"])
    tokenizer = load_tokenizer(folder / TOKENIZER)
    return assemble(config, tokenizer, read_tensors([folder / WEIGHTS]), folder / WEIGHTS), tokenizer


def read_tensors(files: Sequence[Path]) -> dict[str, Tensor]:
    """The floats of safetensors files as they are stored; other tensors (masks, counters) are left out.

    Raises:
        ModelError: a file is missing or damaged, two hold the same tensor, or all of them in float32 need more memory
            than is free.
    """
    check_memory(sum(map(_needed, files)), str(files[0].parent))
    tensors: dict[str, Tensor] = {}
    for file in files:
        with _opened(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118 – no mapping
                if name in tensors:
                    raise ModelError(f"{file} holds {name}, which another file holds too")
                if opened.get_slice(name).get_dtype() in BYTES:
                    tensors[name] = opened.get_tensor(name)
    return tensors


def _needed(file: Path) -> int:
    """Bytes that the floats of a file take while they are read and turned into float32."""
    needed = 0
    with _opened(file, "numpy") as opened:  # "pt" claims the memory of the whole file
        for header in map(opened.get_slice, opened.keys()):
            kind, count = header.get_dtype(), math.prod(header.get_shape())
            if kind in BYTES:
                needed += count * (BYTES[kind] + (0 if kind == "F32" else 4))
    return needed


@contextmanager
def _opened(file: Path, framework: str) -> Iterator[Any]:
    try:
        with safe_open(file, framework=framework) as opened:
            yield opened
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file} cannot be read: {error}", "the file may be cut short") from error


def assemble(config: ModelConfig, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], where: Path) -> LanguageModel:
    """The model of a config with its weights, in float32 and in evaluation mode.

    Raises:
        ModelError: config, vocabulary and weights contradict each other, or a weight is NaN or infinite.
    """
    check_config(config, tokenizer, len(tensors), where)
    try:
        model = build_empty_model(config)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{where}: the model's config describes none that can be: {error}") from error
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise not_finite(name, where)
    fill_model(model, tensors, where)
    return model.eval()


def fill_model(model: LanguageModel, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Gives a model on the meta device its weights, in float32.

    Raises:
        ModelError: a tensor is missing, superfluous or of another shape.
    """
    wanted = dict(model.named_parameters())
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_shapes(found, {name: tuple(parameter.shape) for name, parameter in wanted.items()}, where)
    filled = {name: tensors[name].float() for name in wanted}
    model.load_state_dict(filled, strict=False, assign=True)
    model.tie_head()
