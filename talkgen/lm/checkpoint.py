"""Our own checkpoints: a folder of weights, config and tokenizer that appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.architectures import build_model
from talkgen.lm.config import ModelConfig
from talkgen.lm.model import LanguageModel
from talkgen.lm.tokenizer import Tokenizer, load_tokenizer

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"


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
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        tensors = {name: p.detach().to("cpu", dtype).contiguous() for name, p in model.named_parameters()}
        save_file(tensors, stage / WEIGHTS)
        record = {"talkgen": 1, "config": model.config.to_json(), "parameters": model.count_parameters(), **about}
        (stage / CONFIG).write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
        (stage / TOKENIZER).write_text(tokenizer.to_json(), encoding="utf-8")
        for file in stage.iterdir():
            _sync(file)
        stage.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        stage.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_config(folder: Path) -> dict[str, Any]:
    """The readable record of a checkpoint: `config` and what was saved about it.

    Raises:
        ModelError: it is missing or not what `save_checkpoint` writes.
    """
    file = folder / CONFIG
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{file} is no JSON") from error
    if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
        raise ModelError(f"{file} describes no model that talkgen trained")
    return record


def load_checkpoint(folder: Path) -> tuple[LanguageModel, Tokenizer]:
    """The model (float32, in evaluation mode) and the tokenizer of a checkpoint.

    Raises:
        ModelError: a file is missing or cut short, or config, weights and vocabulary contradict each other.
    """
    config = ModelConfig.from_json(read_config(folder)["config"])
    tokenizer = load_tokenizer(folder / TOKENIZER)
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{folder}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    try:
        tensors = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{folder / WEIGHTS} cannot be read: {error}", "the file may be cut short") from error
    with torch.device("meta"):
        model = build_model(config)
    fill_model(model, tensors, folder / WEIGHTS)
    return model.eval(), tokenizer


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
