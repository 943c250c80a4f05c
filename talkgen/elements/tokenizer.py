"""How a model's tokenizer cuts a text: its tokens and their numbers, also as it cut when it had learned less.

Byte-pair encoding learns merges one after the other (Sennrich et al. 2016); with the first few alone, words are still
in pieces.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from talkgen.lm.text.tokenizer import Tokenizer

TITLE = "Tokenizer"
DIALS: dict[str, tuple[Any, ...]] = {"merges": (0, 50, 200, None)}
IN_PAGE, MEASURES_TIME = True, False


class Params(base.Params):
    """How many of the merges it has learned are used, the earliest first; None: all of them."""

    merges: int | None = Field(None, ge=0)


class Token(TypedDict):
    """A token of the text."""

    id: int
    text: str


class TokenizerAnswer(TypedDict):
    """The tokens of a text, its length in characters and in bytes, and how many tokens there are to cut it into."""

    tokens: list[Token]
    characters: int
    bytes: int
    vocabulary: int


def answer(asked: Asked) -> TokenizerAnswer:
    """The text cut into tokens.

    Raises:
        ModelError: the text is too long for the model, or its tokenizer has learned no merges.
    """
    tokenizer = asked.engine.tokenizer
    asked.engine.count(asked.prompt)
    if asked.params.merges is not None:
        tokenizer = cut_short(tokenizer.to_json(), asked.params.merges)
    ids = tokenizer.encode(asked.prompt)
    return {
        "tokens": [{"id": i, "text": text} for i, text in zip(ids, tokenizer.pieces(ids), strict=True)],
        "characters": len(asked.prompt),
        "bytes": len(asked.prompt.encode("utf-8", "replace")),
        "vocabulary": asked.engine.tokenizer.vocab_size,
    }


@lru_cache(maxsize=16)
def cut_short(learned: str, merges: int) -> Tokenizer:
    """The tokenizer that `learned`, its JSON, describes, with its first `merges` merges alone.

    Raises:
        ModelError: it has none.
    """
    from pathlib import Path

    from talkgen.lm.text.tokenizer import JsonTokenizer

    known = json.loads(learned)
    model = known.get("model", {})
    if not model.get("merges"):
        raise ModelError("this tokenizer has learned no merges", "name a model with byte-pair encoding: model: small")
    model["merges"] = model["merges"][:merges]
    return JsonTokenizer.from_json(json.dumps(known), Path("tokenizer.json"))
