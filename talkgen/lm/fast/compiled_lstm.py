"""An LSTM or a tanh RNN for reading alone, on a CPU: the same logits as `models.lstm`, without torch's cost of a call.

The work is in `cpp/recurrent.cpp`. Attention over past states is not there: such a model reads by itself.
"""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.fast.native import load_library, why_not
from talkgen.lm.fast.pointers import Pointers
from talkgen.lm.fast.structures import Matrix, Recurrent
from talkgen.lm.files.packed import Format, Packed, pack
from talkgen.lm.models.base import LanguageModel, State, Taps
from talkgen.lm.models.lstm import RecurrentLM, RecurrentState

_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class CompiledLSTM(LanguageModel):
    """A recurrent model that only reads."""

    shows_inside = False

    def __init__(self, model: RecurrentLM, format: Format = "float32") -> None:
        """Packs the weights of `model`.

        Raises:
            ModelError: this machine cannot compile it, or the model attends to past states.
        """
        super().__init__(model.config)
        library = load_library()
        if library is None or model.config.attention:
            why = why_not() or "the model attends to its past states"
            raise ModelError(f"the fast decoder cannot be used: {why}", "the model itself still works")
        self._read_recurrent = library.read_recurrent
        self._pointers = Pointers()
        self.bytes = 0
        self._model = self._describe(model, format)

    def _describe(self, model: RecurrentLM, format: Format) -> Recurrent:
        config = model.config
        layers = (Matrix * config.n_layer)(*(self._layer(model, i, format) for i in range(config.n_layer)))
        self._pointers.keep(layers)
        coarse: Format = "int8" if format == "int4" else format
        embed = self._matrix(pack(model.embed.weight.float().cpu(), coarse))
        head = embed if config.tied_head else self._matrix(pack(model.head.weight.float().cpu(), coarse))
        sizes = (config.n_layer, config.n_embd, int(config.architecture == "lstm"), int(config.shift), 1)
        return Recurrent(*sizes, embed, head, ctypes.cast(layers, ctypes.POINTER(Matrix)))

    def _layer(self, model: RecurrentLM, i: int, format: Format) -> Matrix:
        """What multiplies x and what multiplies h side by side, so that a layer is one product."""
        part = {name: getattr(model.rnn, f"{name}_l{i}").detach().float().cpu() for name in _PARTS}
        both = torch.cat((part["weight_ih"], part["weight_hh"]), dim=1)
        return self._matrix(pack(both, format), part["bias_ih"] + part["bias_hh"])

    def _matrix(self, weight: Packed, bias: Tensor | None = None) -> Matrix:
        self.bytes += weight.bytes + (0 if bias is None else 4 * bias.numel())
        return self._pointers.matrix(weight, bias)

    @property
    def device(self) -> torch.device:
        """The processor."""
        return torch.device("cpu")

    def new_state(self, batch: int, capacity: int) -> RecurrentState:  # noqa: ARG002 – an RNN needs no room
        """An empty memory for `batch` rows."""
        h = torch.zeros(self.config.n_layer, batch, self.config.n_embd)
        return RecurrentState(h, torch.zeros_like(h))

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; there is nothing to tap."""
        if taps is not None:
            raise TypeError("a decoder shows nothing inside; load the model in float32")
        B, T = ids.shape
        state = state if state is not None else self.new_state(B, T)
        if not isinstance(state, RecurrentState):
            raise TypeError("a recurrent model's state is a RecurrentState")
        if not bool(((ids >= 0) & (ids < self.config.vocab_size)).all()):
            raise ValueError("a token is not in the vocabulary")
        state.h, state.c = state.h.contiguous(), state.c.contiguous()
        tokens = ids.t().contiguous()  # [T, B]
        first = state.remember(ids) if self.config.shift else None
        before = torch.full_like(tokens[0], -1) if first is None else first.contiguous()  # [B]
        logits = torch.empty(1 if last_only else T, B, self.config.vocab_size)
        self._model.threads = torch.get_num_threads()
        for t in range(T):
            row = logits[-1 if last_only else t]
            out = row.data_ptr() if not last_only or t == T - 1 else None
            late = before if t == 0 else tokens[t - 1]
            memory = (tensor.data_ptr() for tensor in (tokens[t], late, state.h, state.c))
            self._read_recurrent(ctypes.byref(self._model), B, *memory, out)
        state.length += T
        return logits.transpose(0, 1), state
