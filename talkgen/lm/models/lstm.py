"""The LSTM (Hochreiter & Schmidhuber 1997) and the tanh RNN (Elman 1990) as language models, on torch's kernels.

With `config.attention` the last layer's state also asks all states before it (Bahdanau et al. 2014, in the dot-product
form of Luong et al. 2015): the idea that came before "all you need". Shapes: B rows, T new tokens, S tokens in all,
C = n_embd.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from talkgen.lm.models.attention import attend_openly, causal_mask
from talkgen.lm.models.base import LanguageModel, Taps
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.shift import shift_channels
from talkgen.lm.models.state import State


class RecurrentState(State):
    """The memory after `length` tokens: h and c [n_layer, B, C]; and with attention, all past states [B, S, C].

    For a model with a one-token shift also the last token itself, `last` [B].
    """

    rolls_back = False

    def __init__(
        self, h: Tensor, c: Tensor, past: Tensor | None = None, length: int = 0, last: Tensor | None = None
    ) -> None:
        self.h, self.c, self.past, self.length, self.last = h, c, past, length, last

    def remember(self, ids: Tensor) -> Tensor | None:
        """Keeps the last of tokens [B, T] that are about to be read; returns the token [B] before them, or None."""
        before, self.last = self.last, ids[:, -1]
        return before

    def truncate(self, length: int) -> None:
        """A recurrent memory cannot forget its last tokens; only `length` itself and 0 can be had."""
        if length == 0:
            self.h, self.c, self.length, self.last = torch.zeros_like(self.h), torch.zeros_like(self.c), 0, None
            self.past = None if self.past is None else self.past[:, :0]
        elif length != self.length:
            raise ValueError(f"a recurrent state of {self.length} tokens cannot go back to {length}")

    @property
    def room(self) -> int:
        """Its size does not depend on the text, attention's past states aside."""
        return 0 if self.past is None else self.past.size(1)

    def clone(self, length: int | None = None) -> RecurrentState:
        """A copy that shares no memory; of all tokens, since it cannot go back."""
        if length not in (None, self.length):
            raise ValueError(f"a recurrent state of {self.length} tokens cannot go back to {length}")
        past = None if self.past is None else self.past.clone()
        return RecurrentState(self.h.clone(), self.c.clone(), past, self.length, self.last)

    def select(self, rows: Sequence[int]) -> RecurrentState:
        """The state of the batch rows `rows`."""
        past = None if self.past is None else self.past[rows]
        last = None if self.last is None else self.last[rows]
        return RecurrentState(self.h[:, rows], self.c[:, rows], past, self.length, last)


class RecurrentLM(LanguageModel):
    """Token embedding, a stack of recurrent layers, output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        C = config.n_embd
        self.embed = nn.Embedding(config.vocab_size, C)
        kind = nn.LSTM if config.architecture == "lstm" else nn.RNN
        # Between layers; what goes in and what comes out is dropped below (Zaremba et al. 2014), never the memory.
        dropout = config.dropout if config.n_layer > 1 else 0.0
        self.rnn = kind(C, C, config.n_layer, batch_first=True, dropout=dropout)
        if config.attention:
            self.query, self.mix = nn.Linear(C, C, bias=False), nn.Linear(2 * C, C, bias=False)
        self.drop = nn.Dropout(config.dropout)
        self.head = nn.Linear(C, config.vocab_size, bias=False)
        self._init_weights()
        self.tie_head()

    def _init_weights(self) -> None:
        """Wide embeddings, as h begins near 0 and no norm lifts it; the forget gate starts open (Gers et al. 2000)."""
        C = self.config.n_embd
        # PyTorch's own start of the recurrent weights, uniform within 1/√C, stays.
        nn.init.normal_(self.embed.weight, std=0.5)
        nn.init.normal_(self.head.weight, std=0.5)
        if self.config.architecture == "lstm":
            for name, bias in self.rnn.named_parameters():
                if name.startswith("bias"):
                    with torch.no_grad():
                        bias.zero_()
                        bias[C : 2 * C] = 0.5  # two bias vectors add up to 1

    def new_state(self, batch: int, capacity: int) -> RecurrentState:  # noqa: ARG002 – an RNN needs no room
        """An empty memory for `batch` rows; its size does not depend on `capacity`."""
        like, C = self.embed.weight.detach(), self.config.n_embd
        h = like.new_zeros(self.config.n_layer, batch, C)
        past = like.new_empty(batch, 0, C) if self.config.attention else None
        return RecurrentState(h, torch.zeros_like(h), past)

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`."""
        if state is None:
            state = self.new_state(ids.size(0), ids.size(1))
        if not isinstance(state, RecurrentState):
            raise TypeError("a recurrent model's state is a RecurrentState")
        x = self.embed(ids)  # [B, T, C]
        if self.config.shift:
            before = state.remember(ids)
            x = shift_channels(x, None if before is None else self.embed(before))
        x = self.drop(x)
        if taps is not None and ("gates" in taps or "hidden" in taps):
            x = self._unroll(x, state, taps)
        elif self.config.architecture == "lstm":
            x, (state.h, state.c) = self.rnn(x, (state.h, state.c))
        else:
            x, state.h = self.rnn(x, state.h)
        state.length += ids.size(1)
        if self.config.attention:
            x = self._look_back(x, state, taps)
        x = self.drop(x[:, -1:] if last_only else x)
        return self.head(x).float(), state

    def _unroll(self, x: Tensor, state: RecurrentState, taps: Taps) -> Tensor:
        """The same layers a step at a time, as the papers write them, so that gates and states can be seen."""
        h, c = list(state.h), list(state.c)
        for layer in range(self.config.n_layer):
            outputs, gates = [], []
            for t in range(x.size(1)):
                h[layer], c[layer], seen = self.step(layer, x[:, t], h[layer], c[layer])
                outputs.append(h[layer])
                gates.append(seen)
            x = torch.stack(outputs, dim=1)  # [B, T, C]
            taps.add("gates", {name: torch.stack([seen[name] for seen in gates], dim=1) for name in gates[0]})
            taps.add("hidden", x)
        state.h, state.c = torch.stack(h), torch.stack(c)
        return x

    def step(self, layer: int, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """One step of one layer from `x`, `h`, `c` [B, C]: the new h and c, and the gates by name.

        Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000): c' = f c + i g, h' = o tanh c'.
        """
        w = {name: getattr(self.rnn, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        total = x @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias_ih"] + w["bias_hh"]
        if self.config.architecture == "rnn":
            h = torch.tanh(total)
            return h, c, {"hidden": h}
        i, f, g, o = total.chunk(4, dim=1)
        gates = {"input": i.sigmoid(), "forget": f.sigmoid(), "cell": g.tanh(), "output": o.sigmoid()}
        c = gates["forget"] * c + gates["input"] * gates["cell"]
        return gates["output"] * c.tanh(), c, gates

    def _look_back(self, x: Tensor, state: RecurrentState, taps: Taps | None) -> Tensor:
        """The output tanh W[h; context], the context being a weighted mean of the states so far; [B, T, C]."""
        if state.past is None:
            raise TypeError("this state was made by a model without attention")
        state.past = torch.cat((state.past, x), dim=1)  # [B, S, C]
        q, past = self.query(x).unsqueeze(1), state.past.unsqueeze(1)  # one head
        if taps is not None:
            context = attend_openly(q, past, past, taps)
        else:
            mask = causal_mask(q.size(2), past.size(2), q.device)
            context = nn.functional.scaled_dot_product_attention(q, past, past, mask)
        return torch.tanh(self.mix(torch.cat((x, context.squeeze(1)), dim=2)))
