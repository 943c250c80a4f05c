"""Models in the Hugging Face layout: `config.json`, `model.safetensors` (sharded too) and `tokenizer.json`.

Reads the GPT-2 and the Llama families. Names and layouts are those that transformers writes; GPT-2's linear layers are
stored input-first there ("Conv1D") and are turned round once, here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.architectures import build_model
from talkgen.lm.checkpoint import fill_model
from talkgen.lm.config import ModelConfig
from talkgen.lm.memory import check_memory
from talkgen.lm.model import LanguageModel
from talkgen.lm.tokenizer import Tokenizer, load_tokenizer

_WANTED = ("config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors")
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
        ModelError: a file is missing or damaged, or the files contradict each other.
    """
    data = _read_json(folder / "config.json")
    config = read_config(data, folder)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if tokenizer.vocab_size > config.vocab_size:
        raise ModelError(f"{folder}: {tokenizer.vocab_size} tokens do not fit a model of {config.vocab_size}")
    tensors = _read_tensors(folder)
    rename = _from_gpt2 if data["model_type"] == "gpt2" else _from_llama
    with torch.device("meta"):
        model = build_model(config)
    fill_model(model, rename(tensors, config, folder), folder)
    return model.eval(), tokenizer


def read_config(data: Mapping[str, Any], folder: Path) -> ModelConfig:
    """Our config from a Hugging Face one.

    Raises:
        ModelError: an unknown architecture, or a missing or unfit value.
    """
    kind = data.get("model_type")
    try:
        if kind == "gpt2":
            return _gpt2_config(data)
        if kind == "llama":
            return _llama_config(data)
    except (KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'config.json'} lacks {error}") from error
    raise ModelError(f"{folder} holds the architecture '{kind}'", "talkgen reads gpt2 and llama (SmolLM2 too)")


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
    scaling = rope.get("rope_type") or (data.get("rope_scaling") or {}).get("rope_type") or "default"
    if scaling != "default" or data.get("hidden_act", "silu") != "silu":
        raise ModelError(f"rotary scaling '{scaling}' or activation '{data.get('hidden_act')}' is not read here")
    if data.get("attention_bias") or data.get("mlp_bias"):
        raise ModelError("a Llama with biases is not read here")
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


def _read_json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{file} is no JSON") from error
    if not isinstance(data, dict):
        raise ModelError(f"{file} is no JSON object")
    return data


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of `model.safetensors`, or of the shards that its index names."""
    names = ["model.safetensors"]
    if not (folder / names[0]).is_file():
        index = folder / "model.safetensors.index.json"
        if not index.is_file():
            pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
            hint = "a pickle can run any code and is not read; convert it to safetensors" if pickled else ""
            raise ModelError(f"{folder} holds no model.safetensors", hint)
        names = sorted({str(name) for name in _read_json(index).get("weight_map", {}).values()})
    if any(Path(name).name != name or not (folder / name).is_file() for name in names):
        raise ModelError(f"{folder} lacks a shard that its index names")
    check_memory(2 * sum((folder / name).stat().st_size for name in names), str(folder))
    tensors: dict[str, Tensor] = {}
    for name in names:
        try:
            with safe_open(folder / name, framework="pt") as file:
                tensors |= {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 – no mapping
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{folder / name} cannot be read: {error}", "the file may be cut short") from error
    return tensors


class _Taker:
    """Hands out tensors by their old names, each once."""

    def __init__(self, tensors: dict[str, Tensor], folder: Path) -> None:
        self._tensors, self._folder = tensors, folder

    def __call__(self, name: str) -> Tensor:
        if name not in self._tensors:
            raise ModelError(f"{self._folder} contradicts its config: it lacks {name}")
        return self._tensors[name]


def _from_gpt2(tensors: dict[str, Tensor], config: ModelConfig, folder: Path) -> dict[str, Tensor]:
    take = _Taker({name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}, folder)
    weights = {"embed.weight": take("wte.weight"), "positions.weight": take("wpe.weight")}
    if not config.tied_head:
        weights["head.weight"] = take("lm_head.weight")
    names = {"ln_f": "norm"}
    for i in range(config.n_layer):
        parts = {
            "ln_1": "norm_1",
            "attn.c_attn": "attention.qkv",
            "attn.c_proj": "attention.proj",
            "ln_2": "norm_2",
            "mlp.c_fc": "mlp.up",
            "mlp.c_proj": "mlp.down",
        }
        names |= {f"h.{i}.{old}": f"blocks.{i}.{new}" for old, new in parts.items()}
    for old, new in names.items():
        weight = take(f"{old}.weight")
        weights[f"{new}.weight"] = weight.T.contiguous() if weight.dim() == 2 else weight
        weights[f"{new}.bias"] = take(f"{old}.bias")
    return weights


def _from_llama(tensors: dict[str, Tensor], config: ModelConfig, folder: Path) -> dict[str, Tensor]:
    take = _Taker(tensors, folder)
    weights = {"embed.weight": take("model.embed_tokens.weight"), "norm.weight": take("model.norm.weight")}
    if not config.tied_head:
        weights["head.weight"] = take("lm_head.weight")
    for i in range(config.n_layer):
        old, new = f"model.layers.{i}.", f"blocks.{i}."
        qkv = [take(f"{old}self_attn.{part}_proj.weight") for part in "qkv"]
        weights[f"{new}attention.qkv.weight"] = torch.cat(qkv)
        weights[f"{new}attention.proj.weight"] = take(f"{old}self_attn.o_proj.weight")
        up = [take(f"{old}mlp.{part}_proj.weight") for part in ("gate", "up")]
        weights[f"{new}mlp.up.weight"] = torch.cat(up)
        weights[f"{new}mlp.down.weight"] = take(f"{old}mlp.down_proj.weight")
        weights[f"{new}norm_1.weight"] = take(f"{old}input_layernorm.weight")
        weights[f"{new}norm_2.weight"] = take(f"{old}post_attention_layernorm.weight")
    return weights
