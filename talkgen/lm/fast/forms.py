"""Which form of a model answers: the quickest one that is, as measured on this machine, as good as float32.

A form is what the weights are packed in (`files.packed`), on a GPU their type. Its answers are compared with those of
the float32 model at every position of a text, read at once and token by token: the largest change of any token's
probability, and how often the likeliest token is the same. A GGUF file has one form, the blocks it stores; a checkpoint
in floats can be packed in several. Measurements are kept in the user's cache, by the model's digest and the kernels'.
"""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from talkgen.assets import cache_dir
from talkgen.files import write_json
from talkgen.lm.fast import native
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.fast.quantize import TORCH_FORMS, packed_bytes, quantize
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.packed import FORMATS, Packed
from talkgen.lm.files.weights import Loaded, load_model, load_packed, restore
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.lstm import RecurrentLM
from talkgen.lm.models.transformer import Transformer

# What an audience could see: a bar of a chart that is 2 points off, or another word on top in one of a hundred.
MOST_CHANGE, LEAST_AGREEMENT = 0.02, 0.99
STORED, REFERENCE = "stored", "torch"  # a file's own blocks; float32 by torch's operations, what all are compared with
_POSITIONS, _STEPS = 384, 16  # a few hundred, so that one in a hundred is seen; read in seconds at 135M parameters
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


@dataclass(frozen=True)
class Measured:
    """A form's answers against float32: the largest change of a probability, the share of equal first choices."""

    form: str
    max_change: float
    top_1: float
    milliseconds: float  # one more token
    megabytes: float  # of weights

    @property
    def good(self) -> bool:
        """Whether nobody could tell it from float32."""
        return self.max_change <= MOST_CHANGE and self.top_1 >= LEAST_AGREEMENT


def load_fast(files: ModelFiles, device: str = "cpu") -> Loaded:
    """The model in `files` for reading, in its best form; the model itself where there is no other.

    Raises:
        ModelError: as `load_model` does.
    """
    good = [row for row in measure(files, device) if row.good]
    best = min(good, key=lambda row: row.milliseconds, default=None)
    if best is None or best.form == REFERENCE:
        return load_model(files, device)
    if best.form == STORED:
        return load_stored(files)
    loaded = load_model(files)
    return replace(loaded, model=next(model for _, model in _forms(loaded, files, device, best.form)))


def describe_kernels(device: str = "cpu") -> str:
    """What computes where models answer on `device`, and why it is not compiled code where it could be."""
    if device.startswith("cuda"):
        return "torch's own, a token's recorded as one CUDA graph"
    if device != "cpu":
        return "torch's own"
    return "compiled for this processor" if native.load_library() else f"torch's own: {native.why_not()}"


def load_stored(files: ModelFiles) -> Loaded:
    """A GGUF file's model on the decoder, in the file's own blocks.

    Raises:
        ModelError: as `load_model` does.
    """
    config, tokenizer, packed = load_packed(files)
    return Loaded(files.name, files.label, CompiledTransformer(config, open_vectors(packed)), tokenizer, files)


def open_vectors(packed: Mapping[str, Packed]) -> dict[str, Packed | Tensor]:
    """Packed weights as the decoder takes them: vectors in float32."""
    return {name: restore(weight, name) if "norm" in name else weight for name, weight in packed.items()}


