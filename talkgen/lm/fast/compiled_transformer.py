"""A transformer for reading alone, on a CPU: the same logits as `models.transformer`, from packed weights, far sooner.

The work is in `cpp/transformer.cpp`; here its structures are filled in. There is nothing to see inside: who wants
attention weights or gradients takes the model itself.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from talkgen.errors import ModelError
from talkgen.lm.fast.cache import PackedCache
from talkgen.lm.fast.native import load_library, threads, why_not
from talkgen.lm.fast.pointers import Pointers
from talkgen.lm.fast.structures import SIZES, Layer, Model, Norm, Rows, Stack
from talkgen.lm.files.packed import Format, Packed, pack
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.reader import Floats, Reader

if TYPE_CHECKING:
    from talkgen.lm.models.transformer import Transformer

_ACTIVATION = {"gelu": 0, "gelu_tanh": 1, "swiglu": 2}
# Tokens a pass takes at most: enough to use each weight often, few enough to stay in the caches. 256 tokens by 16, 32,
# 64, 128, 256 at once: 2.1, 1.4, 1.3, 1.4, 1.6 s on one core (SmolLM2-135M, its blocks); 24, 19, 15, 19, 19 ms (small).
_ROWS = 64


Weights = Mapping[str, tuple[Packed, ...] | Floats]
"""Matrices packed (alone or several one below the other), vectors in float32, as `models.transformer` names them."""


@dataclass(slots=True)
class _Row:
    """A token to read after another: whose cache it belongs to, which of its batch rows, and where in the text."""

    token: int
    before: int  # -1: none
    cache: PackedCache
    place: int
    position: int


class CompiledTransformer:
    """A transformer that only reads, as a `Reader`."""

    shows_inside, device = False, "cpu"

    def __init__(self, config: ModelConfig, weights: Weights, *, adjacent: bool = False) -> None:
        """Takes the weights as they are; nothing is copied. adjacent: rotary pairs are, as in llama.cpp's files.

        Raises:
            ModelError: this machine cannot compile the decoder.
        """
        self.config = config
        library = load_library()
        if library is None:
            raise ModelError(f"the fast decoder cannot be used: {why_not()}", "torch's own operations still work")
        self._library = library
        self._pointers = Pointers()
        self._weights = weights
        self._number: np.dtype[np.floating[Any]] = np.dtype(np.float32 if self._exact() else np.float16)
        self._model = self._describe()
        self._model.adjacent = int(adjacent)
        self.threads = threads()

    @classmethod
    def from_arrays(cls, config: ModelConfig, arrays: Mapping[str, Floats], format: Format) -> CompiledTransformer:
        """The decoder of float32 weights, matrices packed in `format`; embedding and head never in less than int8."""
        weights: dict[str, tuple[Packed, ...] | Floats] = {}
        for name, value in arrays.items():
            if value.ndim != 2 or name == "positions.weight":
                weights[name] = value
            else:
                coarse = format == "int4" and name in ("embed.weight", "head.weight")
                weights[name] = (pack(value, "int8" if coarse else format),)
        return cls(config, weights)

    @classmethod
    def from_transformer(cls, model: Transformer, format: Format) -> CompiledTransformer:
        """The decoder of a model of torch's modules; see `from_arrays`."""
        arrays = {name: value.detach().float().numpy(force=True) for name, value in model.named_parameters()}
        return cls.from_arrays(model.config, arrays, format)

    def reader(self, device: str = "cpu") -> Reader:  # noqa: ARG002 – it is on the processor
        """Itself."""
        return self

    @property
    def threads(self) -> int:
        """How many threads share its work."""
        return self._model.threads

    @threads.setter
    def threads(self, count: int) -> None:
        self._model.threads = count

    @property
    def bytes(self) -> int:
        """Bytes of weights that one token has to read."""
        once = {name: value for name, value in self._weights.items() if name != "embed.weight" or self.config.tied_head}
        return sum(sum(p.bytes for p in v) if isinstance(v, tuple) else v.nbytes for v in once.values())

    def new_state(self, batch: int, capacity: int) -> PackedCache:
        """An empty cache for `batch` rows with room for `capacity` tokens."""
        return PackedCache(self.config, batch, capacity, self._number)

    def __call__(
        self, ids: ArrayLike, state: PackedCache | None = None, *, last_only: bool = False
    ) -> tuple[Floats, PackedCache]:
        """See `Reader.__call__`."""
        given = np.asarray(ids, np.int64)
        B, T = given.shape
        cache = state if state is not None else self.new_state(B, T)
        rows = self._rows(given.tolist(), cache)
        wanted = [row[-1:] if last_only else row for row in rows]
        logits = self._read([row for text in rows for row in text], [row for text in wanted for row in text])
        cache.length += T
        return logits.reshape(B, -1, self.config.vocab_size), cache

    def read_many(self, texts: Sequence[Sequence[int]], caches: Sequence[PackedCache]) -> Floats:
        """See `Reader.read_many`; however different their lengths, every weight is read once for all of them."""
        rows: list[_Row] = []
        for ids, cache in zip(texts, caches, strict=True):
            rows += self._rows([list(ids)], cache)[0]
        ends = list(itertools.accumulate(map(len, texts)))
        logits = self._read(rows, [rows[end - 1] for end in ends])
        for ids, cache in zip(texts, caches, strict=True):
            cache.length += len(ids)
        return logits

    def _rows(self, texts: list[list[int]], cache: PackedCache) -> list[list[_Row]]:
        """A row of each token of `texts`, all of one length, which go after what the cache holds."""
        at = cache.length
        cache.reserve(at + len(texts[0]))
        before = cache.remember(texts)
        return [
            [_Row(i, late, cache, b, at + t) for t, (late, i) in enumerate(itertools.pairwise([before[b], *text]))]
            for b, text in enumerate(texts)
        ]

    def _read(self, rows: list[_Row], wanted: list[_Row]) -> Floats:
        """The logits [wanted, V]; the rows wanted come last, which is as good as any order inside of one pass."""
        last = set(map(id, wanted))
        ordered = [row for row in rows if id(row) not in last] + wanted
        logits = np.empty((len(wanted), self.config.vocab_size), np.float32)
        first = len(ordered) - len(wanted)
        for start in range(0, len(ordered), _ROWS):
            part = ordered[start : start + _ROWS]
            self._pass(part, logits[max(0, start - first) : max(0, start + len(part) - first)])
        return logits

    def _pass(self, rows: list[_Row], logits: Floats) -> None:
        """One pass, with the logits [wanted, V] of its last rows; a text's earlier keys are there or come with it."""
        config, count = self.config, len(rows)
        if not all(0 <= row.token < config.vocab_size and row.position < config.block_size for row in rows):
            raise ValueError("a token is not in the vocabulary, or there are more than the model's context holds")
        arrays = (
            (ctypes.c_int64 * count)(*(row.token for row in rows)),
            (ctypes.c_int64 * count)(*(row.before for row in rows)),
            (ctypes.c_int32 * count)(*(row.position for row in rows)),
            (ctypes.c_void_p * count)(*(row.cache.k[0, row.place].ctypes.data for row in rows)),
            (ctypes.c_void_p * count)(*(row.cache.v[0, row.place].ctypes.data for row in rows)),
            (ctypes.c_int64 * count)(*(row.cache.k.strides[0] // self._number.itemsize for row in rows)),
            (ctypes.c_int64 * count)(*(row.cache.k.strides[2] // self._number.itemsize for row in rows)),
        )
        given = Rows(count, len(logits), *(ctypes.addressof(array) for array in arrays))
        self._library.read_transformer(ctypes.byref(self._model), ctypes.byref(given), logits.ctypes.data)

    def _exact(self) -> bool:
        """Whether all matrices are float32: then keys and values are; else they lose less as halves than those did."""
        packed = (part for value in self._weights.values() if isinstance(value, tuple) for part in value)
        return all(part.format == "float32" for part in packed)

    def _describe(self) -> Model:
        config = self.config
        model = Model(*(getattr(config, name) for name in SIZES))
        model.rms, model.eps, model.shift = int(config.norm == "rms"), config.norm_eps, int(config.shift)
        model.activation, model.remembers = _ACTIVATION[config.activation], 8 * self._number.itemsize
        if config.positions == "rotary":
            model.cos, model.sin = map(self._pointers.address, _angles(config))
        else:
            model.positions = self._vector("positions.weight")
        model.embed, model.norm = self._stack("embed").parts[0], self._norm("norm")
        model.head = self._stack("embed" if config.tied_head else "head").parts[0]
        layers = (Layer * config.n_layer)(*(self._layer(f"blocks.{i}.") for i in range(config.n_layer)))
        self._pointers.keep(layers)
        model.layers = ctypes.cast(layers, ctypes.POINTER(Layer))
        return model

    def _layer(self, prefix: str) -> Layer:
        norms = (self._norm(prefix + name) for name in ("norm_1", "norm_2"))
        names = ("attention.qkv", "attention.proj", "mlp.up", "mlp.down")
        return Layer(*norms, *(self._stack(prefix + name) for name in names))

    def _norm(self, name: str) -> Norm:
        return Norm(self._vector(f"{name}.weight"), self._vector(f"{name}.bias"))

    def _stack(self, name: str) -> Stack:
        weight = self._weights[f"{name}.weight"]
        parts = weight if isinstance(weight, tuple) else (pack(weight, "float32"),)
        return self._pointers.stack(parts, self._array(f"{name}.bias"))

    def _array(self, name: str) -> Floats | None:
        value = self._weights.get(name)
        return value[0].dense().reshape(-1) if isinstance(value, tuple) else value

    def _vector(self, name: str) -> int | None:
        return self._pointers.address(self._array(name))


def _angles(config: ModelConfig) -> tuple[Floats, Floats]:
    """Cosines and sines [block_size, D / 2] of all positions, as `models.rotary` has them."""
    half = np.arange(0, config.head_dim, 2, dtype=np.float32) / np.float32(config.head_dim)
    position = np.arange(config.block_size, dtype=np.float32)
    angle = np.outer(position, np.float32(config.rope_theta) ** -half)
    return np.cos(angle), np.sin(angle)
