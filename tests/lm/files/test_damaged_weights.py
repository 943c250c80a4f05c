"""Damaged checkpoints and Hugging Face folders: each is loaded and answers, or is refused with one ModelError."""

import json
import random
import shutil
import struct
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from model_folders import WRITERS, byte_pairs, load_and_ask

from talkgen.errors import ModelError
from talkgen.lm.text.tokenizer import load_tokenizer

resource = pytest.importorskip("resource", reason="Windows has no such limits")


@pytest.fixture(params=WRITERS)
def sound(request, tmp_path) -> Path:
    """A folder that loads, of each kind."""
    WRITERS[request.param](tmp_path / "model")
    return tmp_path / "model"


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
