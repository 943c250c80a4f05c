"""Holds every form of a model to float32, once on a machine.

A form's answers are compared with those of the float32 model at every position of a text, read at once and token by
token: the largest change of any token's probability, and how often the likeliest token is the same. A GGUF file has one
form, the blocks it stores; a checkpoint in floats can be packed in several. `compare_aside` does it in a process of its
own, since it takes seconds, torch and memory, while a form that is sure to be good already answers.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from talkgen.errors import ModelError
from talkgen.lm.fast.forms import MOST_CHANGE, REFERENCE, STORED, Measured, keep, load_form, packs, recorded
from talkgen.lm.files.catalog import Kind, ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.packed import FORMATS
from talkgen.lm.models.config import TRANSLATORS, ModelConfig
from talkgen.lm.models.distribution import softmax
from talkgen.lm.models.reader import Floats, Readable, Reader

# Read token by token a text takes many times as long: of a large model the last tokens, which are a second or less.
_LARGE, _ONE_BY_ONE = 20_000_000, 16
_FEW = 4  # tokens that tell how quick a form is, where it has lost or all are held to it
_PIECE = 64  # tokens that are read together; kernels differ in many and few
# A few hundred tokens, so that one in a hundred is seen.
_TEXT = """A language model reads a text one token after another and says, for every word it knows, how likely it is to
come next. In 1951 Claude Shannon asked people to guess the next letter of a page; they were right more often than
chance, because language repeats itself. The same question, asked a trillion times, is what a transformer learns from.

def softmax(logits):
    highest = max(logits)
    weights = [math.exp(x - highest) for x in logits]
    return [w / sum(weights) for w in weights]

Paris is the capital of France, Rome that of Italy, and Madrid that of Spain. 2 + 2 = 4; 7 * 8 = 56. "Who is there?"
she asked. Nobody answered, so she asked again, and this time a voice said: "It is only me." The quick brown fox jumps
over the lazy dog. Once upon a time there was a king who had three daughters, and the youngest was the wisest of them.
"""

# Torch's threads that wait take no core from who presents, and what a form took is given back before the next one's.
_QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "MALLOC_MMAP_THRESHOLD_": str(1 << 22)}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class _Probe:
    """A text, what float32 says after each of its tokens [n, V], and how many of the last are read one by one."""

    ids: list[int]
    expected: Floats
    alone: int
    large: bool


class _Deviation:
    """How far the answers to a probe's first tokens are from what is expected."""

    def __init__(self, probe: _Probe) -> None:
        self._probe, self._at, self._same = probe, 0, 0
        self.change = 0.0  # the largest difference of a probability

    def add(self, p: Floats) -> None:
        """Takes the probabilities [n, V] after the next tokens."""
        wanted = self._probe.expected[self._at : self._at + len(p)]
        self.change = max(self.change, float(np.abs(p - wanted).max()))
        self._same += int((p.argmax(axis=-1) == wanted.argmax(axis=-1)).sum())
        self._at += len(p)

    @property
    def agreement(self) -> float:
        """The share of equal first choices."""
        return self._same / self._at

    @property
    def lost(self) -> bool:
        """Whether no further answer could make a large model's form good; a small one's is held to all of them."""
        return self._probe.large and self.change > MOST_CHANGE


def compare_aside(files: ModelFiles, device: str, tell: Tell, ended: threading.Event) -> None:
    """Measures in a process of its own, which tells how far it is, and ends when `ended` is set."""
    command = [sys.executable, "-m", __name__, files.name, files.kind, str(files.path), files.label, device]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=os.environ | _QUIET
    ) as process:

        def pass_on() -> None:
            for line in process.stdout or ():
                tell(line.rstrip("\n"))

        reader = threading.Thread(target=pass_on)
        reader.start()
        while process.poll() is None:
            if ended.wait(0.2):
                process.kill()
        reader.join()


def measure(files: ModelFiles, device: str = "cpu", tell: Tell = lambda _: None) -> list[Measured]:
    """Every form of a model against float32; from the cache where it was measured on this machine before.

    Nothing for a model that continues no plain text, such as a translator.

    Raises:
        ModelError: as `load_model` does.
    """
    found = recorded(files, device)
    if found is None:
        found = list(_measure(files, device, tell))
        with suppress(OSError):  # a cache that cannot be written costs time, never the answer
            keep(files, device, found)
    return found


def _measure(files: ModelFiles, device: str, tell: Tell) -> Iterator[Measured]:
    tell(f"comparing {files.label}'s forms, once on this machine: float32, which the others are held to")
    reference = _read_reference(files, device)
    if reference is None:
        return
    names, probe, row = reference
    if device == "cpu":
        yield row
    best = row.milliseconds if device == "cpu" else math.inf
    for number, form in enumerate(names, 1):
        tell(f"comparing {files.label} with float32: {form}, {number} of {len(names)}")
        row = _hold(files, form, device, probe, best)
        best = min(best, row.milliseconds) if row.good else best
        yield row


