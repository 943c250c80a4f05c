"""The tokenizer in a GGUF file's metadata, built into the `tokenizers` library; knows nothing of weights."""

from __future__ import annotations

import json
import re

from talkgen.errors import ModelError
from talkgen.lm.gguf_file import GGUFFile
from talkgen.lm.tokenizer import JsonTokenizer

# How each "pre" of llama.cpp cuts text before byte pairs are merged (its src/llama-vocab.cpp names them; the parts are
# those of the models' own tokenizer.json).
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_PRE = {
    "gpt-2": _BYTE_LEVEL,
    "default": _BYTE_LEVEL,
    "smollm": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, _BYTE_LEVEL]},
}
_CONTROL, _USER_DEFINED = 3, 4


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
