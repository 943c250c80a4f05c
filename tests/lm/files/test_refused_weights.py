"""What is refused of checkpoints and Hugging Face folders, one by one, and what is passed over."""

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
from model_folders import LAYERS, WRITERS, C, load_and_ask, write_checkpoint, write_gpt2, write_llama
from safetensors.numpy import load_file, save_file

from talkgen.errors import ModelError
from talkgen.lm.text.tokenizer import load_tokenizer


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
