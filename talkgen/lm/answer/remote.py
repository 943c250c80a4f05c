"""A model behind a server that speaks OpenAI's completions, `openai:URL#NAME`: its answers, not its insides.

A server tells the texts of its likeliest tokens, as many as it is willing to; what it keeps to itself is part of
`other`. What else it can do is looked for once: where it cuts texts into tokens (`tokenize` of vLLM, SGLang, llama.cpp
and ours, `extras/tokenize` of llama-cpp-python) the prompt's tokens have their ids, and ids are what is sent where it
takes them, so that nothing is cut in another way. Else it is asked with `echo` for the prompt's tokens; where it
refuses that, or does not keep to OpenAI's shape in it, the prompt is one piece.
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
_CUTTERS = ("tokenize", "extras/tokenize")  # below the server's root
_PIECES_KEPT = 4096
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
        self._root = url.rstrip("/").removesuffix("/v1")
        self._pieces: dict[int, str] = {}
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/", timeout=_SECONDS)
        weakref.finalize(self, self._client.close)
        try:
            self._name = self._find_name()
            self._echoes, self._most = self._probe()
            self._cutter = self._find_cutter()
            self._takes_ids = self._cutter is not None and self._accepts(self._cut("a b"))
        except FailedError as error:
            raise ModelError(f"no server answers at {url}", "start it, or name a model that is here") from error

    @property
    def files(self) -> ModelFiles:
        """Which model answers."""
        return self._files

    def _find_name(self) -> str:
        try:
            names = [model["id"] for model in self._ask("GET", "models")["data"]]
        except (KeyError, TypeError) as error:
            message = f"{self._client.base_url} lists no models as OpenAI does"
            raise ModelError(message, "is it the address of its API, as in http://HOST:PORT/v1?") from error
        if self._name and self._name not in names:
            raise ModelError(f"{self._client.base_url} has no model '{self._name}'", did_you_mean(self._name, names))
        if not names:
            raise ModelError(f"{self._client.base_url} has no model")
        return self._name or names[0]

    def _probe(self) -> tuple[bool, int]:
        """Whether it echoes as OpenAI does, and how many of the likeliest tokens it tells."""
        for echo in (True, False):
            for most in _MOST:
                try:
                    told = self._complete("a b", most, echo)["choices"][0]["logprobs"]
                    if told["top_logprobs"][-1] and (not echo or "".join(told["tokens"][:-1]) == "a b"):
                        return echo, most
                except (ModelError, FailedError, TypeError, KeyError, IndexError):
                    continue
        raise ModelError(f"{self._client.base_url} tells no probabilities", "it must give logprobs with completions")

    def _find_cutter(self) -> str | None:
        """Where it cuts texts into tokens; None where it does not."""
        for path in _CUTTERS:
            self._cutter = path
            try:
                if self._cut("a b") and self._piece(self._cut("a b")[0]):
                    return path
            except (ModelError, FailedError, TypeError, KeyError, IndexError, ValueError):
                continue
        return None

    def _accepts(self, ids: list[int]) -> bool:
        """Whether a prompt may be ids."""
        try:
            self._complete(ids, 1, echo=False)
        except (ModelError, FailedError):
            return False
        return True

    def _cut(self, text: str) -> list[int]:
        """The ids of a text's tokens; each server finds the text by its own name for it."""
        named = dict.fromkeys(("prompt", "content", "input"), text)
        said = self._ask("POST", f"{self._root}/{self._cutter}", {"model": self._name, **named})
        return [int(each) for each in said["tokens"]]

    def _piece(self, token: int) -> str:
        """The text of a token; of a fragment of a character, over which llama-cpp-python stumbles, the sign for one."""
        if token not in self._pieces:
            path = str(self._cutter).replace("tokenize", "detokenize")
            try:
                said = self._ask("POST", f"{self._root}/{path}", {"model": self._name, "tokens": [token]})
            except FailedError:
                return "\ufffd"
            if len(self._pieces) >= _PIECES_KEPT:
                self._pieces.clear()
            self._pieces[token] = str(said[next((name for name in ("prompt", "content") if name in said), "text")])
        return self._pieces[token]

    def count(self, prompt: str) -> int:
        """About how many tokens a prompt has; whether they fit is the server's to say."""
        return len(prompt) // 4 + 1

    def next_token(
        self,
        prompt: str,
        *,
        bars: int = 8,
        sampling: Sampling = UNCHANGED,
        leave_out: bool = False,  # noqa: ARG002 – no server tells how likely a given token is
        caller: Caller | None = None,
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
        ids = self._cut(prompt) if self._cutter and prompt else []
        echoes = self._echoes and not ids
        sent = ids if ids and self._takes_ids else prompt or "\n"
        told = self._complete(sent, min(bars, self._most), echoes)["choices"][0]["logprobs"]
        if caller is not None and caller.gone():
            raise GoneError
        # Without an echo the first is what follows the prompt: some servers write on until a character is whole.
        ranked = sorted(told["top_logprobs"][-1 if echoes else 0].items(), key=lambda item: item[1], reverse=True)[
            :bars
        ]
        candidates = tuple(
            Candidate(None, text, math.exp(log_p), math.exp(log_p), can_be_typed(text)) for text, log_p in ranked
        )
        texts = told["tokens"][:-1] if echoes else [prompt]
        pieces = [Piece(token, self._piece(token)) for token in ids] or [Piece(None, text) for text in texts if prompt]
        other = max(0.0, 1.0 - sum(one.p for one in candidates))
        shares = [p for p in (*(one.p for one in candidates), other) if p > 0]
        entropy = -sum(p * math.log2(p) for p in shares)
        return Answer(
            pieces=tuple(pieces),
            candidates=candidates,
            other=other,
            entropy=entropy,
            kept=None,
            entropy_sampled=entropy,
            reused=0,
            seconds=time.perf_counter() - started,
        )

    def _complete(self, prompt: str | list[int], most: int, echo: bool) -> dict[str, Any]:
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
        if not isinstance(said, dict):
            raise FailedError(f"{self._files.label} answered in another shape than OpenAI's")
        return said


def _words(said: Any) -> str:
    """What a refusal says, in OpenAI's shape or another."""
    problem = said.get("error", said) if isinstance(said, dict) else said
    return str(problem.get("message", problem.get("detail", problem)) if isinstance(problem, dict) else problem)


def can_be_typed(text: str) -> bool:
    """Whether a token's text can be appended to a prompt: special tokens and fragments of a character cannot."""
    special = text.startswith(("<|", "bytes:", "\\x")) or text in ("", "<s>", "</s>", "<unk>", "<pad>")
    return not special and "\ufffd" not in text
