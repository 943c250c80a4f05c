"""A Llama-family model (Llama, SmolLM2) from a GGUF file: its config, and its weights under our names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.files.packed import Packed, stack
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

    if "token_embd.weight" not in file.tensors:
        raise ModelError(f"{file.path} lacks token_embd.weight")
    n_head = get("attention.head_count", int)
    n_embd = get("embedding_length", int)
    return ModelConfig(
        vocab_size=file.tensors["token_embd.weight"].shape[0],
        n_layer=get("block_count", int),
        n_embd=n_embd,
        n_head=n_head,
        n_kv_head=get("attention.head_count_kv", int, n_head),
        head_dim=get("attention.key_length", int, n_embd // max(n_head, 1)),
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


def read_packed(file: GGUFFile, config: ModelConfig) -> dict[str, Packed]:
    """All weights under the names of `models.transformer`, in the file's own blocks where we have them too.

    Raises:
        ModelError: a tensor is missing or of another shape than the config says.
    """

    def take(name: str, *shape: int) -> Packed:
        if name not in file.tensors:
            raise ModelError(f"{file.path} lacks {name}")
        if file.tensors[name].shape != shape:
            raise ModelError(f"{file.path}: {name} is {file.tensors[name].shape}, and the config says {shape}")
        return file.packed(name)

    C, inner = config.n_embd, config.n_inner
    q_rows, kv_rows = config.n_head * config.head_dim, config.n_kv_head * config.head_dim
    weights = {"embed.weight": take("token_embd.weight", config.vocab_size, C)}
    weights["norm.weight"] = take("output_norm.weight", C)
    if not config.tied_head:
        weights["head.weight"] = take("output.weight", config.vocab_size, C)
    for i in range(config.n_layer):
        old, new = f"blk.{i}.", f"blocks.{i}."
        q = take(f"{old}attn_q.weight", q_rows, C).rows(side_by_side(q_rows, config.n_head))
        k = take(f"{old}attn_k.weight", kv_rows, C).rows(side_by_side(kv_rows, config.n_kv_head))
        weights[f"{new}attention.qkv.weight"] = stack([q, k, take(f"{old}attn_v.weight", kv_rows, C)])
        weights[f"{new}mlp.up.weight"] = stack(
            [take(f"{old}ffn_gate.weight", inner, C), take(f"{old}ffn_up.weight", inner, C)]
        )
        shapes = {"attn_norm": (C,), "attn_output": (C, q_rows), "ffn_norm": (C,), "ffn_down": (C, inner)}
        for name, shape in shapes.items():
            weights[f"{new}{_NAMES[name]}.weight"] = take(f"{old}{name}.weight", *shape)
    return weights


def side_by_side(rows: int, n_head: int) -> Tensor:
    """The order of rows that undoes llama.cpp's, which puts the two halves of a rotary pair next to each other."""
    return torch.arange(rows).view(n_head, rows // n_head // 2, 2).transpose(1, 2).reshape(rows)
