"""Small models written to disk as each kind of folder that can be loaded, and the asking of one that was."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tokenizers
import torch
from safetensors.numpy import save_file

from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.checkpoint import save_checkpoint
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import JsonTokenizer

C, INNER, HEADS, KV, LAYERS = 16, 24, 4, 2, 2


def byte_pairs() -> JsonTokenizer:
    """A tokenizer of bytes and two merges."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*alphabet, "he", "hel"])}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [("h", "e"), ("he", "l")]))
    made.pre_tokenizer, made.decoder = tokenizers.pre_tokenizers.ByteLevel(), tokenizers.decoders.ByteLevel()
    made.add_special_tokens(["<|endoftext|>"])
    return JsonTokenizer(made)


def write_checkpoint(folder: Path, architecture: str) -> None:
    """A checkpoint of ours with fresh weights."""
    tokenizer = byte_pairs()
    config = ModelConfig(tokenizer.vocab_size, architecture, n_layer=LAYERS, n_embd=C, n_head=HEADS, block_size=32)
    save_checkpoint(folder, build_model(config), tokenizer, {"step": 1})


def write_llama(folder: Path, shards: int) -> None:
    """A Hugging Face folder of a small Llama with random weights, in one file or in several."""
    folder.mkdir()
    tokenizer, rng = byte_pairs(), np.random.default_rng(3)
    config = {
        "model_type": "llama",
        "vocab_size": tokenizer.vocab_size,
        "hidden_size": C,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV,
        "max_position_embeddings": 32,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "rope_theta": 10_000.0,
        "rope_scaling": None,
        "head_dim": C // HEADS,
        "hidden_act": "silu",
        "attention_bias": False,
    }
    shapes = {"model.embed_tokens": (tokenizer.vocab_size, C), "model.norm": (C,)}
    for i in range(LAYERS):
        rows = {"q": C, "k": C // HEADS * KV, "v": C // HEADS * KV, "o": C}
        attention = {f"self_attn.{part}_proj": (n, C) for part, n in rows.items()}
        mlp = {"mlp.gate_proj": (INNER, C), "mlp.up_proj": (INNER, C), "mlp.down_proj": (C, INNER)}
        norms = {"input_layernorm": (C,), "post_attention_layernorm": (C,)}
        shapes |= {f"model.layers.{i}.{name}": shape for name, shape in (attention | mlp | norms).items()}
    tensors = {f"{name}.weight": rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(tokenizer.to_json())
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
        return
    file_of = {name: f"model-{i % shards + 1:05}-of-{shards:05}.safetensors" for i, name in enumerate(tensors)}
    for file in set(file_of.values()):
        save_file({name: tensors[name] for name in tensors if file_of[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": file_of}))


def write_gpt2(folder: Path) -> None:
    """A Hugging Face folder of a small GPT-2 with random weights."""
    folder.mkdir()
    tokenizer, rng = byte_pairs(), np.random.default_rng(4)
    shape = {"n_embd": C, "n_layer": LAYERS, "n_head": HEADS, "n_positions": 32}
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", "vocab_size": tokenizer.vocab_size, **shape}))
    (folder / "tokenizer.json").write_text(tokenizer.to_json())
    shapes: dict[str, tuple[int, ...]] = {"wte.weight": (tokenizer.vocab_size, C), "wpe.weight": (32, C)}
    linear = {"attn.c_attn": (C, 3 * C), "attn.c_proj": (C, C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
    norms = ["ln_f", *(f"h.{i}.ln_{j}" for i in range(LAYERS) for j in (1, 2))]
    for name, (rows, columns) in {f"h.{i}.{name}": s for i in range(LAYERS) for name, s in linear.items()}.items():
        shapes |= {f"{name}.weight": (rows, columns), f"{name}.bias": (columns,)}
    for name in norms:
        shapes |= {f"{name}.weight": (C,), f"{name}.bias": (C,)}
    save_file({n: rng.standard_normal(s, dtype=np.float32) for n, s in shapes.items()}, folder / "model.safetensors")


WRITERS: dict[str, Callable[[Path], None]] = {
    "checkpoint": lambda folder: write_checkpoint(folder, "transformer"),
    "lstm": lambda folder: write_checkpoint(folder, "lstm"),
    "llama": lambda folder: write_llama(folder, 1),
    "shards": lambda folder: write_llama(folder, 3),
    "gpt2": write_gpt2,
}


@torch.no_grad()
def load_and_ask(folder: Path) -> torch.Tensor:
    """The logits of a folder's model after a text, which must be numbers; [V]."""
    files = find_model(str(folder), folder)
    files.about()
    loaded = load_model(files)
    ids = loaded.tokenizer.encode("hello, world") or [0]
    loaded.tokenizer.pieces(ids)
    loaded.tokenizer.decode(ids)
    assert max(ids) < loaded.model.config.vocab_size
    logits = loaded.model(torch.tensor([ids[: loaded.model.config.block_size]]))[0][0, -1]
    assert logits.isfinite().all()
    return logits
