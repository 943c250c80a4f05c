"""The completions that one request asks for, whole or in parts as they grow; knows no words of a protocol.

Texts come by whole characters and never past a text to stop at; a token's odds come with the part of the text that it
ends.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from talkgen.lm.answer.callers import Caller, GoneError

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Completion, Engine, Piece
    from talkgen.lm.answer.odds import Odds
    from talkgen.lm.answer.sample import Sampling

FINISHED = {"length": "length", "stop": "stop", "end": "stop", "cancelled": None}


@dataclass(frozen=True)
class Wanted:
    """What is to be made of some prompts."""

    prompts: Sequence[str | list[int]]
    max_tokens: int
    sampling: Sampling
    seed: int
    stops: list[str]
    n: int = 1
    best_of: int = 1
    echo: bool = False
    logprobs: int | None = None


@dataclass
class Choice:
    """A completion as it is told: its text so far, its tokens' odds, and why it ended."""

    index: int
    text: str = ""
    odds: list[tuple[str, Odds | None]] = field(default_factory=list)  # each token's text; none for a first token
    offset: int = 0  # where the first of them stands
    finished: str | None = None


Tell = Callable[[Choice], None]


class Job:
    """The completions of one request; `run` is for a thread that can wait."""

    def __init__(self, engine: Engine, wanted: Wanted, caller: Caller) -> None:
        self.engine, self._wanted, self._caller = engine, wanted, caller
        self._prompts = [(prompt, engine.encode(prompt)) for prompt in wanted.prompts]
        self.written = 0  # tokens

    @property
    def longest(self) -> int:
        """Tokens of its longest prompt, which are in memory at a time."""
        return max(len(ids) for _, ids in self._prompts)

    @property
    def read(self) -> int:
        """Tokens of all its prompts."""
        return sum(len(ids) for _, ids in self._prompts)

    def run(self, tell: Tell | None = None) -> list[Choice]:
        """All choices; each is told in parts as its text grows.

        Raises:
            GoneError: nobody waits any more, or for too long.
            FailedError: the device failed.
        """
        wanted, choices = self._wanted, list[Choice]()
        for prompt, ids in self._prompts:
            echo = self._echo(prompt, ids)
            count = max(wanted.n, wanted.best_of)
            made = [self._complete(ids, echo, len(choices) + i, tell) for i in range(count)]
            if wanted.best_of > wanted.n:
                made.sort(key=lambda pair: pair[1], reverse=True)
            choices += [replace(choice, index=len(choices) + i) for i, (choice, _) in enumerate(made[: wanted.n])]
        return choices

    def _echo(self, prompt: str | Sequence[int], ids: list[int]) -> Choice:
        """What every choice of a prompt begins with: nothing, or the prompt and, where asked for, its odds."""
        text = prompt if isinstance(prompt, str) else self.engine.tokenizer.decode(ids)
        if not self._wanted.echo:
            return Choice(0, offset=len(text))
        top = self._wanted.logprobs
        odds = [] if top is None else [None, *self.engine.score(ids, top=top, caller=self._caller)]
        return Choice(0, text, list(zip(self.engine.tokenizer.pieces(ids), odds, strict=top is not None)))

    def _complete(self, ids: list[int], echo: Choice, index: int, tell: Tell | None) -> tuple[Choice, float]:
        """A choice, and how likely its tokens were on the average."""
        told = _Teller(self.engine, self._wanted.stops, echo, index, tell) if tell else None
        done = self._generate(ids, index, told.add if told else None)
        self.written += len(done.pieces)
        new = self._within(done) if done.odds else []
        if told:
            told.end(done, new)
        choice = Choice(index, echo.text + done.text, [*echo.odds, *new], echo.offset, FINISHED[done.ended])
        return choice, statistics.fmean([one.log_p for one in done.odds] or [0.0])

    def _generate(self, ids: list[int], index: int, on_token: Callable[[Piece], None] | None) -> Completion:
        wanted = self._wanted
        done = self.engine.generate(
            ids,
            max_tokens=wanted.max_tokens,
            on_token=on_token,
            caller=self._caller,
            stop=wanted.stops,
            seed=wanted.seed + index,
            top=0 if wanted.logprobs is None and wanted.best_of > wanted.n else wanted.logprobs,
            sampling=wanted.sampling,
        )
        if done.ended == "cancelled":
            raise GoneError
        return done

    def _within(self, done: Completion) -> list[tuple[str, Odds | None]]:
        """The tokens that make the text, with their odds; not those of a stop that was cut off."""
        ids = [piece.id for piece in done.pieces if piece.id is not None]
        kept = _tokens_within(self.engine, ids, len(done.text)) if done.ended == "stop" else len(ids)
        return [(piece.text, odds) for piece, odds in zip(done.pieces[:kept], done.odds[:kept], strict=True)]


def _tokens_within(engine: Engine, ids: list[int], length: int, least: int = 0) -> int:
    """How many tokens it takes for a text of `length` characters; `least` are sure to be among them."""
    decode = engine.tokenizer.decode
    return next((k for k in range(least, len(ids)) if len(decode(ids[:k])) >= length), len(ids))


class _Teller:
    """Tells a choice in parts, beginning with its echo."""

    def __init__(self, engine: Engine, stops: list[str], echo: Choice, index: int, tell: Tell) -> None:
        self._engine, self._stops, self._index, self._tell = engine, stops, index, tell
        self._ids, self._odds = list[int](), list[tuple[str, "Odds | None"]]()
        self._sent, self._told, self._start = 0, 0, echo.offset or len(echo.text)
        if echo.text:
            tell(Choice(index, echo.text, echo.odds))

    def add(self, piece: Piece) -> None:
        """Takes one more token, and tells what of the text is sure by now."""
        if piece.id is not None:
            self._ids.append(piece.id)
            self._odds += [(piece.text, piece.odds)] if piece.odds else []
        text = sendable(self._engine.tokenizer.decode(self._ids), self._stops)
        if len(text) > self._sent:
            sure = _tokens_within(self._engine, self._ids, len(text), self._told) if self._odds else 0
            self._say(text, self._odds[self._told : sure], None)

    def end(self, done: Completion, odds: list[tuple[str, Odds | None]]) -> None:
        """Tells the rest."""
        self._say(done.text, odds[self._told :], FINISHED[done.ended])

    def _say(self, text: str, odds: list[tuple[str, Odds | None]], finished: str | None) -> None:
        offset = self._start + sum(len(piece) for piece, _ in self._odds[: self._told])
        self._tell(Choice(self._index, text[self._sent :], odds, offset, finished))
        self._sent, self._told = len(text), self._told + len(odds)


def sendable(text: str, stops: list[str]) -> str:
    """The beginning of `text` that is sure: no unfinished character, nothing that may turn out to be a stop."""
    text = text.rstrip("\ufffd")
    held = max((n for stop in stops for n in range(len(stop) + 1) if text.endswith(stop[:n])), default=0)
    whole = min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))
    return text[: min(len(text) - held, whole)]
