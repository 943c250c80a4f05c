"""Holds every form of a model to float32, once on a machine.

A form's answers are compared with those of the float32 model at every position of a text, read at once and token by
token: the largest change of any token's probability, and how often the likeliest token is the same. A GGUF file has one
form, the blocks it stores; a checkpoint in floats can be packed in several. `compare_aside` does it in a process of its
own, since it takes seconds, torch and memory, while a form that is sure to be good already answers.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from talkgen.errors import ModelError
from talkgen.lm.fast.forms import REFERENCE, STORED, Measured, keep, load_form, packs, recorded
from talkgen.lm.files.catalog import Kind, ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.packed import FORMATS
from talkgen.lm.models.config import TRANSLATORS, ModelConfig
from talkgen.lm.models.distribution import softmax
from talkgen.lm.models.reader import Floats, Readable, Reader

_POSITIONS, _STEPS = 384, 16  # a few hundred, so that one in a hundred is seen; read in seconds at 135M parameters
# Read token by token a text takes many times as long: of a large model the last tokens, which are a second or two.
_LARGE, _ONE_BY_ONE = 20_000_000, 64
_NUMBERS = 8_000_000  # probabilities of a form that are in memory at a time
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

Tell = Callable[[str], None]


def compare_aside(files: ModelFiles, device: str, tell: Tell, ended: threading.Event) -> None:
    """Measures in a process of its own, which tells how far it is, and ends when `ended` is set."""
    command = [sys.executable, "-m", __name__, files.name, files.kind, str(files.path), files.label, device]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:

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
    plain = load_form(files, REFERENCE, device if device.startswith("cuda") else "cpu")
    names = _names(files, plain, device)
    if names is None or (not names and device != "cpu"):
        return
    reader = plain.model.reader(device)
    ids = plain.tokenizer.encode(_TEXT)[: min(_POSITIONS, reader.config.block_size)]
    piece = _NUMBERS // reader.config.vocab_size + 1
    expected = np.concatenate(list(_read(reader, ids, piece)))
    if device == "cpu":
        yield Measured(REFERENCE, 0.0, 1.0, _time(reader, ids), _megabytes(plain.model))
    del plain, reader  # a large model's memory is for its forms
    for number, form in enumerate(names, 1):
        tell(f"comparing {files.label} with float32, once on this machine: {form}, {number} of {len(names)}")
        model = load_form(files, form, device).model
        reader = model.reader(device)
        ways = [_deviation(way, expected) for way in (_read(reader, ids, piece), _one_by_one(reader, ids, piece))]
        change, same = max(way[0] for way in ways), min(way[1] for way in ways)
        yield Measured(form, change, same, _time(reader, ids), _megabytes(model))


def _names(files: ModelFiles, plain: Loaded[Readable], device: str) -> tuple[str, ...] | None:
    """The forms beside float32 itself; None of a model that continues no text."""
    from talkgen.lm.fast.torch_forms import torch_forms

    if plain.model.reader(device).config.architecture in TRANSLATORS:
        return None
    if packs(files, device):
        return (STORED,) if files.kind == "gguf" else FORMATS
    return torch_forms(cast("Loaded", plain), device)


def _read(reader: Reader, ids: list[int], step: int, state: Any = None) -> Iterator[Floats]:
    """Probabilities [step, V] after every token of `ids`, read `step` at a time: kernels differ in many and few."""
    for at in range(0, len(ids), step):
        logits, state = reader([ids[at : at + step]], state)
        yield softmax(logits[0])


def _one_by_one(reader: Reader, ids: list[int], piece: int) -> Iterator[Floats]:
    """The same, the last of them read one by one: all of them by a model that is small."""
    config = reader.config
    alone = _ONE_BY_ONE if size(config) > _LARGE else len(ids)
    first, state = ids[: len(ids) - alone], None
    for at in range(0, len(first), piece):
        logits, state = reader([first[at : at + piece]], state)
        yield softmax(logits[0])
    yield from _read(reader, ids[len(first) :], 1, state)


def size(config: ModelConfig) -> int:
    """About how many numbers a model's matrices hold."""
    each = config.n_embd * (4 * config.n_embd + 3 * config.n_inner)
    return config.vocab_size * config.n_embd + config.n_layer * each


def _deviation(parts: Iterator[Floats], expected: Floats) -> tuple[float, float]:
    """The largest difference of a probability, and the share of equal first choices."""
    at, change, same = 0, 0.0, 0
    for p in parts:
        wanted = expected[at : at + len(p)]
        change = max(change, float(np.abs(p - wanted).max()))
        same += int((p.argmax(axis=-1) == wanted.argmax(axis=-1)).sum())
        at += len(p)
    return change, same / at


def _megabytes(model: Readable) -> float:
    """Of weights that one token reads."""
    known = getattr(model, "bytes", None)
    if known is None:
        from talkgen.lm.fast.quantize import packed_bytes
        from talkgen.lm.models.base import LanguageModel

        known = packed_bytes(cast("LanguageModel", model))
    return float(known) / 1e6


def _time(reader: Reader, ids: list[int]) -> float:
    """Milliseconds of one more token after half of the text; the median of a few."""
    half = len(ids) // 2
    _, state = reader([ids[:half]])
    seconds = []
    for token in ids[half : half + _STEPS]:
        began = time.perf_counter()
        reader([[token]], state, last_only=True)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds)


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
