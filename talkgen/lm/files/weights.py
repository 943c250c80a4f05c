"""Loads a model from any file talkgen reads: its own checkpoints, GGUF, Hugging Face folders; never a pickle."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.checkpoint import fill_model, load_checkpoint
from talkgen.lm.files.memory import check_memory
from talkgen.lm.files.packed import Packed
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import Tokenizer


@dataclass
class Loaded:
    """A model in evaluation mode with its tokenizer and where both come from."""

    name: str
    label: str
    model: LanguageModel
    tokenizer: Tokenizer
    files: ModelFiles


def load_model(files: ModelFiles, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Loaded:
    """The model in `files`.

    Raises:
        ModelError: the files are missing, cut short, contradictory or not weights, or do not fit into memory.
    """
    match files.kind:
        case "checkpoint":
            model, tokenizer = load_checkpoint(files.weights)
        case "gguf":
            check_memory(4 * count_parameters(files), files.label)
            config, tokenizer, weights = load_packed(files)
            with torch.device("meta"):
                model = build_model(config)
            fill_model(model, {name: restore(weight, name) for name, weight in weights.items()}, files.path)
        case "hf":
            from talkgen.lm.files.huggingface import load_folder

            model, tokenizer = load_folder(files.path)
        case _:
            raise ModelError(f"{files.label} runs on a server and has no weights here", "name a model with weights")
    return Loaded(files.name, files.label, model.to(device, dtype).eval(), tokenizer, files)


def count_parameters(files: ModelFiles) -> int:
    """Numbers in a GGUF file, by its header."""
    from talkgen.lm.files.gguf_file import GGUFFile

    return GGUFFile(files.path).parameters


def restore(weight: Packed, name: str) -> Tensor:
    """A packed weight in float32, a vector as one."""
    return weight.dense().view(-1) if "norm" in name else weight.dense()


def load_packed(files: ModelFiles) -> tuple[ModelConfig, Tokenizer, dict[str, Packed]]:
    """A GGUF file's model as it is stored: for reading alone, nothing need be expanded.

    Raises:
        ModelError: as `load_model` does.
    """
    from talkgen.lm.files.gguf_file import GGUFFile
    from talkgen.lm.files.gguf_model import read_config, read_packed
    from talkgen.lm.files.gguf_tokenizer import read_tokenizer

    file = GGUFFile(files.path)
    check_memory(files.path.stat().st_size, files.label)
    config, tokenizer = read_config(file), read_tokenizer(file)
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{files.path}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    weights = read_packed(file, config)
    for name, weight in weights.items():
        if not weight.finite:
            raise ModelError(f"{files.path} holds NaN or infinity in {name}", "fetch the file again")
    return config, tokenizer, weights