def _read_reference(files: ModelFiles, device: str) -> tuple[tuple[str, ...], _Probe, Measured] | None:
    """The forms to compare, float32's answers to the text and its row; None of a model without forms.

    Its memory is free when this returns: a large model's is for its forms.
    """
    plain = load_form(files, REFERENCE, device if device.startswith("cuda") else "cpu")
    names = _names(files, plain, device)
    if names is None or (not names and device != "cpu"):
        return None
    reader = plain.model.reader(device)
    ids = plain.tokenizer.encode(_TEXT)[: reader.config.block_size]
    large = size(reader.config) > _LARGE
    first, last = ids[:-_FEW], ids[-_FEW:]
    state, parts, seconds = None, [], []
    for p, after in _read(reader, first, None):
        state = after
        parts.append(p)
    for p, second in _step(reader, last, state):
        parts.append(p)
        seconds.append(second)
    probe = _Probe(ids, np.concatenate(parts), _ONE_BY_ONE if large else len(ids), large)
    return names, probe, Measured(REFERENCE, 0.0, 1.0, _milliseconds(seconds), _megabytes(plain.model))


def _hold(files: ModelFiles, form: str, device: str, probe: _Probe, best: float) -> Measured:
    """Holds one form to float32; a large model's only until it has lost: to the rule, or by speed to `best` (ms)."""
    model = load_form(files, form, device).model
    reader, at_once, alone = model.reader(device), _Deviation(probe), _Deviation(probe)
    first, last = probe.ids[: -probe.alone], probe.ids[-probe.alone :]
    state, seconds = None, list[float]()
    for p, after in _read(reader, first, None):
        state = after
        at_once.add(p)
        alone.add(p)
        if at_once.lost:
            break
    else:
        for p, _ in _read(reader, last, state.clone() if state else None):
            at_once.add(p)
    for p, second in _step(reader, last, state):
        seconds.append(second)
        if not at_once.lost:
            alone.add(p)
        if probe.large and len(seconds) == _FEW and (at_once.lost or _milliseconds(seconds) > best):
            break
    ways = [at_once] if at_once.lost else [at_once, alone]
    change, same = max(way.change for way in ways), min(way.agreement for way in ways)
    return Measured(form, change, same, _milliseconds(seconds), _megabytes(model))


def _milliseconds(seconds: list[float]) -> float:
    return 1000 * statistics.median(seconds)


def _names(files: ModelFiles, plain: Loaded[Readable], device: str) -> tuple[str, ...] | None:
    """The forms beside float32 itself; None of a model that continues no text."""
    from talkgen.lm.fast.torch_forms import torch_forms

    if plain.model.reader(device).config.architecture in TRANSLATORS:
        return None
    if packs(files, device):
        return (STORED,) if files.kind == "gguf" else FORMATS
    return torch_forms(cast("Loaded", plain), device)


def _read(reader: Reader, ids: list[int], state: Any) -> Iterator[tuple[Floats, Any]]:
    """Probabilities [n, V] after every token of `ids`, which are read many at a time, and the state after them."""
    for at in range(0, len(ids), _PIECE):
        logits, state = reader([ids[at : at + _PIECE]], state)
        yield softmax(logits[0]), state


def _step(reader: Reader, ids: list[int], state: Any) -> Iterator[tuple[Floats, float]]:
    """The same [1, V] of tokens that are read one by one, and the seconds that each took."""
    for token in ids:
        began = time.perf_counter()
        logits, state = reader([[token]], state)
        seconds = time.perf_counter() - began
        yield softmax(logits[0]), seconds


def size(config: ModelConfig) -> int:
    """About how many numbers a model's matrices hold."""
    each = config.n_embd * (4 * config.n_embd + 3 * config.n_inner)
    return config.vocab_size * config.n_embd + config.n_layer * each


def _megabytes(model: Readable) -> float:
    """Of weights that one token reads."""
    known = getattr(model, "bytes", None)
    if known is None:
        from talkgen.lm.fast.quantize import packed_bytes
        from talkgen.lm.models.base import LanguageModel

        known = packed_bytes(cast("LanguageModel", model))
    return float(known) / 1e6


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(name: str, kind: str, path: str, label: str, device: str) -> int:
    """Measures one model's forms and keeps what was found; tells a line for each on standard output."""
    try:
        measure(ModelFiles(name, cast("Kind", kind), Path(path), label), device, _print)
    except ModelError:  # the server, which loads the same files, says it
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
