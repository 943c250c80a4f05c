"""Which form of a model answers: the quickest one that is, as measured on this machine, as good as float32.

A form is what the weights are packed in (`files.packed`), on a GPU their type. `fast.comparing` holds each to the
float32 model, once on a machine; what it found is kept in the user's cache, by the model's digest and the kernels'.
Until then a form answers that is sure to be good: a file's own blocks, or float32. Imports no torch where kernels read.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from talkgen.assets import cache_dir
from talkgen.files import write_json
from talkgen.lm.fast import native
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.packed import FORMATS, Format
from talkgen.lm.files.record import read_config
from talkgen.lm.models.config import TRANSLATORS
from talkgen.lm.models.reader import Readable

# What an audience could see: a bar of a chart that is 2 points off, or another word on top in one of a hundred.
MOST_CHANGE, LEAST_AGREEMENT = 0.02, 0.99
STORED, REFERENCE = "stored", "torch"  # a file's own blocks; float32 by torch's operations, what all are compared with


@dataclass(frozen=True)
class Measured:
    """A form's answers against float32: the largest change of a probability, the share of equal first choices."""

    form: str
    max_change: float
    top_1: float
    milliseconds: float | None  # one more token; None of what was not tried: float32 that only judges, forms that lost
    megabytes: float | None  # of weights; None of what was not packed

    @property
    def good(self) -> bool:
        """Whether nobody could tell it from float32."""
        return self.max_change <= MOST_CHANGE and self.top_1 >= LEAST_AGREEMENT


def load_fast(files: ModelFiles, device: str = "cpu") -> Loaded[Readable]:
    """The model in `files` for reading: in its best form where they were compared, else in one that is sure to be good.

    Raises:
        ModelError: as `load_model` does.
    """
    return load_form(files, best_form(files, device), device)


def best_form(files: ModelFiles, device: str = "cpu") -> str:
    """The quickest good form where they were compared, else one that is sure to be good."""
    found = recorded(files, device)
    if found is None:
        return _sure(files, device)
    # Torch's own float32 comes last where kernels read: it takes a second and 200 MB before it reads anything.
    good = [row for row in found if row.good and not (row.form == REFERENCE and packs(files, device))]
    best = min(good, key=lambda row: row.milliseconds or math.inf, default=None)
    return best.form if best else REFERENCE


def recorded(files: ModelFiles, device: str = "cpu") -> list[Measured] | None:
    """What comparing a model's forms on this machine found; None where that was not done, or cannot be read."""
    try:
        rows = json.loads(_record(files, device).read_text(encoding="utf-8"))
        return [Measured(**row) for row in rows]
    except (OSError, ValueError, TypeError):
        return None


def keep(files: ModelFiles, device: str, found: list[Measured]) -> None:
    """Keeps what comparing them found.

    Raises:
        OSError: the cache cannot be written.
    """
    write_json(_record(files, device), [asdict(row) for row in found])


def _record(files: ModelFiles, device: str) -> Path:
    where = device.replace(":", "") + ("" if native.load_library() else "-torch")
    return cache_dir("forms") / f"{files.digest()[:24]}-{native.fingerprint()}-{where}.json"


def _sure(files: ModelFiles, device: str) -> str:
    """The form that answers before any was measured."""
    if not packs(files, device):
        return REFERENCE
    return STORED if files.kind == "gguf" else "float32"


def packs(files: ModelFiles, device: str) -> bool:
    """Whether kernels can read a model on a device."""
    if device != "cpu" or native.load_library() is None:
        return False
    if files.kind == "checkpoint":
        config = read_config(files.weights)["config"]
        return config.get("architecture") not in TRANSLATORS and not config.get("attention")
    return files.kind in ("gguf", "hf")


def load_form(files: ModelFiles, form: str, device: str) -> Loaded[Readable]:
    """A model in the form of that name.

    Raises:
        ModelError: as `load_model` does.
    """
    if form == STORED:
        return load_stored(files)
    if form in FORMATS and packs(files, device):
        return _load_packed(files, form)
    from talkgen.lm.fast.torch_forms import load_torch_form

    return load_torch_form(files, form, device)


def load_stored(files: ModelFiles) -> Loaded[CompiledTransformer]:
    """A GGUF file's model on the decoder, in the file's own blocks.

    Raises:
        ModelError: as `load_model` does.
    """
    from talkgen.lm.files.stored import load_packed

    config, tokenizer, weights = load_packed(files)
    model = CompiledTransformer(config, weights, adjacent=True)
    return Loaded(files.name, files.label, model, tokenizer, files)


def _load_packed(files: ModelFiles, form: Format) -> Loaded[CompiledTransformer | CompiledLSTM]:
    """A model that is stored in floats, packed."""
    if files.kind == "hf":
        from talkgen.lm.files.weights import load_model

        loaded = load_model(files)
        arrays = {name: value.detach().numpy() for name, value in loaded.model.named_parameters()}
        model = CompiledTransformer.from_arrays(loaded.model.config, arrays, form)
        return Loaded(files.name, files.label, model, loaded.tokenizer, files)
    from talkgen.lm.files.stored import load_arrays

    config, tokenizer, arrays = load_arrays(files)
    kind = CompiledTransformer.from_arrays if config.architecture == "transformer" else CompiledLSTM
    return Loaded(files.name, files.label, kind(config, arrays, form), tokenizer, files)


def describe_kernels(device: str = "cpu") -> str:
    """What computes where models answer on `device`, and why it is not compiled code where it could be."""
    if device.startswith("cuda"):
        return "torch's own, a token's recorded as one CUDA graph"
    if device != "cpu":
        return "torch's own"
    return f"compiled, {native.describe()}" if native.load_library() else f"torch's own: {native.why_not()}"
