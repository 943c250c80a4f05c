"""Models in the Hugging Face layout: `config.json`, `model.safetensors` (sharded too) and `tokenizer.json`.

Reads the GPT-2 and the Llama families. Names and layouts are those that transformers writes; GPT-2's linear layers are
stored input-first there ("Conv1D") and are turned round once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.files.catalog import find_tokenizer
from talkgen.lm.files.checkpoint import assemble, read_tensors
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import Tokenizer, load_tokenizer

_WANTED = ("config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors")
# What other values would change in the computation is not implemented: better no model than a wrong one.
_USUAL = {"quantization_config": None, "add_cross_attention": False}
_USUAL_GPT2 = _USUAL | {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False}
_USUAL_LLAMA = _USUAL | {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
_ACTIVATIONS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu"}


def fetch_snapshot(name: str) -> Path:
    """The folder of the hub's model `name` ("ORG/NAME") in the hub's own cache, fetched if need be.

    Raises:
        ModelError: no network and nothing cached, or no such model.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(_WANTED)))
    except HFValidationError as error:
        raise ModelError(f"'{name}' is no name of a model on the hub", "write it as hf:ORG/NAME") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelError(
            f"hf:{name} cannot be fetched: {error}", "is the network there, and the name right?"
        ) from error


def load_folder(folder: Path) -> tuple[LanguageModel, Tokenizer]:
    """The model (float32, in evaluation mode) and the tokenizer in a folder.

    Raises:
        ModelError: a file is missing or damaged, they do not fit into memory, or they contradict each other.
    """
    data = read_json(folder / "config.json", ModelError)
    config = read_config(data, folder)
    tokenizer = load_tokenizer(find_tokenizer(folder))
    rename = _from_gpt2 if data["model_type"] == "gpt2" else _from_llama
    weights = rename(read_tensors(_find_tensors(folder)), config, folder)
    return assemble(config, tokenizer, weights, folder), tokenizer


