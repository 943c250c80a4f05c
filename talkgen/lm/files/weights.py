"""Loads a model from any file talkgen reads: its own checkpoints, GGUF, Hugging Face folders; never a pickle."""

from __future__ import annotations

import torch

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.checkpoint import fill_model, load_checkpoint
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.memory import check_memory
from talkgen.lm.models.architectures import build_empty_model


def load_model(files: ModelFiles, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Loaded:
    """The model in `files`.

    Raises:
        ModelError: the files are missing, cut short, contradictory or not weights, or do not fit into memory.
    """
    match files.kind:
        case "checkpoint":
            model, tokenizer = load_checkpoint(files.weights)
        case "gguf":
            from talkgen.lm.files.gguf_model import dense
            from talkgen.lm.files.stored import load_packed

            config, tokenizer, weights = load_packed(files)  # mapped: it takes no memory yet
            parameters = sum(part.n * part.k for parts in weights.values() for part in parts)
            check_memory(4 * parameters, files.label)
            model = build_empty_model(config)
            tensors = {name: torch.from_numpy(weight) for name, weight in dense(weights, config).items()}
            fill_model(model, tensors, files.path)
        case "hf":
            from talkgen.lm.files.huggingface import load_folder

            model, tokenizer = load_folder(files.path)
        case _:
            raise ModelError(f"{files.label} runs on a server and has no weights here", "name a model with weights")
    return Loaded(files.name, files.label, model.to(device, dtype).eval(), tokenizer, files)
