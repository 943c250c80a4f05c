"""Answers prompts with a model: the distribution of the next token, and generated text.

What was read for one prompt is kept for the next: one more keystroke costs the tokens that changed, not the whole
prompt. An engine may be called from several threads; it answers one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.prefix import PrefixCache
from talkgen.lm.sample import Sampling, filter_probabilities, penalize, sample
from talkgen.lm.weights import Loaded


@dataclass(frozen=True)
class Piece:
    """A token and its text."""

    id: int
    text: str


@dataclass(frozen=True)
class Candidate:
    """A possible next token: its probability as the model gives it, and as it is sampled from (0: pruned)."""

    id: int
    text: str
    p: float
    p_sampled: float


@dataclass(frozen=True)
class Answer:
    """The next token's distribution: the likeliest, what the `other` tokens add up to, and the entropy in bits."""

    pieces: tuple[Piece, ...]
    candidates: tuple[Candidate, ...]
    other: float
    entropy: float
    reused: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; probabilities rounded to 6 digits, so that they repeat."""
        return {
            "tokens": [{"id": piece.id, "text": piece.text} for piece in self.pieces],
            "candidates": [
                {"id": c.id, "text": c.text, "p": round(c.p, 6), "p_sampled": round(c.p_sampled, 6)}
                for c in self.candidates
            ],
            "other": round(self.other, 6),
            "entropy": round(self.entropy, 4),
            "reused": self.reused,
            "milliseconds": round(1000 * self.seconds, 1),
        }


@dataclass(frozen=True)
class Completion:
    """Generated text: its tokens, and why it ended ("length", "stop", "end" or "cancelled")."""

    text: str
    pieces: tuple[Piece, ...]
    ended: str
    seconds: float


class Engine:
    """A loaded model that remembers what it read last."""

    def __init__(self, loaded: Loaded, *, device: str = "cpu") -> None:
        self.loaded = loaded
        self.model, self.tokenizer = loaded.model.to(device), loaded.tokenizer
        self.cache = PrefixCache(self.model)
        self._lock = threading.Lock()

    @property
    def context(self) -> int:
        """The most tokens that can be read."""
        return self.model.config.block_size

    def encode(self, prompt: str) -> list[int]:
        """The ids of a prompt; an empty one starts at the token that ends texts, or else at a line's end.

        Raises:
            ModelError: it is longer than the model's context.
        """
        if len(prompt) > 32 * self.context:  # no tokenizer here makes tokens that long on the average
            raise ModelError(f"the prompt has {len(prompt):,} characters", f"{self.context:,} tokens fit")
        ids = self.tokenizer.encode(prompt) or [self._start()]
        if len(ids) > self.context:
            raise ModelError(f"the prompt has {len(ids):,} tokens", f"{self.context:,} fit")
        return ids

    def _start(self) -> int:
        return self.tokenizer.end if self.tokenizer.end is not None else self.tokenizer.encode("\n")[0]

    @torch.inference_mode()
    def next_token(
        self,
        prompt: str,
        *,
        bars: int = 8,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> Answer:
        """The distribution of the token after `prompt`: the `bars` likeliest tokens and the rest.

        Raises:
            ModelError: the prompt does not fit the model's context, or a sampling value is out of range.
        """
        how = Sampling(temperature, top_k, top_p)
        started = time.perf_counter()
        ids = self.encode(prompt)
        with self._lock:
            logits, reused = self.cache.read(ids)
        p = logits.softmax(dim=-1)
        sampled = p if how == Sampling() else filter_probabilities(logits, how)
        top = p.topk(min(bars, self.tokenizer.vocab_size))
        texts = self.tokenizer.pieces(top.indices.tolist())
        candidates = tuple(
            Candidate(i, text, share, float(sampled[i]))
            for i, text, share in zip(top.indices.tolist(), texts, top.values.tolist(), strict=True)
        )
        shown = ids if prompt else []
        return Answer(
            pieces=tuple(map(Piece, shown, self.tokenizer.pieces(shown))),
            candidates=candidates,
            other=max(0.0, 1.0 - sum(c.p for c in candidates)),
            entropy=entropy_bits(p),
            reused=reused,
            seconds=time.perf_counter() - started,
        )

    @torch.inference_mode()
    def generate(
        self,
        prompt: str,
        *,
        max_tokens: int,
        on_token: Callable[[Piece], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        stop: Sequence[str] = (),
        seed: int = 0,
        sampling: Sampling | None = None,
    ) -> Completion:
        """Continues `prompt` by at most `max_tokens` tokens; each is given to `on_token` as it is drawn.

        The same seed gives the same text. Ends early at a text in `stop` (cut off), at the model's end token, at
        the context's end, or when `cancelled` says so.

        Raises:
            ModelError: the prompt does not fit the model's context.
        """
        how = sampling or Sampling()
        started = time.perf_counter()
        ids = self.encode(prompt)
        new: list[int] = []
        generator = torch.Generator(self.model.device).manual_seed(seed)
        ended = "length"
        while len(new) < max_tokens and len(ids) + len(new) < self.context:
            if cancelled is not None and cancelled():
                ended = "cancelled"
                break
            with self._lock:  # a step at a time, so that a question on a slide need not wait for a whole text
                logits, _ = self.cache.read(ids + new)
            logits = penalize(logits, ids + new, how.repetition_penalty)
            token = sample(filter_probabilities(logits, how), generator)
            if token == self.tokenizer.end:
                ended = "end"
                break
            new.append(token)
            if on_token is not None:
                on_token(Piece(token, self.tokenizer.pieces([token])[0]))
            if any(text in self.tokenizer.decode(new) for text in stop):
                ended = "stop"
                break
        text = cut_at(self.tokenizer.decode(new), stop)
        pieces = tuple(map(Piece, new, self.tokenizer.pieces(new)))
        return Completion(text, pieces, ended, time.perf_counter() - started)


def entropy_bits(p: Tensor) -> float:
    """The entropy of a distribution [V] in bits."""
    return float(-(p * p.clamp_min(1e-30).log2()).sum())


def cut_at(text: str, stop: Sequence[str]) -> str:
    """`text` up to the first of `stop` in it."""
    ends = [at for word in stop if (at := text.find(word)) >= 0]
    return text[: min(ends)] if ends else text
