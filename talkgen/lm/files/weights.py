"""Loads a model from any file talkgen reads: its own checkpoints, GGUF, Hugging Face folders; never a pickle."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.checkpoint import fill_model, load_checkpoint
from talkgen.lm.files.gguf_model import Parts, dense
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.memory import check_memory
from talkgen.lm.files.stored import load_packed
from talkgen.lm.models.architectures import build_empty_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer


def load_model(files: ModelFiles, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Loaded:
    """The model in `files`.

    Raises:
        ModelError: the files are missing, cut short, contradictory or not weights, or do not fit into memory.
    """
    match files.kind:
        case "checkpoint":
            model, tokenizer = load_checkpoint(files.weights)
        case "gguf":
            config, tokenizer, weights = load_packed(files)  # mapped: it takes no memory yet
            parameters = sum(part.n * part.k for parts in weights.values() for part in parts)
            check_memory(4 * parameters, files.label)
            model = build_empty_model(config)
            fill_model(model, _tensors(weights, config), files.path)
        case "hf":
            from talkgen.lm.files.huggingface import load_folder

            model, tokenizer = load_folder(files.path)
        case _:
            raise ModelError(f"{files.label} runs on a server and has no weights here", "name a model with weights")
    return Loaded(files.name, files.label, model.to(device, dtype).eval(), tokenizer, files)


def load_by_blocks(files: ModelFiles) -> Loaded[Transformer]:
    """A GGUF file's model whose blocks have their weights while they compute and no longer: to read seldom, and much.

    Raises:
        ModelError: as `load_model` does.
    """
    config, tokenizer, weights = load_packed(files)
    model = build_empty_model(config)
    assert isinstance(model, Transformer)  # noqa: S101 – a GGUF file's model is one
    for number, block in enumerate(model.blocks):
        prefix = f"blocks.{number}."
        parts = {name.removeprefix(prefix): weights.pop(name) for name in list(weights) if name.startswith(prefix)}

        def fill(block: nn.Module, _: object, parts: dict[str, Parts] = parts) -> None:
            block.load_state_dict(_tensors(parts, config), assign=True)

        block.register_forward_pre_hook(fill)
        block.register_forward_hook(_release)
        _release(block)
    model.load_state_dict(_tensors(weights, config), strict=False, assign=True)
    model.tie_head()
    return Loaded(files.name, files.label, model.eval(), tokenizer, files)


def _release(block: nn.Module, *_: object) -> None:
    """Puts zeros of the same shapes, which take no memory, in the place of weights."""
    nothing = torch.zeros(())
    block.load_state_dict({name: nothing.expand(p.shape) for name, p in block.named_parameters()}, assign=True)


def _tensors(weights: dict[str, Parts], config: ModelConfig) -> dict[str, Tensor]:
    return {name: torch.from_numpy(weight) for name, weight in dense(weights, config).items()}
