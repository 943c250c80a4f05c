"""Which models are small and plain enough to answer in a page, by what lies beside their weights; imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.files.catalog import ModelFiles

LARGEST = 4_000_000  # parameters: about 7 MB in the page, 6 ms a token


def why_not_in_page(files: ModelFiles) -> str | None:
    """Why a model cannot answer in a page; None where it can.

    Raises:
        ModelError: a file beside its weights is damaged.
    """
    if files.kind != "checkpoint":
        return "only talkgen's own small models answer in a page"
    folder = files.weights
    record = read_json(folder / "config.json", ModelError)
    config = record["config"]
    if config["architecture"] not in ("transformer", "lstm") or (
        config["architecture"] == "lstm" and config.get("attention")
    ):
        return "only transformers and LSTMs answer in a page"
    if (record.get("parameters") or LARGEST + 1) > LARGEST:
        return f"it has more than the {LARGEST:,} parameters that answer quickly enough in a page"
    tokenizer = read_json(folder / "tokenizer.json", ModelError)
    return None if is_byte_pairs(tokenizer) else "its tokenizer is no byte-level BPE"


def is_byte_pairs(tokenizer: Mapping[str, Any]) -> bool:
    """Whether a tokenizer.json is byte-level BPE with GPT-2's way of cutting words."""
    cut = tokenizer.get("pre_tokenizer") or {}
    plain = cut.get("type") == "ByteLevel" and not cut.get("add_prefix_space") and cut.get("use_regex", True)
    is_bpe = (tokenizer.get("model") or {}).get("type") == "BPE"
    return bool(is_bpe and plain and not tokenizer.get("normalizer"))