def read_config(data: Mapping[str, Any], folder: Path) -> ModelConfig:
    """Our config from a Hugging Face one.

    Raises:
        ModelError: an unknown architecture, or a missing or unfit value.
    """
    kind = data.get("model_type")
    if kind not in ("gpt2", "llama"):
        raise ModelError(f"{folder} holds the architecture '{kind}'", "talkgen reads gpt2 and llama (SmolLM2 too)")
    usual = _USUAL_GPT2 if kind == "gpt2" else _USUAL_LLAMA
    for name, value in usual.items():
        if data.get(name) not in (None, value):
            raise ModelError(f"{folder / 'config.json'} says {name} = {data[name]!r}", f"talkgen reads {value!r} only")
    try:
        return _gpt2_config(data) if kind == "gpt2" else _llama_config(data)
    except KeyError as error:
        raise ModelError(f"{folder / 'config.json'} lacks {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"{folder / 'config.json'} holds a value of the wrong kind: {error}") from error


def _gpt2_config(data: Mapping[str, Any]) -> ModelConfig:
    return ModelConfig.from_json(
        {
            "vocab_size": data["vocab_size"],
            "n_layer": data["n_layer"],
            "n_embd": data["n_embd"],
            "n_head": data["n_head"],
            "n_inner": data.get("n_inner") or 4 * data["n_embd"],
            "block_size": data["n_positions"],
            "norm_eps": data.get("layer_norm_epsilon", 1e-5),
            "activation": _ACTIVATIONS.get(data.get("activation_function", "gelu_new"), "unknown"),
            "tied_head": data.get("tie_word_embeddings", True),
        }
    )


def _llama_config(data: Mapping[str, Any]) -> ModelConfig:
    rope = data.get("rope_parameters") or {}
    older = data.get("rope_scaling") or {}  # before transformers 5; before 4.43 its "rope_type" was "type"
    scaling = rope.get("rope_type") or older.get("rope_type") or older.get("type") or "default"
    if scaling != "default":
        raise ModelError(f"the rotary scaling '{scaling}' is not read here")
    return ModelConfig.from_json(
        {
            "vocab_size": data["vocab_size"],
            "n_layer": data["num_hidden_layers"],
            "n_embd": data["hidden_size"],
            "n_head": data["num_attention_heads"],
            "n_kv_head": data.get("num_key_value_heads") or data["num_attention_heads"],
            "head_dim": data.get("head_dim") or 0,
            "n_inner": data["intermediate_size"],
            "block_size": data["max_position_embeddings"],
            "norm": "rms",
            "norm_eps": data["rms_norm_eps"],
            "positions": "rotary",
            "rope_theta": float(rope.get("rope_theta") or data.get("rope_theta") or 10_000.0),
            "activation": "swiglu",
            "bias": False,
            "tied_head": data.get("tie_word_embeddings", False),
        }
    )


def _find_tensors(folder: Path) -> list[Path]:
    """`model.safetensors`, or the shards that its index names."""
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.is_file():
        return [whole]
    if not index.is_file():
        pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
        hint = "a pickle can run any code and is not read; convert it to safetensors" if pickled else ""
        raise ModelError(f"{folder} holds no model.safetensors", hint)
    named = read_json(index, ModelError).get("weight_map")
    if not isinstance(named, dict) or not named:
        raise ModelError(f"{index} names no shards")
    there = {path.name: path for path in folder.glob("*.safetensors")}
    names = sorted({str(name) for name in named.values()})
    if missing := [name for name in names if name not in there]:
        raise ModelError(f"{folder} lacks a shard that its index names: {missing[0][:100]!r}")
    return [there[name] for name in names]


class _Taker:
    """Hands out tensors by their old names and forgets them; `prefix` is one that names may have or lack."""

    def __init__(self, tensors: dict[str, Tensor], folder: Path, prefix: str = "") -> None:
        self._tensors, self._prefix, self._where = tensors, prefix, f"{folder} contradicts its config"

    def __call__(self, name: str, *shape: int) -> Tensor:
        tensor = self._tensors.pop(self._prefix + name, None)
        if tensor is None:
            tensor = self._tensors.pop(name, None)
        if tensor is None:
            raise ModelError(f"{self._where}: it lacks {name}")
        if tensor.shape != shape:
            raise ModelError(f"{self._where}: {name} is {tuple(tensor.shape)}, not {shape}")
        return tensor

    def finish(self, tied: bool) -> None:
        """Refuses what is left over, but for what older versions of transformers stored and no newer one reads."""
        unread = (".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", *(["lm_head.weight"] if tied else []))
        if left := sorted(name for name in self._tensors if not name.endswith(unread)):
            raise ModelError(f"{self._where}: it has {left[0]}, which the model does not")


def _from_gpt2(tensors: dict[str, Tensor], config: ModelConfig, folder: Path) -> dict[str, Tensor]:
    take = _Taker(tensors, folder, "transformer.")
    C, inner, rows = config.n_embd, config.n_inner, config.n_head * config.head_dim
    weights = {"embed.weight": take("wte.weight", config.vocab_size, C)}
    weights["positions.weight"] = take("wpe.weight", config.block_size, C)
    if not config.tied_head:
        weights["head.weight"] = take("lm_head.weight", config.vocab_size, C)

    def move(old: str, new: str, *shape: int) -> None:
        weight = take(f"{old}.weight", *shape)
        weights[f"{new}.weight"] = weight.T.contiguous() if len(shape) == 2 else weight
        weights[f"{new}.bias"] = take(f"{old}.bias", shape[-1])

    for i in range(config.n_layer):
        old, new = f"h.{i}.", f"blocks.{i}."
        move(f"{old}ln_1", f"{new}norm_1", C)
        move(f"{old}attn.c_attn", f"{new}attention.qkv", C, 3 * rows)
        move(f"{old}attn.c_proj", f"{new}attention.proj", rows, C)
        move(f"{old}ln_2", f"{new}norm_2", C)
        move(f"{old}mlp.c_fc", f"{new}mlp.up", C, inner)
        move(f"{old}mlp.c_proj", f"{new}mlp.down", inner, C)
    move("ln_f", "norm", C)
    take.finish(config.tied_head)
    return weights


def _from_llama(tensors: dict[str, Tensor], config: ModelConfig, folder: Path) -> dict[str, Tensor]:
    take = _Taker(tensors, folder)
    C, inner, D = config.n_embd, config.n_inner, config.head_dim
    weights = {"embed.weight": take("model.embed_tokens.weight", config.vocab_size, C)}
    weights["norm.weight"] = take("model.norm.weight", C)
    if not config.tied_head:
        weights["head.weight"] = take("lm_head.weight", config.vocab_size, C)
    for i in range(config.n_layer):
        old, new = f"model.layers.{i}.", f"blocks.{i}."
        heads = {"q": config.n_head, "k": config.n_kv_head, "v": config.n_kv_head}
        qkv = [take(f"{old}self_attn.{part}_proj.weight", n * D, C) for part, n in heads.items()]
        weights[f"{new}attention.qkv.weight"] = torch.cat(qkv)
        weights[f"{new}attention.proj.weight"] = take(f"{old}self_attn.o_proj.weight", C, config.n_head * D)
        up = [take(f"{old}mlp.{part}_proj.weight", inner, C) for part in ("gate", "up")]
        weights[f"{new}mlp.up.weight"] = torch.cat(up)
        weights[f"{new}mlp.down.weight"] = take(f"{old}mlp.down_proj.weight", C, inner)
        weights[f"{new}norm_1.weight"] = take(f"{old}input_layernorm.weight", C)
        weights[f"{new}norm_2.weight"] = take(f"{old}post_attention_layernorm.weight", C)
    take.finish(config.tied_head)
    return weights
