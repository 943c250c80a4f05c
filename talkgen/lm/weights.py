"""Loads a model from any file talkgen reads: its own checkpoints, GGUF, Hugging Face folders; never a pickle."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from talkgen.errors import ModelError
from talkgen.lm.architectures import build_model
from talkgen.lm.checkpoint import fill_model, load_checkpoint
from talkgen.lm.config import ModelConfig
from talkgen.lm.hub import ModelFiles
from talkgen.lm.memory import check_memory
from talkgen.lm.model import LanguageModel
from talkgen.lm.tokenizer import Tokenizer


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
            model, tokenizer = _load_gguf(files)
        case "hf":
            from talkgen.lm.huggingface import load_folder

            model, tokenizer = load_folder(files.path)
        case _:
            raise ModelError(f"{files.label} runs on a server and has no weights here", "name a model with weights")
    return Loaded(files.name, files.label, model.to(device, dtype).eval(), tokenizer, files)


def _load_gguf(files: ModelFiles) -> tuple[LanguageModel, Tokenizer]:
    from talkgen.lm.gguf_file import GGUFFile
    from talkgen.lm.gguf_model import read_config, read_weights
    from talkgen.lm.gguf_tokenizer import read_tokenizer

    file = GGUFFile(files.path)
    check_memory(4 * file.parameters, files.label)
    config: ModelConfig = read_config(file)
    tokenizer = read_tokenizer(file)
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{files.path}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    with torch.device("meta"):
        model = build_model(config)
    fill_model(model, read_weights(file, config), files.path)
    return model, tokenizer
