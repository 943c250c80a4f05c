r"""Text to token ids and back: characters, bytes, or whatever a `tokenizer.json` of the `tokenizers` library says.

Every tokenizer is stored as one JSON file, and every token can be shown by itself: a token that is no whole UTF-8
sequence is shown as its bytes, as in `\xf0\x9f`, never as a replacement character that several tokens would share.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import tokenizers

from talkgen.errors import ModelError


class Tokenizer(Protocol):
    """What every tokenizer here can do."""

    vocab_size: int
    special: dict[str, int]
    """Tokens that stand for no text, by name."""
    end: int | None
    """The special token that ends a text, if there is one."""

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; special tokens written out in it are ordinary text."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`; bytes that are no UTF-8 become U+FFFD."""

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Each token of `ids` as it can be shown by itself."""

    def to_json(self) -> str:
        """The tokenizer as the text of a `tokenizer.json`."""


class CharacterTokenizer:
    """One token a character, of a fixed set; other characters become the last token, shown as U+FFFD."""

    unknown = "\ufffd"

    def __init__(self, characters: str) -> None:
        self.characters = "".join(sorted(set(characters) - {self.unknown}))
        self._ids = {character: i for i, character in enumerate(self.characters)}
        self.vocab_size = len(self.characters) + 1
        self.special = {self.unknown: self.vocab_size - 1}
        self.end: int | None = None

    def encode(self, text: str) -> list[int]:
        """One id a character."""
        return [self._ids.get(character, self.vocab_size - 1) for character in text]

    def decode(self, ids: Sequence[int]) -> str:
        """The characters of `ids`."""
        return "".join(self.pieces(ids))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The character of each id."""
        shown = self.characters + self.unknown
        return [shown[i] for i in ids]

    def to_json(self) -> str:
        """The characters, in order of their ids."""
        return json.dumps({"talkgen": "characters", "characters": self.characters}, ensure_ascii=False)


class ByteTokenizer:
    """One token a UTF-8 byte, and one that ends a text."""

    vocab_size = 257

    def __init__(self) -> None:
        self.special = {"<end>": 256}
        self.end: int | None = 256

    def encode(self, text: str) -> list[int]:
        """The bytes of `text`."""
        return list(text.encode("utf-8", "replace"))

    def decode(self, ids: Sequence[int]) -> str:
        """The text whose bytes `ids` are."""
        return bytes(i for i in ids if i < 256).decode("utf-8", "replace")

    def pieces(self, ids: Sequence[int]) -> list[str]:
        r"""ASCII as it is, other bytes as `\xNN`."""
        return ["<end>" if i == 256 else show_bytes(bytes([i])) for i in ids]

    def to_json(self) -> str:
        """A marker: all byte tokenizers are alike."""
        return json.dumps({"talkgen": "bytes"})


class JsonTokenizer:
    """A tokenizer of the `tokenizers` library: byte-level BPE (GPT-2, SmolLM2) or byte-fallback BPE (Llama 2)."""

    ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<|im_end|>", "<eos>")

    def __init__(self, tokenizer: tokenizers.Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Without this a prompt that spells out a special token would get the token: a prompt is text, not markup.
        self._tokenizer.encode_special_tokens = True
        # Some files carry the length that somebody cut or filled texts to when the tokenizer was trained.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        ids = tokenizer.get_vocab(with_added_tokens=True).values()
        self.vocab_size: int = max(ids, default=-1) + 1  # ids may have gaps
        added = tokenizer.get_added_tokens_decoder()
        self.special: dict[str, int] = {token.content: i for i, token in sorted(added.items()) if token.special}
        self.end: int | None = next((self.special[name] for name in self.ENDS if name in self.special), None)

    @classmethod
    def from_json(cls, text: str, where: Path) -> JsonTokenizer:
        """The tokenizer that a `tokenizer.json` describes.

        Raises:
            ModelError: the library cannot read it, or cannot work with what it read.
        """
        try:
            made = cls(tokenizers.Tokenizer.from_str(text))
            made.decode(made.encode("a \U0010ffff"))  # some faults show only at work, or at a character without a token
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library raises bare Exception, and its panics are not even that
            raise ModelError(f"{where} is no tokenizer: {error}") from error
        return made

    @cached_property
    def _byte_level(self) -> bool:
        made = self._tokenizer.decoder
        decoder = json.loads(made.__getstate__()) if made else {}  # the whole tokenizer's JSON is megabytes
        parts = decoder.get("decoders", [decoder])
        return any(part.get("type") == "ByteLevel" for part in parts)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, with no token added before or after."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no text
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, special tokens written out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token, spaces kept."""
        return [self._piece(i) for i in ids]

    def _piece(self, token_id: int) -> str:
        token = self._tokenizer.id_to_token(token_id)
        if token is None:  # models round their vocabulary up; nothing stands for the rest
            return f"<{token_id}>"
        if token in self.special:
            return str(token)
        if self._byte_level:
            return show_bytes(bytes(byte_of_character()[c] for c in token if c in byte_of_character()))
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            return show_bytes(bytes([int(token[3:5], 16)]))
        return str(token).replace("\u2581", " ")

    def to_json(self) -> str:
        """The library's own JSON."""
        return str(self._tokenizer.to_str())


def show_bytes(data: bytes) -> str:
    r"""UTF-8 as text; what is none as `\xNN`."""
    return data.decode("utf-8", "backslashreplace")


@lru_cache(maxsize=1)
def byte_of_character() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, turned round (openai/gpt-2, src/encoder.py)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def load_tokenizer(file: Path) -> Tokenizer:
    """The tokenizer in a `tokenizer.json`, of talkgen's or of the `tokenizers` library.

    Raises:
        ModelError: the file is missing or is no tokenizer.
    """
    try:
        text = file.read_text(encoding="utf-8")
        kind = json.loads(text)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file} is no JSON") from error
    if not isinstance(kind, dict) or "talkgen" not in kind:
        return JsonTokenizer.from_json(text, file)
    if kind["talkgen"] == "bytes":
        return ByteTokenizer()
    if kind["talkgen"] == "characters" and isinstance(kind.get("characters"), str):
        return CharacterTokenizer(kind["characters"])
    raise ModelError(f"{file} is no tokenizer that talkgen knows")
