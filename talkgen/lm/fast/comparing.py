"""Compares the forms of a model, once on a machine.

A GGUF file has one form, the blocks it stores; a checkpoint in floats can be packed in several. `compare_aside` does it
in a process of its own, since it takes seconds, torch and memory, while a form that is sure to be good already answers.
Weights are read from their file once: every form is made of the float32 model that it is held to (`fast.holding`).
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from talkgen.errors import ModelError
from talkgen.lm.fast.forms import MOST_CHANGE, REFERENCE, STORED, Measured, keep, load_form, packs, recorded
from talkgen.lm.fast.holding import Probe, begin, hold, read_reference
from talkgen.lm.files.catalog import Kind, ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.packed import FORMATS, Format
from talkgen.lm.models.config import TRANSLATORS
from talkgen.lm.models.reader import Readable

if TYPE_CHECKING:
    from talkgen.lm.models.lstm import RecurrentLM
    from talkgen.lm.models.transformer import Transformer

# Torch's threads that wait take no core from who presents, and what a form took is given back before the next one's.
_QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "MALLOC_MMAP_THRESHOLD_": str(1 << 20), "PYTHONIOENCODING": "utf-8"}

Tell = Callable[[str], None]


def compare_aside(files: ModelFiles, device: str, tell: Tell, ended: threading.Event) -> None:
    """Measures in a process of its own, which tells how far it is, and ends when `ended` is set."""
    command = [sys.executable, "-m", __name__, files.name, files.kind, str(files.path), files.label, device]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8", env=os.environ | _QUIET
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
    plain = _load_reference(files, device)
    names = _names(files, plain, device)
    if names is None or (not names and device != "cpu"):
        return
    probe, row = read_reference(plain, device, whole=not _by_blocks(files, device))
    if device == "cpu":
        yield row
    best = (row.milliseconds if device == "cpu" else None) or math.inf
    if probe.large and device == "cpu" and not packs(files, device):
        lost = list(_lost_by_rounding(plain, names, probe))
        yield from lost
        names = tuple(form for form in names if form not in [row.form for row in lost])
    forms = _forms(files, plain, names, device)
    del plain
    for number, (form, make) in enumerate(forms.items(), 1):
        tell(f"comparing {files.label} with float32: {form}, {number} of {len(names)}")
        row = hold(make(), form, device, probe, best)  # nothing keeps the form: the next one needs its memory
        best = min(best, row.milliseconds or math.inf) if row.good else best
        yield row


def _lost_by_rounding(plain: Loaded[Readable], names: tuple[str, ...], probe: Probe) -> Iterator[Measured]:
    """The forms that lose by the bfloat16 of their products, whatever their weights: they need not be packed."""
    from talkgen.lm.fast.quantize import ROUNDED_FORMS, rounded

    with rounded(cast("Transformer", plain.model)) as model:
        change, same = begin(model, "cpu", probe)
    if change > MOST_CHANGE:
        yield from (Measured(form, change, same, None, None) for form in names if form in ROUNDED_FORMS)


def _by_blocks(files: ModelFiles, device: str) -> bool:
    """Whether float32 only judges: then no more than a block of it need be in memory."""
    return files.kind == "gguf" and packs(files, device)


def _load_reference(files: ModelFiles, device: str) -> Loaded[Readable]:
    if _by_blocks(files, device):
        from talkgen.lm.files.weights import load_by_blocks

        return load_by_blocks(files)
    return load_form(files, REFERENCE, device if device.startswith("cuda") else "cpu")


def _names(files: ModelFiles, plain: Loaded[Readable], device: str) -> tuple[str, ...] | None:
    """The forms beside float32 itself; None of a model that continues no text."""
    from talkgen.lm.fast.torch_forms import torch_forms

    if plain.model.reader(device).config.architecture in TRANSLATORS:
        return None
    if packs(files, device):
        return (STORED,) if files.kind == "gguf" else FORMATS
    return torch_forms(cast("Loaded", plain), device)


def _forms(
    files: ModelFiles, plain: Loaded[Readable], names: tuple[str, ...], device: str
) -> dict[str, Callable[[], Readable]]:
    """What makes each form, the smallest first, mostly the quickest: one that is slower need not be held to all.

    On the CPU they are made of the float32 model, whose place the last one takes; a card has no room for two.
    """
    ordered = names[::-1]
    if STORED in names or device != "cpu":
        return {form: partial(_loaded, files, form, device) for form in ordered}
    if packs(files, device):
        return {form: partial(_compiled, plain.model, form) for form in ordered}
    from talkgen.lm.fast.quantize import pack_matrices, quantize

    model = cast("Transformer", plain.model)
    return {form: partial(pack_matrices if form == ordered[-1] else quantize, model, form) for form in ordered}


def _loaded(files: ModelFiles, form: str, device: str) -> Readable:
    return load_form(files, form, device).model


def _compiled(model: Readable, form: str) -> Readable:
    from talkgen.lm.fast.compiled_lstm import CompiledLSTM
    from talkgen.lm.fast.compiled_transformer import CompiledTransformer
    from talkgen.lm.models.transformer import Transformer

    if isinstance(model, Transformer):
        return CompiledTransformer.from_transformer(model, cast("Format", form))
    return CompiledLSTM.from_recurrent(cast("RecurrentLM", model), cast("Format", form))


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
