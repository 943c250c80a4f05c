"""An LSTM or a tanh RNN for reading alone, on a CPU: the same logits as `models.lstm`, without torch's cost of a call.

The work is in `cpp/recurrent.cpp`. Attention over past states is not there: such a model reads by itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgen.errors import ModelError
from talkgen.lm.fast.native import load_library, threads, why_not
from talkgen.lm.fast.pointers import Pointers
from talkgen.lm.fast.structures import Matrix, Recurrent
from talkgen.lm.files.packed import Format, Packed, pack
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.reader import Floats, Reader
from talkgen.lm.models.state import State

if TYPE_CHECKING:
    from talkgen.lm.models.lstm import RecurrentLM

_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class PackedMemory(State):
    """The memory after `length` tokens: h and c [n_layer, B, C]; with a one-token shift the last token, `last` [B]."""

    rolls_back, room = False, 0

    def __init__(self, h: Floats, c: Floats, length: int = 0, last: NDArray[np.int64] | None = None) -> None:
        self.h, self.c, self.length, self.last = h, c, length, last

    def _check(self, length: int | None) -> None:
        if length not in (None, self.length):
            raise ValueError(f"a recurrent state of {self.length} tokens cannot go back to {length}")

    def truncate(self, length: int) -> None:
        """Only `length` itself and 0 can be had."""
        if length == 0:
            self.h, self.c, self.length, self.last = np.zeros_like(self.h), np.zeros_like(self.c), 0, None
        self._check(length)

    def clone(self, length: int | None = None) -> PackedMemory:
        """A copy that shares no memory; of all tokens, since it cannot go back."""
        self._check(length)
        return PackedMemory(self.h.copy(), self.c.copy(), self.length, self.last)

    def select(self, rows: Sequence[int]) -> PackedMemory:
        """The memory of the batch rows `rows`."""
        chosen = np.asarray(rows)
        last = None if self.last is None else self.last[chosen]
        return PackedMemory(self.h[:, chosen], self.c[:, chosen], self.length, last)


class CompiledLSTM:
    """A recurrent model that only reads, as a `Reader`."""

    shows_inside, device = False, "cpu"

    def __init__(self, config: ModelConfig, arrays: Mapping[str, Floats], format: Format = "float32") -> None:
        """Packs float32 weights.

        Raises:
            ModelError: there are no kernels here, or the model attends to past states.
        """
        library = load_library()
        if library is None or config.attention:
            why = why_not() or "the model attends to its past states"
            raise ModelError(f"the fast decoder cannot be used: {why}", "the model itself still works")
        self.config = config
        self._read_recurrent = library.read_recurrent
        self._pointers = Pointers()
        self.bytes = 0
        self._model = self._describe(arrays, format)

    @classmethod
    def from_recurrent(cls, model: RecurrentLM, format: Format = "float32") -> CompiledLSTM:
        """The decoder of a model of torch's modules."""
        arrays = {name: value.detach().float().numpy(force=True) for name, value in model.named_parameters()}
        return cls(model.config, arrays, format)

    def _describe(self, arrays: Mapping[str, Floats], format: Format) -> Recurrent:
        config = self.config
        layers = (Matrix * config.n_layer)(*(self._layer(arrays, i, format) for i in range(config.n_layer)))
        self._pointers.keep(layers)
        coarse: Format = "int8" if format == "int4" else format
        embed = self._matrix(pack(arrays["embed.weight"], coarse))
        head = embed if config.tied_head else self._matrix(pack(arrays["head.weight"], coarse))
        sizes = (config.n_layer, config.n_embd, int(config.architecture == "lstm"), int(config.shift), threads())
        return Recurrent(*sizes, embed, head, ctypes.cast(layers, ctypes.POINTER(Matrix)))

    def _layer(self, arrays: Mapping[str, Floats], i: int, format: Format) -> Matrix:
        """What multiplies x and what multiplies h side by side, so that a layer is one product."""
        part = {name: arrays[f"rnn.{name}_l{i}"] for name in _PARTS}
        both = np.concatenate((part["weight_ih"], part["weight_hh"]), axis=1)
        return self._matrix(pack(both, format), part["bias_ih"] + part["bias_hh"])

    def _matrix(self, weight: Packed, bias: Floats | None = None) -> Matrix:
        self.bytes += weight.bytes + (0 if bias is None else bias.nbytes)
        return self._pointers.matrix(weight, bias)

    def reader(self, device: str = "cpu") -> Reader:  # noqa: ARG002 – it is on the processor
        """Itself."""
        return self

    def new_state(self, batch: int, capacity: int) -> PackedMemory:  # noqa: ARG002 – an RNN needs no room
        """An empty memory for `batch` rows."""
        h = np.zeros((self.config.n_layer, batch, self.config.n_embd), np.float32)
        return PackedMemory(h, np.zeros_like(h))

    def __call__(
        self, ids: ArrayLike, state: PackedMemory | None = None, *, last_only: bool = False
    ) -> tuple[Floats, PackedMemory]:
        """See `Reader.__call__`."""
        given = np.asarray(ids, np.int64)
        B, T = given.shape
        state = state if state is not None else self.new_state(B, T)
        if not ((given >= 0) & (given < self.config.vocab_size)).all():
            raise ValueError("a token is not in the vocabulary")
        state.h, state.c = np.ascontiguousarray(state.h), np.ascontiguousarray(state.c)
        tokens = np.ascontiguousarray(given.T)  # [T, B]
        before = np.full_like(tokens[0], -1) if state.last is None else state.last  # [B]
        logits = np.empty((1 if last_only else T, B, self.config.vocab_size), np.float32)
        for t in range(T):
            out = logits[-1 if last_only else t].ctypes.data if not last_only or t == T - 1 else None
            late = before if t == 0 else tokens[t - 1]
            memory = (array.ctypes.data for array in (tokens[t], late, state.h, state.c))
            self._read_recurrent(ctypes.byref(self._model), B, *memory, out)
        state.length += T
        state.last = tokens[-1].copy() if self.config.shift else None
        return logits.transpose(1, 0, 2), state

    def read_many(self, texts: Sequence[Sequence[int]], states: Sequence[PackedMemory]) -> Floats:
        """See `Reader.read_many`."""
        read = [self([text], state, last_only=True)[0] for text, state in zip(texts, states, strict=True)]
        return np.concatenate([logits[0] for logits in read])
