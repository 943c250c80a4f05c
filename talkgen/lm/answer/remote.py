"""A model behind a server that speaks OpenAI's completions, `openai:URL#NAME`: its answers, not its insides.

A server tells the texts of its likeliest tokens, as many as it is willing to, and no ids; what it keeps to itself is
part of `other`. Asked with `echo` it tells the prompt's tokens; where it refuses that, the prompt is one piece.
"""

from __future__ import annotations

import math
import time
import weakref
from typing import Any

import httpx

from talkgen.errors import ModelError, did_you_mean
from talkgen.lm.answer.callers import Caller, FailedError, GoneError
from talkgen.lm.answer.engine import Answer, Candidate, Piece
from talkgen.lm.answer.sample import UNCHANGED, Sampling
from talkgen.lm.files.catalog import ModelFiles

_MOST = (20, 10, 5, 1)  # logprobs to ask for, the first that a server gives: OpenAI's own has 5
_SECONDS = httpx.Timeout(10.0, connect=2.0)


class RemoteEngine:
    """A model of another server."""

    def __init__(self, files: ModelFiles) -> None:
        """Looks whether the server is there, has the model, and what it tells.

        Raises:
            ModelError: it is not there, has no such model, or tells no probabilities.
        """
        self._files = files
        url, _, self._name = files.name.removeprefix("openai:").partition("#")
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/", timeout=_SECONDS)
        weakref.finalize(self, self._client.close)
        try:
            self._name = self._find_name()
            self._echoes, self._most = self._probe()
        except FailedError as error:
            raise ModelError(f"no server answers at {url}", "start it, or name a model that is here") from error

    @property
    def files(self) -> ModelFiles:
        """Which model answers."""
        return self._files

    def _find_name(self) -> str:
        names = [model["id"] for model in self._ask("GET", "models")["data"]]
        if self._name and self._name not in names:
            raise ModelError(f"{self._client.base_url} has no model '{self._name}'", did_you_mean(self._name, names))
        if not names:
            raise ModelError(f"{self._client.base_url} has no model")
        return self._name or names[0]

    def _probe(self) -> tuple[bool, int]:
        """Whether it echoes, and how many of the likeliest tokens it tells."""
        for echo in (True, False):
            for most in _MOST:
                try:
                    if self._complete("a", most, echo)["choices"][0]["logprobs"]["top_logprobs"]:
                        return echo, most
                except (ModelError, TypeError, KeyError):
                    continue
        raise ModelError(f"{self._client.base_url} tells no probabilities", "it must give logprobs with completions")

    def count(self, prompt: str) -> int:
        """About how many tokens a prompt has; whether they fit is the server's to say."""
        return len(prompt) // 4 + 1

    def next_token(
        self, prompt: str, *, bars: int = 8, sampling: Sampling = UNCHANGED, caller: Caller | None = None
    ) -> Answer:
        """The likeliest tokens after `prompt`, at most as many as the server tells; the entropy counts the rest as one.

        Raises:
            ModelError: the server refuses the prompt, or the distribution is to be changed, which needs all of it.
            GoneError: the caller went.
            FailedError: the server is not there, or has a fault.
        """
        if sampling != UNCHANGED:
            raise ModelError(f"{self._files.label} is shown as it is", "leave temperature, top_k and top_p out")
        started = time.perf_counter()
        told = self._complete(prompt or "\n", min(bars, self._most), self._echoes)["choices"][0]["logprobs"]
        if caller is not None and caller.gone():
            raise GoneError
        ranked = sorted(told["top_logprobs"][-1].items(), key=lambda item: item[1], reverse=True)[:bars]
        candidates = tuple(
            Candidate(None, text, math.exp(log_p), math.exp(log_p), can_be_typed(text)) for text, log_p in ranked
        )
        texts = told["tokens"][:-1] if self._echoes else [prompt]
        other = max(0.0, 1.0 - sum(one.p for one in candidates))
        shares = [p for p in (*(one.p for one in candidates), other) if p > 0]
        entropy = -sum(p * math.log2(p) for p in shares)
        return Answer(
            pieces=tuple(Piece(None, text) for text in texts if prompt),
            candidates=candidates,
            other=other,
            entropy=entropy,
            kept=None,
            entropy_sampled=entropy,
            reused=0,
            seconds=time.perf_counter() - started,
        )

    def _complete(self, prompt: str, most: int, echo: bool) -> dict[str, Any]:
        asked = {"model": self._name, "prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": most}
        return self._ask("POST", "completions", {**asked, **({"echo": True} if echo else {})})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            reply = self._client.request(method, path, json=body)
            said = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise FailedError(f"{self._files.label}: {error}") from error
        if reply.status_code >= 500 or reply.status_code == 429:
            raise FailedError(f"{self._files.label} answered {reply.status_code}")
        if reply.status_code >= 400:
            raise ModelError(f"{self._files.label}: {_words(said)}")
        return dict(said)


def _words(said: Any) -> str:
    """What a refusal says, in OpenAI's shape or another."""
    problem = said.get("error", said) if isinstance(said, dict) else said
    return str(problem.get("message", problem) if isinstance(problem, dict) else problem)


def can_be_typed(text: str) -> bool:
    """Whether a token's text can be appended to a prompt: special tokens and fragments of a character cannot."""
    special = text.startswith(("<|", "bytes:", "\\x")) or text in ("", "<s>", "</s>", "<unk>", "<pad>")
    return not special and "\ufffd" not in text