def measure(files: ModelFiles, device: str = "cpu") -> list[Measured]:
    """Every form of a model against float32; from the cache where it was measured on this machine before.

    Nothing for a model that continues no plain text, such as a translator.

    Raises:
        ModelError: as `load_model` does.
    """
    where = device.replace(":", "") + ("" if native.load_library() else "-torch")
    record = cache_dir("forms") / f"{files.digest()[:24]}-{native.fingerprint()}-{where}.json"
    try:
        return [Measured(**row) for row in json.loads(record.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        logging.getLogger(__name__).info("comparing the forms of %s, once", files.label)
    found = _measure(load_model(files), files, device)
    with suppress(OSError):  # a cache that cannot be written costs time, never the answer
        write_json(record, [asdict(row) for row in found])
    return found


@torch.inference_mode()
def _measure(loaded: Loaded, files: ModelFiles, device: str) -> list[Measured]:
    if not isinstance(loaded.model, Transformer | RecurrentLM):
        return []
    ids = torch.tensor([loaded.tokenizer.encode(_TEXT)[: min(_POSITIONS, loaded.model.config.block_size)]])
    expected = _read(loaded.model, ids, ids.size(1))
    forms: list[tuple[str, LanguageModel]] = [*_forms(loaded, files, device)]
    if device == "cpu":
        forms = [(REFERENCE, loaded.model), *forms]
    found = []
    for form, model in forms:
        # Read at once a product has many rows, token by token one: different kernels, and both must be good.
        ways = [_read(model, ids, step) for step in ((ids.size(1),) if form == REFERENCE else (ids.size(1), 1))]
        change = max(float((p - expected).abs().max()) for p in ways)
        same = min(_agreement(p, expected) for p in ways)
        found.append(Measured(form, change, same, _time(model, ids.to(model.device)), _bytes(model) / 1e6))
    return found


def _forms(
    loaded: Loaded, files: ModelFiles, device: str, only: str | None = None
) -> Iterator[tuple[str, LanguageModel]]:
    """The forms of a float32 model on `device`, or the one named `only`."""
    model = loaded.model
    compiled = native.load_library() is not None
    if isinstance(model, Transformer) and device.startswith("cuda"):
        yield from ((form, GraphedTransformer(packed)) for form, packed in _on_a_gpu(model, device, only))
    elif device != "cpu":
        return
    elif isinstance(model, Transformer) and not compiled:
        yield from ((form, quantize(model, form)) for form in TORCH_FORMS if only in (None, form))
    elif files.kind == "gguf":
        config, _, weights = load_packed(files)
        yield STORED, CompiledTransformer(config, open_vectors(weights))
    elif isinstance(model, Transformer):
        yield from (
            (form, CompiledTransformer.from_transformer(model, form)) for form in FORMATS if only in (None, form)
        )
    elif isinstance(model, RecurrentLM) and compiled and not model.config.attention:
        yield from ((form, CompiledLSTM(model, form)) for form in FORMATS if only in (None, form))


def _on_a_gpu(model: Transformer, device: str, only: str | None) -> Iterator[tuple[str, Transformer]]:
    """Copies of the model on a GPU, in smaller types and packed."""
    for form in ("bfloat16", "float16", "float32", "int8", "int4"):
        if only in (None, form):
            copy = Transformer(model.config).to(device, getattr(torch, form, torch.bfloat16)).eval()
            copy.load_state_dict(model.state_dict())
            yield form, quantize(copy, form) if form in ("int8", "int4") else copy


def _bytes(model: LanguageModel) -> int:
    """Bytes of weights that one token reads."""
    known = getattr(model, "bytes", None)
    return known if known is not None else packed_bytes(model)


def _read(model: LanguageModel, ids: Tensor, step: int) -> Tensor:
    """Probabilities [T, V] after every token of `ids` [1, T], read `step` at a time: kernels differ in many and few."""
    parts, state = [], None
    for at in range(0, ids.size(1), step):
        logits, state = model(ids[:, at : at + step].to(model.device), state)
        parts.append(logits[0].softmax(dim=-1).cpu())
    return torch.cat(parts)


def _agreement(p: Tensor, expected: Tensor) -> float:
    return float((p.argmax(dim=-1) == expected.argmax(dim=-1)).float().mean())


def _time(model: LanguageModel, ids: Tensor) -> float:
    """Milliseconds of one more token after half of the text; the median of a few."""
    half = ids.size(1) // 2
    _, state = model(ids[:, :half])
    seconds = []
    for at in range(half, min(half + _STEPS, ids.size(1))):
        began = time.perf_counter()
        model(ids[:, at : at + 1], state, last_only=True)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds)
