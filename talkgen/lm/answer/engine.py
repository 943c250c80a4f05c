"""Answers prompts with a model: the distribution of the next token, and generated text.

What was read for one prompt is kept for the next: one more keystroke costs the tokens that changed, not the whole
prompt. An engine may be called from several threads; what they ask at the same time is read in one pass.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike

from talkgen.errors import ModelError
from talkgen.lm.answer.batch import PIECE, Batch
from talkgen.lm.answer.beam import Beam, Branch, search_beams
from talkgen.lm.answer.callers import Caller, GoneError
from talkgen.lm.answer.leaving_out import MOST, leave_each_out
from talkgen.lm.answer.odds import Odds, odds_of
from talkgen.lm.answer.prefix import PrefixCache
from talkgen.lm.answer.reading import Readings
from talkgen.lm.answer.sample import UNCHANGED, Sampling, filter_probabilities, penalize, sample
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.distribution import likeliest, softmax_and_entropy
from talkgen.lm.models.reader import Floats, Readable
from talkgen.lm.models.state import State
from talkgen.lm.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from talkgen.lm.models.base import LanguageModel

Prompt = str | Sequence[int]  # a text, or the ids of its tokens
_SHORT = 64  # tokens that a recurrent model reads one by one, so that typing and deleting find their states


@dataclass(frozen=True)
class Piece:
    """A token and its text; a server may keep its number to itself. Drawn ones have odds where they were asked for."""

    id: int | None
    text: str
    odds: Odds | None = None


@dataclass(frozen=True)
class Candidate:
    """A possible next token: its probability as the model gives it, and as it is sampled from (0: pruned).

    `typed` says whether a text can be continued with it.
    """

    id: int | None
    text: str
    p: float
    p_sampled: float
    typed: bool


@dataclass(frozen=True)
class Answer:
    """The next token's distribution: the likeliest, what the `other` tokens add up to, and the entropy in bits.

    `kept` is how many tokens can be drawn (None where a server does not tell), `entropy_sampled` the entropy of what
    is drawn from. `left_out` is the probability that the likeliest token has where each token of the prompt is left
    out: None where that was not asked for, where there are too many, or where a server answers.
    """

    pieces: tuple[Piece, ...]
    candidates: tuple[Candidate, ...]
    other: float
    entropy: float
    kept: int | None
    entropy_sampled: float
    reused: int = 0
    seconds: float = 0.0
    left_out: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Completion:
    """Generated text: its tokens, and why it ended ("length", "stop", "end" or "cancelled")."""

    text: str
    pieces: tuple[Piece, ...]
    ended: str
    seconds: float
    odds: tuple[Odds, ...] = ()  # of each piece, where they were asked for


class Engine:
    """A loaded model that remembers what it read last."""

    def __init__(self, loaded: Loaded[Readable], *, device: str = "cpu") -> None:
        self.loaded, self.model, self.tokenizer = loaded, loaded.model, loaded.tokenizer
        self.reader = loaded.model.reader(device)
        self.batch = Batch(self.reader)
        self._readings, self._opening = Readings(), threading.Lock()
        # One at a time: many short steps of many threads, each to be let in again, take longer than all in turn.
        self._describing = threading.Lock()
        self._opened: LanguageModel | None = None
        # Nobody pushes out what was read for those before them.
        self.caches: defaultdict[int, PrefixCache] = defaultdict(lambda: PrefixCache(self.reader))

    @property
    def files(self) -> ModelFiles:
        """Where the model comes from."""
        return self.loaded.files

    @property
    def open_model(self) -> LanguageModel:
        """The model in a form that can be looked into: its own, or else float32's, loaded when first asked for.

        Raises:
            ModelError: its files are gone or damaged by now.
        """
        from talkgen.lm.files.weights import load_model  # and torch with it

        if self.model.shows_inside:
            return cast("LanguageModel", self.model)
        with self._opening:
            if self._opened is None:
                self._opened = load_model(self.files, self.reader.device).model
            return self._opened

    def count(self, prompt: Prompt) -> int:
        """How many tokens a prompt has.

        Raises:
            ModelError: it is longer than the model's context.
        """
        return len(self.encode(prompt))

    @property
    def context(self) -> int:
        """The most tokens that can be read."""
        return self.model.config.block_size

    def encode(self, prompt: Prompt) -> list[int]:
        """The ids of a prompt; an empty one starts at the token that ends texts, or else at a line's end.

        Raises:
            ModelError: it is longer than the model's context, or has an id that is no token's.
        """
        if len(prompt) > 32 * self.context:  # no tokenizer here makes tokens that long on the average
            raise ModelError(f"the prompt has {len(prompt):,} characters", f"{self.context:,} tokens fit")
        ids = (self.tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)) or [self._start()]
        strange = [i for i in ids if not 0 <= i < self.tokenizer.vocab_size]
        if strange:
            raise ModelError(f"{strange[0]} is no token's id", f"ids are 0 to {self.tokenizer.vocab_size - 1:,}")
        if len(ids) > self.context:
            raise ModelError(f"the prompt has {len(ids):,} tokens", f"{self.context:,} fit")
        return ids

    def _start(self) -> int:
        return self.tokenizer.end if self.tokenizer.end is not None else self.tokenizer.encode("\n")[0]

    def _read(self, ids: list[int], caller: Caller) -> tuple[Floats, int]:
        """The logits [V] after `ids`, and how many of `ids` did not have to be read again."""
        cache = self.caches[caller.rank]
        known = cache.recall(ids)
        if known is not None:
            return known, len(ids)
        with self._readings.add(ids, caller, cache.shared) as crowded:
            state, kept = cache.take(ids, copy=crowded)
            try:
                logits = self._read_on(ids, kept, state, caller)
            except GoneError:
                if state.length:  # whoever asks again goes on from here
                    cache.give(ids[: state.length], state, None)
                raise
            cache.give(ids, state, logits)
        return logits, kept

    def _read_on(self, ids: list[int], kept: int, state: State, caller: Caller) -> Floats:
        """Reads what of `ids` is left after `kept`; a recurrent state is kept after each of a few tokens."""
        if state.rolls_back or len(ids) - kept > _SHORT:
            return self.batch.read(ids[kept:], state, caller)
        for at in range(kept, len(ids) - 1):
            logits = self.batch.read(ids[at : at + 1], state, caller)
            self.caches[caller.rank].give(ids[: at + 1], state.clone(), logits)
        return self.batch.read(ids[-1:], state, caller)

    def next_token(
        self,
        prompt: str,
        *,
        bars: int = 8,
        sampling: Sampling = UNCHANGED,
        leave_out: bool = False,
        caller: Caller | None = None,
    ) -> Answer:
        """The distribution of the token after `prompt`: the `bars` likeliest tokens and the rest.

        With `leave_out`, also what the likeliest owes to each token of the prompt.

        Raises:
            ModelError: the prompt does not fit the model's context.
            GoneError: the caller went before it was read.
            FailedError: the device did.
        """
        started = time.perf_counter()
        ids, caller = self.encode(prompt), caller or Caller()
        logits, reused = self._read(ids, caller)
        shown = ids if prompt else []
        with self._describing:
            answer = self._describe(shown, logits, bars, sampling)
        left_out = self._leave_out(shown, answer, caller) if leave_out else None
        return replace(answer, reused=reused, seconds=time.perf_counter() - started, left_out=left_out)

    def _describe(self, shown: list[int], logits: Floats, bars: int, sampling: Sampling) -> Answer:
        """What there is to say about the token after `shown`, whose logits [V] these are."""
        p, entropy = softmax_and_entropy(logits)
        sampled = p if sampling == UNCHANGED else filter_probabilities(logits, sampling)
        top = likeliest(p, min(bars, self.tokenizer.vocab_size))
        texts = self.tokenizer.pieces(top.tolist())
        candidates = tuple(
            Candidate(i, text, share, float(sampled[i]), stands_for_text(i, self.tokenizer))
            for i, text, share in zip(top.tolist(), texts, p[top].tolist(), strict=True)
        )
        return Answer(
            pieces=tuple(map(Piece, shown, self.tokenizer.pieces(shown))),
            candidates=candidates,
            other=max(0.0, 1.0 - sum(c.p for c in candidates)),
            entropy=entropy,
            kept=int(np.count_nonzero(sampled > 0)),  # of truths, which are counted sooner than numbers
            entropy_sampled=entropy if sampled is p else entropy_bits(sampled),
        )

    def _leave_out(self, ids: list[int], answer: Answer, caller: Caller) -> tuple[float, ...] | None:
        token = answer.candidates[0].id
        if len(ids) > MOST or token is None:
            return None
        return leave_each_out(ids, self._start(), token, self.batch, self.caches[caller.rank], caller)

    def score(self, prompt: Prompt, *, top: int, caller: Caller | None = None) -> list[Odds]:
        """The odds of each token of a prompt after those before it; there are none for the first.

        Raises:
            ModelError: the prompt does not fit the model's context.
            GoneError: the caller went.
        """
        ids, caller = self.encode(prompt), caller or Caller()
        state, odds = self.reader.new_state(1, len(ids)), list[Odds]()
        for start in range(0, len(ids) - 1, PIECE):
            if caller.gone():
                raise GoneError
            with self.batch.turn:
                logits, state = self.reader([ids[start : start + PIECE]], state)
            following = ids[start + 1 : start + 1 + PIECE]
            odds += [odds_of(row, token, top) for row, token in zip(logits[0], following, strict=False)]
        return odds

    def generate(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        on_token: Callable[[Piece], None] | None = None,
        caller: Caller | None = None,
        stop: Sequence[str] = (),
        seed: int = 0,
        top: int | None = None,
        sampling: Sampling = UNCHANGED,
    ) -> Completion:
        """Continues `prompt` by at most `max_tokens` tokens; each is given to `on_token` as it is drawn.

        The same seed gives the same text; with `top` it comes with its tokens' odds. Ends early at a text in `stop`,
        which is cut off, at the model's end token, at the context's end, or when the caller has gone.

        Raises:
            ModelError: the prompt does not fit the model's context.
        """
        started, caller = time.perf_counter(), caller or Caller()
        ids, cache = self.encode(prompt), self.caches[caller.rank]
        new, odds = list[int](), list[Odds]()
        generator = np.random.default_rng(seed)
        ended = "length"
        state, kept = cache.take(ids)
        unread, logits = ids[kept:], None
        while len(new) < max_tokens and len(ids) + len(new) < self.context:
            try:
                logits = self.batch.read(unread, state, caller)  # a step at a time, together with whoever else asks
            except GoneError:
                ended, logits = "cancelled", None
                break
            penalized = penalize(logits, ids + new, sampling.repetition_penalty)
            token = sample(filter_probabilities(penalized, sampling), generator)
            if token == self.tokenizer.end:
                ended = "end"
                break
            new.append(token)
            unread = [token]
            if top is not None:
                odds.append(odds_of(logits, token, top))
            if on_token is not None:
                on_token(Piece(token, self.tokenizer.pieces([token])[0], odds[-1] if odds else None))
            if stop and any(text in self.tokenizer.decode(new) for text in stop):
                ended = "stop"
                break
        if state.length:
            cache.give((ids + new)[: state.length], state, logits)
        text = cut_at(self.tokenizer.decode(new), stop)
        pieces = tuple(map(Piece, new, self.tokenizer.pieces(new)))
        return Completion(text, pieces, ended, time.perf_counter() - started, tuple(odds))

    def beams(
        self,
        prompt: str,
        *,
        width: int = 4,
        max_tokens: int = 32,
        length_penalty: float = 0.6,
        on_step: Callable[[list[Branch]], None] | None = None,
        caller: Caller | None = None,
    ) -> list[tuple[str, Beam]]:
        """The likeliest continuations that a beam of `width` finds, the best first; see `search_beams`.

        Raises:
            ModelError: the prompt does not fit the model's context, or a value is out of range.
        """
        if not 1 <= width <= 64 or max_tokens < 1:
            raise ModelError(f"a beam of {width} and {max_tokens} tokens is no search", "1 to 64 wide, 1 token or more")
        ids = self.encode(prompt)
        room = min(max_tokens, self.context - len(ids))
        found = search_beams(
            _InTurn(self.batch, caller or Caller()),
            ids,
            width=width,
            max_tokens=room,
            length_penalty=length_penalty,
            end=self.tokenizer.end,
            on_step=on_step,
        )
        return [(self.tokenizer.decode(list(beam.ids)), beam) for beam in found]


class _InTurn:
    """A model as beam search runs it, between the passes of the others."""

    def __init__(self, batch: Batch, caller: Caller) -> None:
        self._batch, self._caller = batch, caller

    def __call__(self, ids: ArrayLike, state: State | None = None, *, last_only: bool = False) -> tuple[Floats, State]:
        model = self._batch.model
        if state is None:
            (text,) = np.asarray(ids).tolist()
            state = model.new_state(1, len(text))
            return self._batch.read(text, state, self._caller).reshape(1, 1, -1), state
        with self._batch.turn:
            logits, state = model(ids, state, last_only=last_only)
        return logits, state


def stands_for_text(token: int, tokenizer: Tokenizer) -> bool:
    """Whether a token can be appended to a prompt: special tokens and fragments of a character cannot be typed."""
    return token not in tokenizer.special.values() and "\ufffd" not in tokenizer.decode([token])


def entropy_bits(p: Floats) -> float:
    """The entropy of a distribution [V] in bits."""
    return float(-(p * np.log2(p.clip(1e-30))).sum())


def cut_at(text: str, stop: Sequence[str]) -> str:
    """`text` up to the first of `stop` in it."""
    ends = [at for word in stop if (at := text.find(word)) >= 0]
    return text[: min(ends)] if ends else text
