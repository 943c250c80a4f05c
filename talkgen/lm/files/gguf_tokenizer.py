"""The tokenizer in a GGUF file's metadata, built into the `tokenizers` library; knows nothing of weights.

Two kinds: "gpt2" is byte-level BPE, whose text is first cut by the expressions that "pre" names (llama.cpp,
src/llama-vocab.cpp); "llama" is SentencePiece's BPE, which knows no merges but the score of every piece.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from talkgen.errors import ModelError
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.text.tokenizer import JsonTokenizer

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _BYTE = 1, 2, 3, 4, 6
_LONGEST_PIECE = 512  # characters; SentencePiece makes none above 16 unless told to
_SPACE = "\u2581"

_GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_ENGLISH_ENDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_DIGITS = {"type": "Digits", "individual_digits": True}


def _cut(*expressions: str) -> list[dict[str, Any]]:
    """Cuts text by each expression in turn, what lies between matches included."""
    return [
        {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}
        for expression in expressions
    ]


@dataclass(frozen=True)
class _Pre:
    """How text is cut, whether a part that is a token is taken whole, and whether a text begins with a token."""

    cuts: list[dict[str, Any]]
    whole: bool = False
    begins: bool = False


_DIGITS_FIRST = _Pre([_DIGITS, *_cut(_GPT2_WORDS)])
_LLAMA_3 = _Pre(_cut(_ENGLISH_ENDS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + _REST), whole=True, begins=True)
_PRE = {
    "gpt-2": _Pre(_cut(_GPT2_WORDS)),
    "smollm": _DIGITS_FIRST,
    "starcoder": _DIGITS_FIRST,
    "refact": _DIGITS_FIRST,
    "llama-bpe": _LLAMA_3,
    "llama3": _LLAMA_3,
    "llama-v3": _LLAMA_3,
    "qwen2": _Pre(_cut(_ENGLISH_ENDS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + _REST)),
    # As the models' own tokenizer.json has it; llama.cpp spells it without the marks of \p{M}.
    "tekken": _Pre(
        _cut(
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*|\p{{N}}|"
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
        whole=True,
        begins=True,
    ),
    # What llama.cpp does where a file names nothing.
    "default": _Pre(_cut(r"[\p{P}\$\+<=>\^~\|]+", _GPT2_WORDS, r"\p{N}+", r"[0-9][0-9][0-9]")),
}


@dataclass(frozen=True)
class _Lists:
    """The tokens by id, and the type of each."""

    tokens: list[str]
    types: list[int]


def read_tokenizer(file: GGUFFile) -> JsonTokenizer:
    """The tokenizer of the metadata.

    Raises:
        ModelError: another kind of tokenizer, or lists that do not fit together.
    """
    data = file.metadata
    kind, pre = data.get("tokenizer.ggml.model"), data.get("tokenizer.ggml.pre", "default")
    if kind == "gpt2" and pre in _PRE:
        lists = _read_lists(file)
        document, begins = _byte_level(file, lists, _PRE[pre]), _PRE[pre].begins
    elif kind == "llama":
        lists = _read_lists(file)
        document, begins = _sentence_piece(file, lists), True
    else:
        raise ModelError(
            f"{file.path} has a tokenizer of kind {kind}/{pre}", f"talkgen reads llama and gpt2/{{{', '.join(_PRE)}}}"
        )
    document |= {"version": "1.0", "added_tokens": _added_tokens(lists)}
    document["post_processor"] = _beginning(data, lists.tokens, begins)
    tokenizer = JsonTokenizer.from_json(json.dumps(document), file.path)
    tokenizer.end = _token_id(data, "eos", len(lists.tokens))
    return tokenizer


def _read_lists(file: GGUFFile) -> _Lists:
    tokens, types = (file.metadata.get(f"tokenizer.ggml.{name}") for name in ("tokens", "token_type"))
    if not isinstance(tokens, list) or not isinstance(types, list):
        raise ModelError(f"{file.path} lacks the lists of its tokenizer")
    if len(types) != len(tokens) or any(type(token) is not str for token in tokens) or len(set(tokens)) != len(tokens):
        raise ModelError(f"{file.path}: the lists of its tokenizer do not fit together")
    return _Lists(tokens, types)


def _token_id(data: dict[str, Any], name: str, count: int) -> int | None:
    value = data.get(f"tokenizer.ggml.{name}_token_id")
    return value if type(value) is int and 0 <= value < count else None


def _added_tokens(lists: _Lists) -> list[dict[str, Any]]:
    """Tokens that are found in a text before anything else; the special ones only where a caller asks for it."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return [
        {"id": i, "content": token, "special": kind != _USER_DEFINED} | flags
        for i, (token, kind) in enumerate(zip(lists.tokens, lists.types, strict=True))
        if kind in (_UNKNOWN, _CONTROL, _USER_DEFINED) and token
    ]


