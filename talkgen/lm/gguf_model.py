"""A Llama-family model (Llama, SmolLM2) from a GGUF file: its config, its weights under our names, its tokenizer."""

from __future__ import annotations

import json
import re
from typing import Any

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.config import ModelConfig
from talkgen.lm.gguf_file import GGUFFile
from talkgen.lm.tokenizer import JsonTokenizer

_NAMES = {
    "attn_norm": "norm_1",
    "attn_output": "attention.proj",
    "ffn_norm": "norm_2",
    "ffn_down": "mlp.down",
}
# How each "pre" of llama.cpp cuts text before byte pairs are merged (its src/llama-vocab.cpp names them; the parts are
# those of the models' own tokenizer.json).
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_PRE = {
    "gpt-2": _BYTE_LEVEL,
    "default": _BYTE_LEVEL,
    "smollm": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, _BYTE_LEVEL]},
}
_CONTROL, _USER_DEFINED = 3, 4


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


def read_weights(file: GGUFFile, config: ModelConfig) -> dict[str, Tensor]:
    """All weights under the names of `lm.transformer`, in float32.

    Raises:
        ModelError: a tensor is missing or of another shape than the config says.
    """

    def take(name: str, *shape: int) -> Tensor:
        if name not in file.tensors:
            raise ModelError(f"{file.path} lacks {name}")
        if file.tensors[name].shape != shape:
            raise ModelError(f"{file.path}: {name} is {file.tensors[name].shape}, and the config says {shape}")
        return torch.from_numpy(file.read(name))

    C, inner = config.n_embd, config.n_inner
    q_rows, kv_rows = config.n_head * config.head_dim, config.n_kv_head * config.head_dim
    weights = {"embed.weight": take("token_embd.weight", config.vocab_size, C)}
    weights["norm.weight"] = take("output_norm.weight", C)
    if not config.tied_head:
        weights["head.weight"] = take("output.weight", config.vocab_size, C)
    for i in range(config.n_layer):
        old, new = f"blk.{i}.", f"blocks.{i}."
        q = side_by_side(take(f"{old}attn_q.weight", q_rows, C), config.n_head)
        k = side_by_side(take(f"{old}attn_k.weight", kv_rows, C), config.n_kv_head)
        weights[f"{new}attention.qkv.weight"] = torch.cat((q, k, take(f"{old}attn_v.weight", kv_rows, C)))
        weights[f"{new}mlp.up.weight"] = torch.cat(
            (take(f"{old}ffn_gate.weight", inner, C), take(f"{old}ffn_up.weight", inner, C))
        )
        shapes = {"attn_norm": (C,), "attn_output": (C, q_rows), "ffn_norm": (C,), "ffn_down": (C, inner)}
        for name, shape in shapes.items():
            weights[f"{new}{_NAMES[name]}.weight"] = take(f"{old}{name}.weight", *shape)
    return weights


def side_by_side(weight: Tensor, n_head: int) -> Tensor:
    """Undoes llama.cpp's row order, which puts the two halves of a rotary pair next to each other; [H D, C]."""
    rows, C = weight.shape
    return weight.view(n_head, rows // n_head // 2, 2, C).transpose(1, 2).reshape(rows, C)


def read_tokenizer(file: GGUFFile) -> JsonTokenizer:
    """The tokenizer of the metadata, as byte-level BPE of the `tokenizers` library.

    Raises:
        ModelError: another kind of tokenizer, or lists that do not fit together.
    """
    data = file.metadata
    kind, pre = data.get("tokenizer.ggml.model"), data.get("tokenizer.ggml.pre", "default")
    if kind != "gpt2" or pre not in _PRE:
        raise ModelError(
            f"{file.path} has a tokenizer of kind {kind}/{pre}", f"talkgen reads gpt2/{{{', '.join(_PRE)}}}"
        )
    tokens, merges = data.get("tokenizer.ggml.tokens"), data.get("tokenizer.ggml.merges")
    types = data.get("tokenizer.ggml.token_type")
    if not isinstance(tokens, list) or not isinstance(merges, list) or not isinstance(types, list):
        raise ModelError(f"{file.path} lacks the lists of its tokenizer")
    if len(types) != len(tokens) or len(set(map(str, tokens))) != len(tokens):
        raise ModelError(f"{file.path}: the lists of its tokenizer do not fit together")
    document = {
        "version": "1.0",
        "added_tokens": [
            {"id": i, "content": token, "special": types[i] == _CONTROL, "normalized": False}
            | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)
            for i, token in enumerate(tokens)
            if types[i] in (_CONTROL, _USER_DEFINED)
        ],
        "normalizer": None,
        "pre_tokenizer": _PRE[pre],
        "post_processor": None,
        "decoder": _BYTE_LEVEL,
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [pair for merge in merges if len(pair := re.split(" ", str(merge))) == 2],
        },
    }
    tokenizer = JsonTokenizer.from_json(json.dumps(document), file.path)
    end = data.get("tokenizer.ggml.eos_token_id")
    tokenizer.end = end if isinstance(end, int) and 0 <= end < len(tokens) else None
    return tokenizer
