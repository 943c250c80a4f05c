"""Damaged checkpoints and Hugging Face folders: each is loaded and answers, or is refused with one ModelError."""

import json
import pickle
import random
import resource
import shutil
import struct
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
from safetensors.numpy import load_file, save_file

from talkgen.errors import ModelError
from talkgen.lm.architectures import build_model
from talkgen.lm.checkpoint import save_checkpoint
from talkgen.lm.config import ModelConfig
from talkgen.lm.hub import find_model
from talkgen.lm.tokenizer import JsonTokenizer, load_tokenizer
from talkgen.lm.weights import load_model

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


@pytest.fixture(params=WRITERS)
def sound(request, tmp_path) -> Path:
    """A folder that loads, of each kind."""
    WRITERS[request.param](tmp_path / "model")
    return tmp_path / "model"


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


# Mutations: of bytes, and of JSON values where a byte would only make the JSON unreadable.

VALUES = (
    None,
    True,
    0,
    -1,
    1,
    3,
    1000,
    10**8,
    2**31,
    2**53,
    2**64,
    10**30,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    300 * "x",
    "../x",
    [],
    [[]],
    {},
    {"a": 1},
)


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken out, put in, or the end cut off; most of it near the beginning."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(max(1, min(len(changed), 2000) if rng.random() < 0.7 else len(changed)))
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[at : at + 8] = rng.choice((b"\xff" * 8, b"\0" * 8, (2**40).to_bytes(8, "little")))
            case 2:
                del changed[at : at + rng.randrange(1, 40)]
            case 3:
                changed[at:at] = rng.choice((b"[" * 5000, b"\0" * 10, b"9" * 400, b'"', b"}"))
            case 4:
                del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def damage_json(value: Any, rng: random.Random) -> Any:
    """One value somewhere inside replaced, taken out, doubled or renamed."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.1:
        return deepcopy(rng.choice(VALUES))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    match rng.randrange(6):
        case 0:
            del value[key]
        case 1:
            value[key] = deepcopy(value[rng.choice(keys)])
        case 2 if isinstance(value, dict):
            value[rng.choice(("x", "", "model.norm.weight", "__metadata__", *keys))] = value.pop(key)
        case _:
            value[key] = damage_json(value[key], rng)
    return value


def damage_header(data: bytes, rng: random.Random) -> bytes:
    """A safetensors file whose header lies: offsets, shapes, types and names."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    for _ in range(rng.choice((1, 1, 2, 5))):
        entry = rng.choice([entry for entry in header.values() if isinstance(entry, dict)] or [{}])
        match rng.randrange(5):
            case 0:
                entry["shape"] = rng.choice(([], [0], [2**40, 2**40], [2**62], [1, 1, 16], [-1], [16, 1]))
            case 1:
                entry["data_offsets"] = rng.choice(
                    ([0, 64], [64, 0], [0, 2**60], [-8, 8], [0], [0, 0], entry.get("data_offsets"))
                )
            case 2:
                entry["dtype"] = rng.choice(
                    ("F16", "BF16", "F64", "I64", "BOOL", "U8", "F8_E4M3", "F4", "C64", "X", "")
                )
            case _:
                header = damage_json(header, rng)
                if not isinstance(header, dict):
                    break
    text = json.dumps(header).encode()
    claimed = len(text) if rng.random() < 0.95 else rng.choice((0, 1, 2**32, 2**63, 2**64 - 1, len(data)))
    return struct.pack("<Q", claimed) + text + data[8 + length :]


