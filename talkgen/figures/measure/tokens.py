"""Reads a text with a model as a figure needs it: its tokens as shown on a slide, and what the model expects next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.errors import ModelError
from talkgen.figures.base import Data
from talkgen.figures.numbers import significant

if TYPE_CHECKING:
    import torch

    from talkgen.lm.files.loaded import Loaded

_JOINERS = "\u200c\u200d"  # they shape what they stand between
MARKS = {" ": "·", "\n": "⏎", "\t": "⇥", "\u00a0": "⍽"}
"""What stands for white space in a token: as in live elements, templates/web/pieces.js."""


def read_text(loaded: Loaded, text: str, most: int) -> torch.Tensor:
    """The token ids [1, T] of `text`.

    Raises:
        ModelError: the text has no token, more than `most` tokens, or more than the model's context holds.
    """
    import torch

    ids = loaded.tokenizer.encode(text)
    most = min(most, loaded.model.config.block_size)
    if not ids:
        raise ModelError(f"{loaded.label} sees no token in the text {text!r}", "give it a text of at least one token")
    if len(ids) > most:
        raise ModelError(f"the text has {len(ids)} tokens for {loaded.label}; {most} fit here", "shorten the text")
    return torch.tensor([ids])


def show_pieces(loaded: Loaded, ids: torch.Tensor) -> list[str]:
    """The text of each token of `ids` [1, T] as it is drawn."""
    return [show_piece(piece) for piece in loaded.tokenizer.pieces(ids[0].tolist())]


def show_piece(piece: str) -> str:
    r"""One token's text as it is drawn: ` dog` as `·dog`, a line end as `⏎`, what is no character as `\xNN`."""
    return "".join(MARKS.get(each) or _visible(each) for each in piece)


def show_text(text: str) -> str:
    """A text of many tokens in one line: its spaces stay, other white space has its mark."""
    return "".join(each if each == " " else MARKS.get(each) or _visible(each) for each in text)


def _visible(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return repr(character)[1:-1]


def predict(loaded: Loaded, prompt: str, bars: int) -> Data:
    """What the model expects after `prompt`: the `bars` likeliest tokens, the rest, and the entropy in bits."""
    import torch

    ids = read_text(loaded, prompt, most=200)
    with torch.inference_mode():
        logits, _ = loaded.model(ids, last_only=True)
    p = logits[0, -1].double().softmax(-1)
    top = p.topk(min(bars, len(p)))
    entropy = -(p * p.clamp_min(1e-300).log2()).sum()
    pieces = loaded.tokenizer.pieces(top.indices.tolist())
    return {
        "prompt": prompt,
        "tokens": show_pieces(loaded, ids),
        "candidates": [
            {"text": piece, "shown": show_piece(piece), "p": significant(value)}
            for piece, value in zip(pieces, top.values.tolist(), strict=True)
        ],
        "other": significant(max(0.0, 1.0 - float(top.values.sum()))),
        "entropy": significant(float(entropy)),
        "vocabulary": len(p),
    }
