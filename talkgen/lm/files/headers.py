"""What the headers of safetensors files say of a model: how many numbers it has; loads none of them.

A file begins with the length of its header (8 bytes, little end first) and the header, JSON: each tensor's dtype and
shape. https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
from pathlib import Path

_EMBEDDINGS = ("wte.weight", "wpe.weight", "embed_tokens.weight", "embed.weight", "positions.weight")
_FLOATS = {"F64", "F32", "F16", "BF16"}
_MOST = 100_000_000  # bytes of a header, as the format has it


def count_numbers(folder: Path) -> tuple[int, int]:
    """The numbers in all safetensors files of a folder, and how many of these are embeddings; 0 in a damaged file."""
    total = embeddings = 0
    for file in sorted(folder.glob("*.safetensors")):
        for name, count in _sizes(file).items():
            total += count
            embeddings += count if name.endswith(_EMBEDDINGS) else 0
    return total, embeddings


def _sizes(file: Path) -> dict[str, int]:
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(min(length, _MOST)))
        tensors = {name: each for name, each in header.items() if each.get("dtype") in _FLOATS}  # metadata has no dtype
        return {name: math.prod(int(size) for size in each["shape"]) for name, each in tensors.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}
