"""A transformer for reading alone, on a CPU: the same logits as `models.transformer`, from packed weights, far sooner.

The work is in `cpp/transformer.cpp`; here its structures are filled in. There is nothing to see inside: who wants
attention weights or gradients takes the model itself.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.fast.native import load_library, why_not
from talkgen.lm.fast.pointers import Pointers
from talkgen.lm.fast.structures import SIZES, Layer, Matrix, Model, Norm, Rows
from talkgen.lm.files.packed import Format, Packed, pack
from talkgen.lm.models.base import LanguageModel, State, Taps
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.rotary import rotary_angles
from talkgen.lm.models.transformer import Transformer

_ACTIVATION = {"gelu": 0, "gelu_tanh": 1, "swiglu": 2}
# Tokens a pass takes at most: enough to use each weight often, few enough to stay in the caches. 256 tokens by 16, 32,
# 64, 128, 256 at once: 2.1, 1.4, 1.3, 1.4, 1.6 s on one core (SmolLM2-135M, its blocks); 24, 19, 15, 19, 19 ms (small).
_ROWS = 64


Weights = Mapping[str, Packed | Tensor]
"""Matrices packed, vectors in float32, under the names of `models.transformer`."""


@dataclass(slots=True)
class _Row:
    """A token to read after another: whose cache it belongs to, which of its batch rows, and where in the text."""

    token: int
    before: int  # -1: none
    cache: KVCache
    place: int
    position: int


class CompiledTransformer(LanguageModel):
    """A transformer that only reads."""

    shows_inside = False

    def __init__(self, config: ModelConfig, weights: Weights) -> None:
        """Takes the weights as they are; nothing is copied.

        Raises:
            ModelError: this machine cannot compile the decoder.
        """
        super().__init__(config)
        library = load_library()
        if library is None:
            raise ModelError(f"the fast decoder cannot be used: {why_not()}", "torch's own operations still work")
        self._library = library
        self._pointers = Pointers()
        self._weights = weights
        self._model = self._describe()

    @classmethod
    def from_transformer(cls, model: Transformer, format: Format) -> CompiledTransformer:
        """The decoder of a model whose matrices are packed in `format`; embedding and head never in less than int8."""
        weights: dict[str, Packed | Tensor] = {}
        for name, parameter in model.named_parameters():
            value = parameter.detach().to("cpu", torch.float32)
            if parameter.dim() != 2 or name == "positions.weight":
                weights[name] = value.contiguous()
            else:
                coarse = format == "int4" and name in ("embed.weight", "head.weight")
                weights[name] = pack(value, "int8" if coarse else format)
        return cls(model.config, weights)

    @property
    def device(self) -> torch.device:
        """The processor."""
        return torch.device("cpu")

    @property
    def bytes(self) -> int:
        """Bytes of weights that one token has to read."""
        once = {name: value for name, value in self._weights.items() if name != "embed.weight" or self.config.tied_head}
        return sum(v.bytes if isinstance(v, Packed) else 4 * v.numel() for v in once.values())

    def new_state(self, batch: int, capacity: int) -> KVCache:
        """An empty cache for `batch` rows with room for `capacity` tokens."""
        return KVCache(self.config, batch, capacity, torch.empty(0))

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; there is nothing to tap."""
        if taps is not None:
            raise TypeError("a decoder shows nothing inside; load the model in float32")
        if state is not None and not isinstance(state, KVCache):
            raise TypeError("a transformer's state is a KVCache")
        B, T = ids.shape
        cache = state if state is not None else self.new_state(B, T)
        cache.reserve(cache.length + T)
        rows = self._rows(ids, cache)
        wanted = [row[-1:] if last_only else row for row in rows]
        logits = self._read([row for text in rows for row in text], [row for text in wanted for row in text])
        cache.length += T
        return logits.view(B, -1, self.config.vocab_size), cache

    def read_many(self, texts: Sequence[Sequence[int]], caches: Sequence[KVCache]) -> Tensor:
        """Reads more of several texts at once, each after what its own cache holds; logits [B, V] after each.

        However different their lengths, every weight is read once for all of them.
        """
        rows: list[_Row] = []
        for ids, cache in zip(texts, caches, strict=True):
            cache.reserve(cache.length + len(ids))
            rows += self._rows(torch.tensor([list(ids)]), cache)[0]
        ends = list(itertools.accumulate(map(len, texts)))
        logits = self._read(rows, [rows[end - 1] for end in ends])
        for ids, cache in zip(texts, caches, strict=True):
            cache.length += len(ids)
        return logits

    def _rows(self, ids: Tensor, cache: KVCache) -> list[list[_Row]]:
        """A row of each token of `ids` [B, T], which go after what the cache holds."""
        first = cache.remember(ids) if self.config.shift else None
        texts, at = ids.tolist(), cache.length
        before = [-1] * len(texts) if first is None else first.tolist()
        return [
            [_Row(i, late, cache, b, at + t) for t, (late, i) in enumerate(itertools.pairwise([before[b], *text]))]
            for b, text in enumerate(texts)
        ]

    def _read(self, rows: list[_Row], wanted: list[_Row]) -> Tensor:
        """The logits [wanted, V]; the rows wanted come last, which is as good as any order inside of one pass."""
        last = set(map(id, wanted))
        ordered = [row for row in rows if id(row) not in last] + wanted
        logits = torch.empty(len(wanted), self.config.vocab_size)
        first = len(ordered) - len(wanted)
        for start in range(0, len(ordered), _ROWS):
            part = ordered[start : start + _ROWS]
            self._pass(part, logits[max(0, start - first) : max(0, start + len(part) - first)])
        return logits

    def _pass(self, rows: list[_Row], logits: Tensor) -> None:
        """One pass, with the logits [wanted, V] of its last rows; a text's earlier keys are there or come with it."""
        config, count = self.config, len(rows)
        if not all(0 <= row.token < config.vocab_size and row.position < config.block_size for row in rows):
            raise ValueError("a token is not in the vocabulary, or there are more than the model's context holds")
        arrays = (
            (ctypes.c_int64 * count)(*(row.token for row in rows)),
            (ctypes.c_int64 * count)(*(row.before for row in rows)),
            (ctypes.c_int32 * count)(*(row.position for row in rows)),
            (ctypes.c_void_p * count)(*(row.cache.k[0, row.place].data_ptr() for row in rows)),
            (ctypes.c_void_p * count)(*(row.cache.v[0, row.place].data_ptr() for row in rows)),
            (ctypes.c_int64 * count)(*(row.cache.k.stride(0) for row in rows)),
            (ctypes.c_int64 * count)(*(row.cache.k.stride(2) for row in rows)),
        )
        given = Rows(count, len(logits), *(ctypes.addressof(array) for array in arrays))
        self._model.threads = torch.get_num_threads()
        self._library.read_transformer(ctypes.byref(self._model), ctypes.byref(given), logits.data_ptr())

    def _describe(self) -> Model:
        config = self.config
        model = Model(*(getattr(config, name) for name in SIZES))
        model.rms, model.eps, model.shift = int(config.norm == "rms"), config.norm_eps, int(config.shift)
        model.activation = _ACTIVATION[config.activation]
        if config.positions == "rotary":
            angles = rotary_angles(config, 0, config.block_size, torch.empty(0))
            cos, sin = (table[:, : config.head_dim // 2].contiguous() for table in angles)
            model.cos, model.sin = self._pointers.address(cos), self._pointers.address(sin)
        else:
            model.positions = self._vector("positions.weight")
        model.embed, model.norm = self._matrix("embed"), self._norm("norm")
        model.head = self._matrix("embed" if config.tied_head else "head")
        layers = (Layer * config.n_layer)(*(self._layer(f"blocks.{i}.") for i in range(config.n_layer)))
        self._pointers.keep(layers)
        model.layers = ctypes.cast(layers, ctypes.POINTER(Layer))
        return model

    def _layer(self, prefix: str) -> Layer:
        norms = (self._norm(prefix + name) for name in ("norm_1", "norm_2"))
        names = ("attention.qkv", "attention.proj", "mlp.up", "mlp.down")
        return Layer(*norms, *(self._matrix(prefix + name) for name in names))

    def _norm(self, name: str) -> Norm:
        return Norm(self._vector(f"{name}.weight"), self._vector(f"{name}.bias"))

    def _matrix(self, name: str) -> Matrix:
        weight = self._weights[f"{name}.weight"]
        packed = weight if isinstance(weight, Packed) else pack(weight, "float32")
        return self._pointers.matrix(packed, self._tensor(f"{name}.bias"))

    def _tensor(self, name: str) -> Tensor | None:
        value = self._weights.get(name)
        return value.dense() if isinstance(value, Packed) else value

    def _vector(self, name: str) -> int | None:
        return self._pointers.address(self._tensor(name))
