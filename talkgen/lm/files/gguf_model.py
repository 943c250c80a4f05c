"""A Llama-family model (Llama, SmolLM2) from a GGUF file: its config, and its weights under our names."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgen.errors import ModelError
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.files.packed import Floats, Packed, stack
from talkgen.lm.models.config import ModelConfig

_NAMES = {
    "attn_norm": "norm_1",
    "attn_output": "attention.proj",
    "ffn_norm": "norm_2",
    "ffn_down": "mlp.down",
}


def read_config(file: GGUFFile) -> ModelConfig:
    """The model's shape.

    Raises:
        ModelError: another architecture, or metadata that contradicts itself.
    """
    data = file.metadata
    if data.get("general.architecture") != "llama":
        architecture = data.get("general.architecture")
        raise ModelError(f"{file.path} holds the architecture '{architecture}'", "talkgen reads llama (SmolLM2 too)")

    def get(name: str, kind: type, default: Any = None) -> Any:
        value = data.get(f"llama.{name}", default)
        if type(value) is not kind:
            raise ModelError(f"{file.path} lacks llama.{name}, or it is no {kind.__name__}")
        return value

    embed = file.tensors.get("token_embd.weight")
    if embed is None or len(embed.shape) != 2:
        raise ModelError(f"{file.path} lacks token_embd.weight, or it is no matrix")
    n_head = get("attention.head_count", int)
    n_embd = get("embedding_length", int)
    head_dim = get("attention.key_length", int, n_embd // max(n_head, 1))
    # What other values would change in the computation is not implemented: better no model than a wrong one.
    for name, value in {"rope.dimension_count": head_dim, "rope.scaling.type": "none"}.items():
        if data.get(f"llama.{name}", value) != value:
            raise ModelError(f"{file.path} says {name} = {data[f'llama.{name}']}", f"talkgen reads {value} only")
    return ModelConfig(
        vocab_size=embed.shape[0],
        n_layer=get("block_count", int),
        n_embd=n_embd,
        n_head=n_head,
        n_kv_head=get("attention.head_count_kv", int, n_head),
        head_dim=head_dim,
        n_inner=get("feed_forward_length", int),
        block_size=get("context_length", int),
        norm="rms",
        norm_eps=get("attention.layer_norm_rms_epsilon", float),
        positions="rotary",
        rope_theta=get("rope.freq_base", float, 10_000.0),
        activation="swiglu",
        bias=False,
        tied_head="output.weight" not in file.tensors,
    )


Parts = tuple[Packed, ...]
"""Matrices one below the other, each where it lies in the file."""


def read_packed(file: GGUFFile, config: ModelConfig) -> dict[str, Parts]:
    """All weights under the names of `models.transformer`, in the file's own blocks where we have them too.

    Nothing is copied, so queries' and keys' rows are in llama.cpp's order: see `side_by_side`.

    Raises:
        ModelError: a tensor is missing, of another shape than the config says, or none that is read here.
    """
    unread = set(file.tensors)

    def take(name: str, *shape: int) -> Packed:
        if name not in file.tensors:
            raise ModelError(f"{file.path} lacks {name}")
        if file.tensors[name].shape != shape:
            raise ModelError(f"{file.path}: {name} is {file.tensors[name].shape}, and the config says {shape}")
        unread.remove(name)
        return file.packed(name)

    C, inner = config.n_embd, config.n_inner
    q_rows, kv_rows = config.n_head * config.head_dim, config.n_kv_head * config.head_dim
    weights: dict[str, Parts] = {"embed.weight": (take("token_embd.weight", config.vocab_size, C),)}
    weights["norm.weight"] = (take("output_norm.weight", C),)
    if not config.tied_head:
        weights["head.weight"] = (take("output.weight", config.vocab_size, C),)
    for i in range(config.n_layer):
        old, new = f"blk.{i}.", f"blocks.{i}."
        heads = {"q": q_rows, "k": kv_rows, "v": kv_rows}
        weights[f"{new}attention.qkv.weight"] = tuple(
            take(f"{old}attn_{name}.weight", rows, C) for name, rows in heads.items()
        )
        weights[f"{new}mlp.up.weight"] = tuple(take(f"{old}ffn_{name}.weight", inner, C) for name in ("gate", "up"))
        shapes = {"attn_norm": (C,), "attn_output": (C, q_rows), "ffn_norm": (C,), "ffn_down": (C, inner)}
        for name, shape in shapes.items():
            weights[f"{new}{_NAMES[name]}.weight"] = (take(f"{old}{name}.weight", *shape),)
    if unread:  # biases, Llama 3's scaled angles: without them the model would be another
        raise ModelError(f"{file.path} holds {min(unread)}, which talkgen does not read")
    return weights


def dense(weights: dict[str, Parts], config: ModelConfig) -> dict[str, Floats]:
    """The weights in float32, with rows in the order of `models.transformer`."""
    found = {}
    for name, parts in weights.items():
        if name.endswith("attention.qkv.weight"):
            turned = [part.rows(side_by_side(part.n, part.n // config.head_dim)) for part in parts[:2]]
            matrix = stack([*turned, parts[2]]).dense()
        else:
            matrix = stack(list(parts)).dense()
        found[name] = matrix.reshape(-1) if "norm" in name else matrix
    return found


def side_by_side(rows: int, n_head: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The order of rows that undoes llama.cpp's, which puts the two halves of a rotary pair next to each other."""
    return np.arange(rows).reshape(n_head, rows // n_head // 2, 2).transpose(0, 2, 1).reshape(rows)
