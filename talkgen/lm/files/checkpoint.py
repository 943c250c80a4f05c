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
from talkgen.files import new_folder, read_json
from talkgen.lm.files.memory import check_memory
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import Tokenizer, load_tokenizer

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # of a number, in the types that are read


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


def read_config(folder: Path) -> dict[str, Any]:
    """The readable record of a checkpoint: `config` and what was saved about it.

    Raises:
        ModelError: it is missing or not what `save_checkpoint` writes.
    """
    record = read_json(folder / CONFIG, ModelError)
    if not isinstance(record.get("config"), dict):
        raise ModelError(f"{folder / CONFIG} describes no model that talkgen trained")
    return record


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
                if opened.get_slice(name).get_dtype() in _BYTES:
                    tensors[name] = opened.get_tensor(name)
    return tensors


def _needed(file: Path) -> int:
    """Bytes that the floats of a file take while they are read and turned into float32."""
    needed = 0
    with _opened(file, "numpy") as opened:  # "pt" claims the memory of the whole file
        for header in map(opened.get_slice, opened.keys()):
            kind, count = header.get_dtype(), math.prod(header.get_shape())
            if kind in _BYTES:
                needed += count * (_BYTES[kind] + (0 if kind == "F32" else 4))
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
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{where}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    if not (0 < config.norm_eps < math.inf and 0 < config.rope_theta < math.inf):
        raise ModelError(f"{where}: no model has norm_eps = {config.norm_eps}, rope_theta = {config.rope_theta}")
    if config.n_layer > len(tensors):  # before they are built: a damaged config can ask for millions
        raise ModelError(f"{where} contradicts the model's config: {config.n_layer} layers in {len(tensors)} tensors")
    try:
        with torch.device("meta"):
            model = build_model(config)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{where}: the model's config describes none that can be: {error}") from error
    fill_model(model, tensors, where)
    return model.eval()


def fill_model(model: LanguageModel, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Gives a model on the meta device its weights, in float32.

    Raises:
        ModelError: a tensor is missing, superfluous, of another shape, or holds NaN or infinity.
    """
    wanted = dict(model.named_parameters())
    missing, extra = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or extra:
        what = f"lacks {missing[0]}" if missing else f"has {extra[0]}, which the model does not"
        raise ModelError(f"{where} contradicts the model's config: it {what}")
    for name, parameter in wanted.items():
        if tensors[name].shape != parameter.shape:
            was, want = tuple(tensors[name].shape), tuple(parameter.shape)
            raise ModelError(f"{where} contradicts the model's config: {name} is {was}, not {want}")
        if not torch.isfinite(tensors[name]).all():
            raise ModelError(f"{where} holds NaN or infinity in {name}", "the training run diverged; train again")
    filled = {name: tensors[name].float() for name in wanted}
    model.load_state_dict(filled, strict=False, assign=True)
    model.tie_head()