def _beginning(data: dict[str, Any], tokens: list[str], begins: bool) -> dict[str, Any] | None:
    """Where the model's texts begin with a token, the library's note of it; `begins` where the file does not say."""
    begin = _token_id(data, "bos", len(tokens))
    if begin is None or not data.get("tokenizer.ggml.add_bos_token", begins):
        return None
    name = tokens[begin]
    parts = [{"SpecialToken": {"id": name, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    return {
        "type": "TemplateProcessing",
        "single": parts,
        "pair": [*parts, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [begin], "tokens": [name]}},
    }


def _byte_level(file: GGUFFile, lists: _Lists, pre: _Pre) -> dict[str, Any]:
    merges = file.metadata.get("tokenizer.ggml.merges")
    if not isinstance(merges, list):
        raise ModelError(f"{file.path} lacks the lists of its tokenizer")
    return {
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*pre.cuts, _BYTE_LEVEL]},
        "decoder": _BYTE_LEVEL,
        "model": {
            "type": "BPE",
            "ignore_merges": pre.whole,
            "vocab": {token: i for i, token in enumerate(lists.tokens)},
            "merges": [merge for merge in map(str, merges) if merge.count(" ") == 1],
        },
    }


def _sentence_piece(file: GGUFFile, lists: _Lists) -> dict[str, Any]:
    """SentencePiece's steps (Kudo & Richardson 2018): a space goes before the text, and spaces become U+2581.

    Both are a normalizer's and not the library's `Metaspace`, which forgets the space before a text that begins
    with one.
    """
    scores = file.metadata.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) != len(lists.tokens):
        raise ModelError(f"{file.path}: the lists of its tokenizer do not fit together")
    if not all(type(score) is float and math.isfinite(score) for score in scores):
        raise ModelError(f"{file.path}: the scores of its tokenizer are no numbers")
    of_bytes = {token for token, kind in zip(lists.tokens, lists.types, strict=True) if kind == _BYTE}
    if not of_bytes.issuperset(f"<0x{byte:02X}>" for byte in range(256)):
        raise ModelError(f"{file.path}: its tokenizer has no token for some bytes")
    prefixed = bool(file.metadata.get("tokenizer.ggml.add_space_prefix", True))
    prepend = [{"type": "Prepend", "prepend": _SPACE}] if prefixed else []
    strip = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefixed else []
    return {
        "normalizer": {"type": "Sequence", "normalizers": [*prepend, _replace(" ", _SPACE)]},
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [_replace(_SPACE, " "), {"type": "ByteFallback"}, {"type": "Fuse"}, *strip],
        },
        "model": {
            "type": "BPE",
            "byte_fallback": True,
            "vocab": {token: i for i, token in enumerate(lists.tokens)},
            "merges": merges_of_scores(
                {
                    token: score
                    for token, kind, score in zip(lists.tokens, lists.types, scores, strict=True)
                    if kind == _NORMAL and 0 < len(token) <= _LONGEST_PIECE
                }
            ),
        },
    }


def _replace(old: str, new: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def merges_of_scores(score_of: dict[str, float]) -> list[tuple[str, str]]:
    """Every way to put a piece together from two, the best piece first.

    SentencePiece joins the neighbours whose piece has the best score; ranked so, byte-pair merges do the same. Of one
    piece the longest left part goes first, since of equals SentencePiece takes the leftmost.
    """
    ways = [
        (score, piece[:cut], piece[cut:])
        for piece, score in score_of.items()
        for cut in range(1, len(piece))
        if piece[:cut] in score_of and piece[cut:] in score_of
    ]
    ways.sort(key=lambda way: (way[0], len(way[1])), reverse=True)
    return [(left, right) for _, left, right in ways]
