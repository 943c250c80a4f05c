"""The engines behind a talk: loaded in the background, watched while they answer, moved to the CPU when a GPU fails."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from talkgen.errors import ModelError, TalkgenError, did_you_mean
from talkgen.extras import extras_in_words
from talkgen.lm.answer.callers import Caller, FailedError
from talkgen.lm.answer.wire import ModelJSON
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.models.config import TRANSLATORS
from talkgen.serve.limits import SECONDS, Question
from talkgen.serve.visitors import Rank

if TYPE_CHECKING:
    from talkgen.lm.answer.answering import Answering
    from talkgen.lm.answer.engine import Answer, Engine

log = logging.getLogger(__name__)
SERVER = "server"  # where a model answers that is not here


@dataclass
class Engines:
    """The engines of some models by name."""

    files: Sequence[ModelFiles]
    device: str = "auto"
    tell: Callable[[str], None] = lambda _: None
    on_loaded: Callable[[], None] = lambda: None
    loading: bool = field(init=False)

    def __post_init__(self) -> None:
        self.loading = bool(self.files)
        self._engines: dict[str, Answering] = {}
        self._about: dict[str, dict[str, Any]] = {}
        self._loaded, self._closed = threading.Event(), threading.Event()
        self._guard = threading.Condition()
        self._loaders: list[threading.Thread] = []

    def open(self) -> None:
        """Starts loading; returns at once."""
        if self.files:
            self._aside(self._load_all)
        else:
            self._loaded.set()
            self.on_loaded()

    def close(self) -> None:
        """Ends the waiting for engines, and waits for the model that is being loaded."""
        self._closed.set()
        self._end_waiting()
        for loader in self._loaders:
            loader.join()

    def _end_waiting(self) -> None:
        self._loaded.set()
        with self._guard:
            self._guard.notify_all()

    def _aside(self, work: Callable[[], None]) -> None:
        self._loaders.append(threading.Thread(target=work, name="loading"))
        self._loaders[-1].start()

    def _load_all(self) -> None:
        device = pick_device(self.device)
        for files in self.files:
            if not self._closed.is_set():
                self._load(files, device)
        self.loading = False
        self._end_waiting()
        if not self._closed.is_set():
            self.on_loaded()
        for files in self.files:
            if not self._closed.is_set() and files.name in self._engines:
                self._compare(files, device)

    def _compare(self, files: ModelFiles, device: str) -> None:
        """Finds a model's best form, once on a machine, while a form that is sure to be good answers; then takes it."""
        from talkgen.lm.fast import forms
        from talkgen.lm.fast.comparing import compare_aside

        has_forms = files.kind != "openai" and (device == "cpu" or device.startswith("cuda"))
        if not has_forms or forms.recorded(files, device) is not None:
            return
        sure = forms.best_form(files, device)
        compare_aside(files, device, self.tell, self._closed)
        if forms.best_form(files, device) != sure and not self._closed.is_set():
            self._load(files, device)

    def _load(self, files: ModelFiles, device: str, note: str | None = None) -> None:
        """Loads a model; where `device` fails it is the CPU's, and where that does too it stays recorded."""
        if files.kind == "openai":
            device = SERVER
        try:
            with extras_in_words():
                about = describe(files, device)  # first: the files may be trained on while the engine runs
                engine = open_engine(files, device)
                engine.next_token("")  # the first answer takes seconds that no audience should wait for
        except TalkgenError as error:
            log.error("%s stays recorded: %s", files.label, error)
        except Exception as error:  # whatever it is, the talk goes on with what is recorded
            if device in ("cpu", SERVER):
                log.error("%s stays recorded: %s", files.label, error)
            else:
                log.warning("%s moves from %s to the CPU: %s", files.label, device, error)
                self._load(files, "cpu", f"moved from {device}: {error}")
        else:
            with self._guard:
                self._engines[files.name] = engine
                self._about[files.name] = {**about, **({"note": note} if note else {})}
                self._guard.notify_all()

    def health(self) -> dict[str, Any]:
        """Whether models are still loading, and which are there."""
        if self.loading:
            return {"status": "loading", "models": []}
        status = "failed" if self.files and not self._engines else "ready"
        with self._guard:
            return {"status": status, "models": list(self._about.values())}

    def choices(self, *, translate: bool = False) -> list[tuple[str, str]]:
        """Label and name of the models that continue a text, or of those that translate one."""
        return [(item.label, item.name) for item in self.files if _translates(item) == translate]

    def find(self, name: str | None) -> Answering:
        """The engine of the model `name`, of the first one where that is None.

        Raises:
            ModelError: it is not there.
        """
        engines = self._engines
        if name is None and engines:
            return next(iter(engines.values()))
        if name not in engines:
            raise ModelError(f"the model '{name}' is not loaded", did_you_mean(name or "", engines))
        return engines[name]

    def find_here(self, name: str | None) -> Engine:
        """The engine of a model that runs here.

        Raises:
            ModelError: it is not there, or answers elsewhere.
        """
        from talkgen.lm.answer.engine import Engine

        engine = self.find(name)
        if not isinstance(engine, Engine):
            raise ModelError(f"{engine.files.label} shows nothing but its next tokens", "name a model that runs here")
        return engine

    def wait(self) -> None:
        """Waits until the models are loaded, in a thread of the caller's own."""
        self._loaded.wait()

    def wait_for(self, name: str | None) -> None:
        """Waits until the model `name`, the first where that is None, is loaded or cannot be; in a thread as `wait`."""
        wanted = name if name is not None or not self.files else self.files[0].name
        with self._guard:
            self._guard.wait_for(lambda: wanted in self._engines or self._loaded.is_set())

    def ask(self, question: Question, caller: Caller | None = None) -> Answer:
        """The answer to `question`, for a caller in a thread of its own that can wait.

        Raises:
            TalkgenError: the model is not there or cannot take the prompt.
            GoneError: the caller went, or, where none is given, it took too long.
            FailedError: the device failed; the model moves to the CPU and is not there meanwhile.
        """
        self.wait_for(question.model)
        engine = self.find(question.model)
        try:
            return engine.next_token(
                question.prompt,
                bars=question.bars,
                sampling=question.sampling,
                leave_out=question.leave_out,
                caller=caller or slide_caller(),
            )
        except FailedError as error:
            self.fail(engine, error)
            raise

    def fail(self, engine: Answering, error: Exception) -> None:
        """Takes an engine whose device failed out of use, and loads its model on the CPU; one there goes on trying."""
        name = engine.files.name
        device = self._about.get(name, {}).get("device")
        with self._guard:
            if self._engines.get(name) is not engine or device in ("cpu", SERVER):
                return
            del self._engines[name], self._about[name]
        log.warning("%s moves from %s to the CPU: %s", engine.files.label, device, error)
        note = f"moved from {device}: {error}"
        self._aside(lambda: self._load(engine.files, "cpu", note))

    def signature(self, engine: Answering) -> ModelJSON:
        """Who answered."""
        about = self._about.get(engine.files.name)
        if about is None:  # its device failed just now
            raise ModelError(f"the model '{engine.files.name}' is not loaded")
        return {"name": about["name"], "label": about["label"], "digest": about["digest"]}


def _translates(files: ModelFiles) -> bool:
    with contextlib.suppress(TalkgenError):  # what cannot be read is told where it is loaded
        return files.about()["architecture"] in TRANSLATORS
    return False


def open_engine(files: ModelFiles, device: str) -> Answering:
    """Who answers for a model: its fastest form on `device`, or its server."""
    if files.kind == "openai":
        from talkgen.lm.answer.remote import RemoteEngine

        return RemoteEngine(files)
    from talkgen.lm.answer.engine import Engine
    from talkgen.lm.fast.forms import load_fast

    return Engine(load_fast(files, device), device=device)


def slide_caller() -> Caller:
    """Somebody before a slide, who waits for a while and no longer."""
    end = time.monotonic() + SECONDS[Rank.SLIDE]
    return Caller(Rank.SLIDE, lambda: time.monotonic() > end)


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
    from talkgen.lm.fast import native

    if wanted != "auto":
        return wanted
    if native.has_cuda():
        return "cuda"
    # With kernels a processor is quicker than mps, and than torch's start.
    if native.load_library() is not None or importlib.util.find_spec("torch") is None:
        return "cpu"
    import torch

    return "mps" if torch.backends.mps.is_available() else "cpu"