def damage(file: Path, rng: random.Random) -> None:
    """Damages one file in a way that fits it."""
    data = file.read_bytes()
    if rng.random() < 0.3:
        data = damage_bytes(data, rng)
    elif file.suffix == ".safetensors":
        data = damage_header(data, rng) if rng.random() < 0.8 else data[: -rng.randrange(1, 200)]
    else:
        document = json.loads(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            document = damage_json(document, rng)
        data = json.dumps(document).encode()
    file.write_bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_damaged_folders_do_no_harm(sound):
    """1,200 folders of each kind: loaded or refused; no other exception, no crash, and memory stays bounded."""
    load_and_ask(sound)
    rng, messages = random.Random(17), []
    original = sound.with_name("original")
    shutil.copytree(sound, original)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(1200):
        for file in original.iterdir():
            shutil.copyfile(file, sound / file.name)
        damage(rng.choice(sorted(sound.iterdir())), rng)
        try:
            load_and_ask(sound)
        except ModelError as error:
            messages.append(str(error).strip())
    assert len(messages) > 600
    assert all(messages)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


@pytest.mark.slow
def test_damaged_tokenizers_do_no_harm(tmp_path):
    """3,000 files, most of them damaged outside the vocabulary, where the library panics: read and used, or refused."""
    sound = json.loads(byte_pairs().to_json())
    sound["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    parts = [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    end = {"id": "<|endoftext|>", "ids": [258], "tokens": ["<|endoftext|>"]}
    pair = [*parts, {"Sequence": {"id": "B", "type_id": 1}}]
    sound["post_processor"] = {"type": "TemplateProcessing", "single": parts, "pair": pair}
    sound["post_processor"]["special_tokens"] = {"<|endoftext|>": end}
    rng, file, refused = random.Random(23), tmp_path / "tokenizer.json", 0
    for _ in range(3000):
        document = deepcopy(sound)
        key = rng.choice([key for key in sound if key != "model" or rng.random() < 0.5])
        document[key] = damage_json(document[key], rng)
        file.write_text(json.dumps(document))
        try:
            tokenizer = load_tokenizer(file)
            ids = tokenizer.encode("hello, <|endoftext|> 👍🏽")
            tokenizer.pieces(ids)
            tokenizer.decode(ids)
        except ModelError:
            refused += 1
    assert 500 < refused < 2900


# What is refused, one by one.


def edit_config(folder: Path, **changes: Any) -> None:
    """Writes other values into a folder's config."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": LAYERS + 1}, r"lacks model\.layers\.2\."),
        ({"num_hidden_layers": LAYERS - 1}, r"has model\.layers\.1\..*, which the model does not"),
        ({"num_hidden_layers": 10**8}, r"lacks model\.layers\.2\."),
        ({"hidden_size": 2 * C}, r"is \(259, 16\), not \(259, 32\)"),
        ({"intermediate_size": 8}, r"is \(24, 16\), not \(8, 16\)"),
        ({"num_key_value_heads": 3}, "cannot share"),
        ({"vocab_size": 100}, r"is \(259, 16\), not \(100, 16\)"),
        ({"vocab_size": 300}, r"is \(259, 16\), not \(300, 16\)"),
        ({"tie_word_embeddings": False}, "lacks lm_head"),
        ({"hidden_size": 2**27, "num_attention_heads": 2**27, "head_dim": 2**27}, "not"),
        ({"rms_norm_eps": float("inf")}, "norm_eps = inf"),
        ({"rms_norm_eps": "x"}, "norm_eps"),
        ({"rope_theta": "x"}, "wrong kind"),
        ({"rope_parameters": "x"}, "wrong kind"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "scaling 'linear'"),
        ({"rope_scaling": {"rope_type": "llama3"}}, "scaling 'llama3'"),
        ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
        ({"attention_bias": True}, "attention_bias = True"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantization_config"),
        ({"model_type": "mamba"}, "'mamba'"),
    ],
)
def test_a_config_that_contradicts_its_tensors_is_refused(changes, message, tmp_path):
    """What does not fit is named, and nothing is built before it fits."""
    write_llama(tmp_path / "model", 1)
    edit_config(tmp_path / "model", **changes)
    with pytest.raises(ModelError, match=message):
        load_and_ask(tmp_path / "model")


def test_a_checkpoint_of_too_many_layers_is_refused(tmp_path):
    """Ours says so in numbers."""
    write_checkpoint(tmp_path / "model", "lstm")
    config = json.loads((tmp_path / "model" / "config.json").read_text())["config"]
    edit_config(tmp_path / "model", config={**config, "n_layer": 10**8})
    with pytest.raises(ModelError, match="100000000 layers in"):
        load_and_ask(tmp_path / "model")


@pytest.mark.parametrize("kind", ["F32", "BF16"])
@pytest.mark.parametrize("folder", ["checkpoint", "llama", "shards"])
def test_more_memory_than_there_is_is_refused(folder, kind, tmp_path):
    """Nothing of a terabyte is read: as stored and, where it is no float32 yet, as float32 beside it."""
    WRITERS[folder](tmp_path / "model")
    file = min((tmp_path / "model").glob("*.safetensors"))
    size = 2**38 * (4 if kind == "F32" else 2)
    entry = {"dtype": kind, "shape": [2**19, 2**19], "data_offsets": [0, size]}
    header = json.dumps({"embed.weight": entry}).encode()
    with file.open("wb") as opened:
        opened.write(struct.pack("<Q", len(header)) + header)
        opened.truncate(8 + len(header) + size)  # sparse: it takes no room on the disk
    with pytest.raises(ModelError, match=r"needs 1024\.0 GiB" if kind == "F32" else r"needs 1536\.0 GiB"):
        load_and_ask(tmp_path / "model")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.safetensors"])
def test_pickles_are_not_opened(name, tmp_path):
    """Whatever a pickle is called, what it would do is not done."""
    write_llama(tmp_path / "model", 1)
    (tmp_path / "model" / "model.safetensors").unlink()
    harm = tmp_path / "harm"
    (tmp_path / "model" / name).write_bytes(f"cos\nmkdir\n(V{harm}\ntR.".encode())
    with pytest.raises(ModelError, match="cannot be read" if name.endswith("safetensors") else "a pickle can run"):
        load_and_ask(tmp_path / "model")
    assert not harm.exists()
    pickle.loads((tmp_path / "model" / name).read_bytes())
    assert harm.exists(), "the pickle would have done harm"


def test_a_tensor_in_two_shards_is_refused(tmp_path):
    """No telling which one is meant."""
    write_llama(tmp_path / "model", 3)
    shards = sorted((tmp_path / "model").glob("*.safetensors"))
    save_file({**load_file(shards[1]), **load_file(shards[0])}, shards[1])
    with pytest.raises(ModelError, match="which another file holds too"):
        load_and_ask(tmp_path / "model")


@pytest.mark.parametrize("named", ["../model.safetensors", "/etc/passwd", "config.json", "", "gone.safetensors", 7])
def test_an_index_names_shards_beside_it(named, tmp_path):
    """Nothing outside the folder is opened, and nothing but safetensors."""
    write_llama(tmp_path / "model", 3)
    (tmp_path / "model.safetensors").write_bytes(b"")
    index = tmp_path / "model" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"model.norm.weight": named}}))
    with pytest.raises(ModelError, match="lacks a shard that its index names"):
        load_and_ask(tmp_path / "model")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("folder", ["checkpoint", "gpt2", "shards"])
def test_weights_that_are_no_numbers_are_refused(folder, value, tmp_path):
    """One such weight is found before anybody asks the model."""
    WRITERS[folder](tmp_path / "model")
    file = max((tmp_path / "model").glob("*.safetensors"))
    tensors = load_file(file)
    tensors[max(tensors)].flat[-1] = value
    save_file(tensors, file)
    with pytest.raises(ModelError, match="NaN or infinity"):
        load_and_ask(tmp_path / "model")


def test_what_older_versions_stored_is_passed_over(tmp_path):
    """Masks and rotary frequencies, which old folders hold, change nothing."""
    write_llama(tmp_path / "llama", 1)
    write_gpt2(tmp_path / "gpt2")
    older = {"llama": "model.layers.0.self_attn.rotary_emb.inv_freq", "gpt2": "h.0.attn.bias"}
    for name, buffer in older.items():
        expected = load_and_ask(tmp_path / name)
        file = tmp_path / name / "model.safetensors"
        save_file({**load_file(file), buffer: np.ones(4, dtype=np.float32), "h.0.attn.mask": np.ones(3, bool)}, file)
        assert torch.equal(load_and_ask(tmp_path / name), expected)


def test_ids_with_gaps_count_to_the_last(tmp_path):
    """A token whose id is beyond the model's vocabulary is found, however few tokens there are."""
    write_llama(tmp_path / "model", 1)
    file = tmp_path / "model" / "tokenizer.json"
    document = json.loads(file.read_text())
    document["model"]["vocab"]["hel"] = 5000
    file.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="5001 tokens do not fit a model of 259"):
        load_and_ask(tmp_path / "model")


def test_a_tokenizer_does_not_cut_texts(tmp_path):
    """A length that its trainer cut or filled texts to is passed over."""
    write_llama(tmp_path / "model", 1)
    file = tmp_path / "model" / "tokenizer.json"
    whole = load_tokenizer(file).encode("hello, world")
    made = tokenizers.Tokenizer.from_file(str(file))
    made.enable_truncation(3)
    made.enable_padding(length=64)
    made.save(str(file))
    assert load_tokenizer(file).encode("hello, world") == whole
