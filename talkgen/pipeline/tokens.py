"""A text split into tokens, as chips show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from talkgen.lm.files.loaded import Loaded


def split_tokens(text: str, loaded: Loaded) -> dict[str, Any]:
    """The ids and the pieces of `text`, and whose tokenizer it was."""
    ids = loaded.tokenizer.encode(text)
    return {"ids": ids, "pieces": loaded.tokenizer.pieces(ids), "model": loaded.label}
