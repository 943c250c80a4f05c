"""Tokenizers in GGUF files: SentencePiece and byte-level BPE, against their definitions and against transformers."""

import inspect
import json
import math
import textwrap
from itertools import pairwise
from pathlib import Path

import gguf
import pytest
import regex
import tokenizers
import transformers
from odd_texts import make_texts
from tokenizers import normalizers, pre_tokenizers, trainers

from talkgen.errors import ModelError
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.files.gguf_tokenizer import merges_of_scores, read_tokenizer
from talkgen.lm.text.tokenizer import JsonTokenizer, byte_of_character

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
SPECIAL = ["<s>", "</s>", "<unk>", "<0x41>", "<tool>"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
ENDS = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
# What each "pre" stands for in llama.cpp, src/llama-vocab.cpp: expressions that cut the text one after the other.
EXPRESSIONS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "starcoder": [r"\p{N}", GPT2],
    "refact": [r"\p{N}", GPT2],
    "llama-bpe": [
        ENDS
        + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "qwen2": [ENDS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}  # fmt: skip


def training_text() -> list[str]:
    """English, code and odd texts, enough for a small vocabulary of several scripts."""
    license_text = (Path(__file__).parents[3] / "LICENSE").read_text(encoding="utf-8")
    return [*license_text.split("\n\n"), *inspect.getsource(textwrap).split("\n\n"), *make_texts(2000, 99)]


def write(path: Path, model: str, tokens: list[str], types: list[int], **entries) -> JsonTokenizer:
    """A GGUF file without tensors; `entries` are arguments of GGUFWriter's `add_…` methods. Reads it again."""
    writer = gguf.GGUFWriter(path, "llama")
    shape = {"block_count": 1, "context_length": 8, "embedding_length": 8, "feed_forward_length": 8, "head_count": 1}
    lists = {"tokenizer_model": model, "token_list": tokens, "token_types": types, "vocab_size": len(tokens)}
    for name, value in {**shape, "layer_norm_rms_eps": 1e-5, **lists, **entries}.items():
        getattr(writer, f"add_{name}")(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return read_tokenizer(GGUFFile(path))


def of_transformers(path: Path) -> tokenizers.Tokenizer:
    """The tokenizer as transformers converts it; special tokens written out are text, as with us."""
    backend = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).backend_tokenizer
    backend.encode_special_tokens = True
    return backend


def join(parts: list[str], rank: dict[str, float] | dict[tuple[str, str], int], by_pair: bool) -> list[str]:
    """Joins the neighbours that rank lowest, the leftmost of equals, until none can be joined."""
    while True:
        keys = [pair if by_pair else pair[0] + pair[1] for pair in pairwise(parts)]
        at = min(range(len(keys)), key=lambda i: rank.get(keys[i], math.inf), default=None)
        if at is None or keys[at] not in rank:
            return parts
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


# SentencePiece


@pytest.fixture(scope="module")
def pieces() -> dict[str, list]:
    """A vocabulary as SentencePiece numbers it: special tokens, bytes, pieces by score, then single characters."""
    trained = tokenizers.Tokenizer(tokenizers.models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(vocab_size=1500, limit_alphabet=250, show_progress=False)
    trained.train_from_iterator(training_text(), trainer)
    vocabulary = trained.get_vocab()
    normal = sorted(vocabulary, key=lambda piece: (len(piece) == 1, vocabulary[piece]))
    return {
        "tokens": ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *normal],
        "types": [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(normal)],
        "token_scores": [*[0.0] * 259, *(-float(i) for i in range(len(normal)))],
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def by_definition(text: str, pieces: dict[str, list]) -> list[int]:
    """SentencePiece's BPE: characters joined by the scores of what they make; what is no piece becomes its bytes."""
    id_of = {token: i for i, token in enumerate(pieces["tokens"])}
    rows = zip(pieces["tokens"], pieces["token_scores"], pieces["types"], strict=True)
    worse = {token: -score for token, score, kind in rows if kind == NORMAL}
    parts = join(list("▁" + text.replace(" ", "▁")), worse, by_pair=False) if text else []
    of_bytes = [[id_of[f"<0x{byte:02X}>"] for byte in part.encode()] for part in parts]
    return [i for part, code in zip(parts, of_bytes, strict=True) for i in ([id_of[part]] if part in worse else code)]


@pytest.mark.slow
def test_sentence_piece_equals_its_definition(pieces, tmp_path):
    """2,000 texts have the ids that the definition gives, unknown characters as bytes, and come back whole."""
    tokenizer = write(tmp_path / "a.gguf", "llama", **pieces)
    texts = make_texts(2000, 5, SPECIAL)
    fallbacks = 0
    for text in texts:
        ids = tokenizer.encode(text)
        assert ids == by_definition(text, pieces), repr(text)
        assert tokenizer.decode(ids) == text
        fallbacks += any(3 <= i < 259 for i in ids)
    assert fallbacks > 500


@pytest.mark.slow
def test_sentence_piece_equals_transformers(pieces, tmp_path):
    """Where a text begins with no space: there transformers' `Metaspace` leaves out the space that goes before."""
    tokenizer, reference = write(tmp_path / "a.gguf", "llama", **pieces), of_transformers(tmp_path / "a.gguf")
    texts = [text for text in make_texts(2000, 5, SPECIAL) if not text.startswith(" ")]
    assert len(texts) > 1500
    for text in texts:
        assert tokenizer.encode(text) == reference.encode(text, add_special_tokens=False).ids, repr(text)


def test_sentence_piece_without_a_space_before(pieces, tmp_path):
    """`add_space_prefix` is obeyed, in both directions."""
    tokenizer = write(tmp_path / "a.gguf", "llama", **pieces, add_space_prefix=False)
    for text in ("the License", " the License", "  ", ""):
        ids = tokenizer.encode(text)
        assert "".join(tokenizer.pieces(ids)) == text == tokenizer.decode(ids)


def test_special_tokens_written_out_are_text(pieces, tmp_path):
    """Pieces that would add up to a control token or to a byte's name do not become it."""
    lists = {**pieces, "tokens": [*pieces["tokens"], "<s", "<0x41"], "types": [*pieces["types"], NORMAL, NORMAL]}
    lists["token_scores"] = [*pieces["token_scores"], -1e6, -1e6]
    tokenizer = write(tmp_path / "a.gguf", "llama", **lists)
    for text in ("<s>", "a<s> b", "<0x41>", "<unk></s>"):
        assert tokenizer.encode(text) == by_definition(text, lists)
        assert not set(tokenizer.encode(text)) & set(range(259))


def test_user_defined_tokens_are_found_first(pieces, tmp_path):
    """A token that its maker added is found whole, whatever its parts would have become."""
    lists = {**pieces, "tokens": [*pieces["tokens"], "<tool>"], "types": [*pieces["types"], USER_DEFINED]}
    tokenizer = write(tmp_path / "a.gguf", "llama", **{**lists, "token_scores": [*pieces["token_scores"], 0.0]})
    assert tokenizer.pieces(tokenizer.encode("the<tool>")) == [" the", "<tool>"]
    assert "<tool>" not in tokenizer.special


def test_bytes_are_shown_as_such(pieces, tmp_path):
    """A character that is no piece is shown byte by byte."""
    tokenizer = write(tmp_path / "a.gguf", "llama", **pieces)
    assert tokenizer.pieces(tokenizer.encode("\u0be9")) == [" ", r"\xe0", r"\xaf", r"\xa9"]


def test_merges_follow_the_scores():
    """The best piece first; of its parts the longest left one first; parts must be pieces themselves."""
    scores = {"a": -9.0, "b": -9.0, "ab": -1.0, "ba": -2.0, "aba": -1.5, "xa": 0.0}
    assert merges_of_scores(scores) == [("a", "b"), ("ab", "a"), ("a", "ba"), ("b", "a")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token_scores": [1.0]}, "do not fit together"),
        ({"token_scores": math.nan}, "scores of its tokenizer are no numbers"),
        ({"types": NORMAL}, "no token for some bytes"),
        ({"types": [NORMAL]}, "do not fit together"),
        ({"tokens": "a"}, "do not fit together"),
    ],
)
def test_lists_that_do_not_fit_are_refused(changes, message, pieces, tmp_path):
    """Lists too short, repeated tokens, scores that are no numbers, missing bytes."""
    full = {k: v if isinstance(v, list) else [v] * len(pieces["tokens"]) for k, v in changes.items()}
    with pytest.raises(ModelError, match=message):
        write(tmp_path / "a.gguf", "llama", **{**pieces, **full})


# Byte-level BPE


@pytest.fixture(scope="module")
def byte_level() -> dict[str, list]:
    """A vocabulary of byte pairs that runs over what most expressions cut, and one token that no merge makes."""
    trained = tokenizers.Tokenizer(tokenizers.models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=2500, initial_alphabet=alphabet, max_token_length=12, show_progress=False)
    trained.train_from_iterator([text[:400] for text in training_text()], trainer)
    merges = json.loads(trained.to_str())["model"]["merges"]
    tokens = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    return {
        "tokens": [*tokens, "Ġquickest", "<s>", "</s>", "<tool>"],
        "types": [*[NORMAL] * (len(tokens) + 1), CONTROL, CONTROL, USER_DEFINED],
        "token_merges": [" ".join(pair) for pair in merges],
        "bos_token_id": len(tokens) + 1,
        "eos_token_id": len(tokens) + 2,
    }


def cut(text: str, expressions: list[str]) -> list[str]:
    """The parts of `text`, cut by each expression in turn; what lies between matches is a part too."""
    parts = [text]
    for expression in expressions:
        parts = [part for whole in parts for part in regex.split(f"({expression})", whole) if part]
    return parts


def by_ranks(text: str, pre: str, lists: dict[str, list]) -> list[int]:
    """Byte-level BPE by its definition (Sennrich et al. 2016), one pair at a time."""
    id_of = {token: i for i, token in enumerate(lists["tokens"])}
    rank = {tuple(merge.split(" ")): i for i, merge in enumerate(lists["token_merges"])}
    letter = {byte: character for character, byte in byte_of_character().items()}
    ids: list[int] = []
    for around in regex.split("(<tool>)", text):
        if around == "<tool>":
            ids.append(id_of[around])
            continue
        for part in cut(around, EXPRESSIONS[pre]):
            spelled = "".join(letter[byte] for byte in part.encode())
            whole = pre == "llama-bpe" and spelled in id_of
            ids += [id_of[token] for token in ([spelled] if whole else join(list(spelled), rank, by_pair=True))]
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("pre", EXPRESSIONS)
def test_byte_level_equals_its_definition(pre, byte_level, tmp_path):
    """1,000 texts have the ids that the expressions and the merges give, and come back whole."""
    tokenizer = write(tmp_path / "a.gguf", "gpt2", **byte_level, tokenizer_pre=pre)
    for text in [" quickest", *make_texts(1000, 6, SPECIAL)]:
        ids = tokenizer.encode(text)
        assert ids == by_ranks(text, pre, byte_level), repr(text)
        assert tokenizer.decode(ids) == text


@pytest.mark.slow
@pytest.mark.parametrize("pre", ["gpt-2", "llama-bpe", "qwen2", "tekken"])
def test_byte_level_equals_transformers(pre, byte_level, tmp_path):
    """2,000 texts; Llama 3 and Tekken take whole parts, which transformers' converter forgets to say."""
    tokenizer = write(tmp_path / "a.gguf", "gpt2", **byte_level, tokenizer_pre=pre)
    reference = of_transformers(tmp_path / "a.gguf")
    reference.model.ignore_merges = pre in ("llama-bpe", "tekken")
    for text in [" quickest", *make_texts(2000, 5, SPECIAL)]:
        assert tokenizer.encode(text) == reference.encode(text, add_special_tokens=False).ids, repr(text)


@pytest.mark.parametrize(
    ("model", "pre", "says", "begins"),
    [
        ("llama", "default", None, True),
        ("llama", "default", False, False),
        ("gpt2", "smollm", None, False),
        ("gpt2", "smollm", True, True),
        ("gpt2", "llama-bpe", None, True),
        ("gpt2", "llama-bpe", False, False),
    ],
)
def test_the_beginning_is_noted(model, pre, says, begins, pieces, byte_level, tmp_path):
    """Whether texts begin with a token is as the file says, or as its kind is used; the end token is the file's."""
    lists = pieces if model == "llama" else byte_level
    said = {} if says is None else {"add_bos_token": says}
    tokenizer = write(tmp_path / "a.gguf", model, **lists, tokenizer_pre=pre, **said)
    assert tokenizer.end == lists["eos_token_id"]
    library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    assert library.encode("x").ids == [lists["bos_token_id"]] * begins + tokenizer.encode("x")


@pytest.mark.parametrize(("model", "pre"), [("gpt2", "viking"), ("bert", "default"), ("t5", "default")])
def test_other_kinds_are_refused(model, pre, byte_level, tmp_path):
    """A kind that is not read is named, with those that are."""
    with pytest.raises(ModelError, match=f"(?s){model}/{pre}.*talkgen reads llama and gpt2/{{gpt-2, smollm"):
        write(tmp_path / "a.gguf", model, **byte_level, tokenizer_pre=pre)
