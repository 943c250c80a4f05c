"""The engines behind a talk: loaded in the background, asked by a few threads, the same question answered once.

A hundred phones type the same few things, so an answer that is on its way is shared by all who ask for it, and the
last ones are kept. Different questions meet in the engine, which reads them in one pass. A question that nobody waits
for any more is taken out of the queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from talkgen.errors import ModelError, TalkgenError, did_you_mean
from talkgen.lm.answer.wire import answer_json
from talkgen.lm.files.catalog import ModelFiles
from talkgen.serve.limits import Question

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Answer, Engine

ANSWERS_KEPT = 512
QUESTIONS_QUEUED = 64
THREADS = 8  # questions that an engine can read in one pass


class BusyError(Exception):
    """More different questions wait than can be answered in good time."""


@dataclass
class _Flight:
    """An answer on its way, and how many wait for it."""

    answer: asyncio.Future[bytes]
    waiting: int = 0


@dataclass
class Engines:
    """The engines of some models by name."""

    files: Sequence[ModelFiles]
    device: str = "auto"
    loading: bool = field(init=False)

    def __post_init__(self) -> None:
        self.loading = bool(self.files)
        self._engines: dict[str, Engine] = {}
        self._about: dict[str, dict[str, Any]] = {}
        self._loaded = threading.Event()
        self._threads = ThreadPoolExecutor(THREADS, "engine")
        self._flights: dict[Question, _Flight] = {}
        self._kept: OrderedDict[Question, bytes] = OrderedDict()

    def open(self) -> None:
        """Starts loading; returns at once."""
        if self.files:
            self._threads.submit(self._load)
        else:
            self._loaded.set()

    def close(self) -> None:
        """Waits for what runs and drops the rest."""
        self._loaded.set()
        self._threads.shutdown(cancel_futures=True)

    def _load(self) -> None:
        from talkgen.lm.answer.engine import Engine
        from talkgen.lm.fast.forms import load_fast

        device = pick_device(self.device)
        for files in self.files:
            try:
                about = describe(files, device)  # first: the files may be trained on while the engine runs
                engine = Engine(load_fast(files, device), device=device)
                engine.next_token("")  # the first answer takes seconds that no audience should wait for
                self._engines[files.name] = engine
                self._about[files.name] = about
            except TalkgenError as error:
                logging.getLogger(__name__).error("%s stays recorded: %s", files.label, error)
        self.loading = False
        self._loaded.set()

    def health(self) -> dict[str, Any]:
        """What `/api/health` says: whether models are still loading, and which are there."""
        if self.loading:
            return {"status": "loading", "models": []}
        status = "failed" if self.files and not self._engines else "ready"
        return {"status": status, "models": list(self._about.values())}

    @property
    def queued(self) -> int:
        """How many different questions wait for an answer."""
        return len(self._flights)

    def find(self, name: str | None) -> Engine:
        """The engine of the model `name`, of the first one where that is None.

        Raises:
            ModelError: it is not there.
        """
        if name is None and self._engines:
            return next(iter(self._engines.values()))
        if name not in self._engines:
            raise ModelError(f"the model '{name}' is not loaded", did_you_mean(name or "", self._engines))
        return self._engines[name]

    async def answer(self, question: Question) -> bytes:
        """The answer to `question` as JSON, from memory, from an equal question on its way, or computed now.

        Raises:
            TalkgenError: the model is not there or cannot take the prompt.
            BusyError: too many other questions wait.
        """
        if question in self._kept:
            self._kept.move_to_end(question)
            return self._kept[question]
        flight = self._flights.get(question)
        if flight is None or flight.answer.cancelled():
            flight = self._take_off(question)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.answer)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                flight.answer.cancel()

    def _take_off(self, question: Question) -> _Flight:
        if self.queued >= QUESTIONS_QUEUED:
            raise BusyError
        answer = asyncio.wrap_future(self._threads.submit(self._compute, question))
        flight = self._flights[question] = _Flight(answer)

        def land(done: asyncio.Future[bytes]) -> None:
            if self._flights.get(question) is flight:
                del self._flights[question]
            if not done.cancelled() and not done.exception():
                self._kept[question] = done.result()
                if len(self._kept) > ANSWERS_KEPT:
                    self._kept.popitem(last=False)

        answer.add_done_callback(land)
        return flight

    def _compute(self, question: Question) -> bytes:
        engine = self.ready(question.model)
        name = next(name for name, known in self._engines.items() if known is engine)
        about = self._about[name]
        answer = answer_json(self._ask(engine, question), engine.tokenizer)
        answer["model"] = {"name": about["name"], "label": about["label"], "digest": about["digest"]}
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()

    def _ask(self, engine: Engine, question: Question) -> Answer:
        return engine.next_token(question.prompt, bars=question.bars, sampling=question.sampling)

    def ready(self, name: str | None) -> Engine:
        """What `find` finds, once models are loaded; for a caller in a thread of its own that can wait.

        Raises:
            ModelError: it is not there.
        """
        self._loaded.wait()
        return self.find(name)

    def ask(self, question: Question) -> Answer:
        """The answer to `question`, for a caller in a thread of its own that can wait.

        Raises:
            TalkgenError: as `answer` does.
        """
        return self._ask(self.ready(question.model), question)


def describe(files: ModelFiles, device: str) -> dict[str, Any]:
    """A model's name, label, digest and size, and where it runs."""
    about = files.about()
    return {
        "name": files.name,
        "label": files.label,
        "digest": files.digest(),
        "parameters": about.get("parameters"),
        "context": about.get("context"),
        "device": device,
    }


def pick_device(wanted: str) -> str:
    """The device to use: what is wanted, or for "auto" the fastest there is."""
    if wanted != "auto":
        return wanted
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
