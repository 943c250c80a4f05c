"""RNNsearch, the recurrent encoder-decoder with additive attention of Bahdanau et al. (2015): where attention began.

A bidirectional GRU reads the source; a GRU writes the target, and before each word it asks every word that was read how
well it fits: v · tanh(W s + U h). A language model like the others: ids are a source, the separator and a target, as of
`translator`. Not as in the paper: the separator is read as the last word of the source, the output layer is the
embedding, and one tanh stands before it instead of maxout. Shapes: B rows, S source tokens (the separator is the last),
T target tokens (and here the first), C = n_embd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from talkgen.lm.models.base import LanguageModel, Taps
from talkgen.lm.models.config import PADDING, ModelConfig
from talkgen.lm.models.state import State
from talkgen.lm.models.translator import words_before_separator


class Annotations(NamedTuple):
    """An encoded source: what stands for each word [B, S, 2C], the same as keys [B, S, C], which are words [B, S]."""

    values: Tensor
    keys: Tensor
    visible: Tensor

    def select(self, rows: Sequence[int]) -> Annotations:
        """The annotations of the batch rows `rows`."""
        return Annotations(self.values[rows], self.keys[rows], self.visible[rows])


class SearchState(State):
    """The source ids [B, S] read so far, their annotations once they were whole, and every state so far [B, 1 + T, C].

    The first state is where the decoder starts; keeping them all is what lets it go back.
    """

    def __init__(self, source: Tensor) -> None:
        self.source = source
        self.annotations: Annotations | None = None
        self.hidden: Tensor | None = None
        self.length = source.size(1)

    @property
    def written(self) -> int:
        """How many tokens of the target were read, the separator among them."""
        return 0 if self.hidden is None else self.hidden.size(1) - 1

    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        words = self.length - self.written
        if length <= words:
            self.source, self.annotations, self.hidden = self.source[:, :length], None, None
        elif self.hidden is not None:
            self.hidden = self.hidden[:, : length - words + 1]
        self.length = length

    @property
    def room(self) -> int:
        """Nothing is kept ready: each token adds a state."""
        return 0

    def clone(self, length: int | None = None) -> SearchState:
        """A copy; what tensors they share, neither changes."""
        copy = self._copy(self.source, self.annotations, self.hidden)
        if length is not None:
            copy.truncate(length)
        return copy

    def select(self, rows: Sequence[int]) -> SearchState:
        """The state of the batch rows `rows`."""
        annotations = None if self.annotations is None else self.annotations.select(rows)
        return self._copy(self.source[rows], annotations, None if self.hidden is None else self.hidden[rows])

    def _copy(self, source: Tensor, annotations: Annotations | None, hidden: Tensor | None) -> SearchState:
        copy = SearchState(source)
        copy.annotations, copy.hidden, copy.length = annotations, hidden, self.length
        return copy


class RNNSearch(LanguageModel):
    """One token embedding for both languages, an encoder, the alignment model, a decoder, output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        C = config.n_embd
        self.embed = nn.Embedding(config.vocab_size, C)
        self.encoder = nn.GRU(C, C, batch_first=True, bidirectional=True)
        self.start = nn.Linear(C, C)  # from the backward state of the first word to the decoder's first state
        self.ask = nn.Linear(C, C, bias=False)  # W of the alignment model
        self.key = nn.Linear(2 * C, C, bias=False)  # U
        self.fit = nn.Linear(C, 1, bias=False)  # v
        self.decoder = nn.GRUCell(3 * C, C)
        self.mix = nn.Linear(4 * C, C)
        self.drop = nn.Dropout(config.dropout)
        self.head = nn.Linear(C, config.vocab_size, bias=False)
        nn.init.normal_(self.embed.weight, std=0.5)  # wide, as no norm lifts what comes in; the rest starts as torch's
        nn.init.normal_(self.head.weight, std=0.5)
        self.tie_head()

    def new_state(self, batch: int, capacity: int) -> SearchState:  # noqa: ARG002 – it grows by a state a token
        """An empty state for `batch` rows."""
        return SearchState(torch.empty(batch, 0, dtype=torch.long, device=self.device))

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; before the separator nothing is foretold: all logits are 0.

        Raises:
            ValueError: the separator stands in different columns of the rows.
        """
        state = state if state is not None else self.new_state(ids.size(0), ids.size(1))
        if not isinstance(state, SearchState):
            raise TypeError("the state of RNNsearch is a SearchState")
        words = 0 if state.annotations is not None else words_before_separator(ids)
        source, target = ids[:, :words], ids[:, words:]
        state.source = torch.cat((state.source, source), dim=1)
        logits = self.embed.weight.new_zeros(*source.shape, self.config.vocab_size, dtype=torch.float32)
        if target.size(1):
            if state.annotations is None or state.hidden is None:
                state.annotations, first = self.encode(torch.cat((state.source, target[:, :1]), dim=1))
                state.hidden = first.unsqueeze(1)
            x, state.hidden = self._decode(target, state.annotations, state.hidden, taps)
            following = self.head(self.drop(x[:, -1:] if last_only else x)).float()
            logits = torch.cat((logits, following), dim=1)
        state.length += ids.size(1)
        return logits[:, -1:] if last_only else logits, state

    def encode(self, source: Tensor) -> tuple[Annotations, Tensor]:
        """What the decoder looks at, of `source` [B, S] (filled up on the left), and its first state [B, C]."""
        visible = source != PADDING  # [B, S]
        lengths = visible.sum(1)
        # torch packs rows that are filled up on the right: there and back, each row turned by what fills it up.
        columns = torch.arange(source.size(1), device=source.device)
        there = (columns + source.size(1) - lengths[:, None]) % source.size(1)
        back = (columns - source.size(1) + lengths[:, None]) % source.size(1)
        x = self.drop(self.embed(source.gather(1, there)))
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True, total_length=source.size(1))
        first = torch.tanh(self.start(read[:, 0, self.config.n_embd :]))
        values = read.gather(1, back[..., None].expand_as(read))
        return Annotations(values, self.key(values), visible), first

    def _decode(self, target: Tensor, given: Annotations, hidden: Tensor, taps: Taps | None) -> tuple[Tensor, Tensor]:
        """What the output layer reads for `target` [B, T], as [B, T, C], and all states, those of the target last."""
        before = self.drop(self.embed(target))  # [B, T, C]
        states, contexts, looked = [hidden[:, -1]], [], []
        for t in range(target.size(1)):
            scores = self.fit(torch.tanh(self.ask(states[-1])[:, None] + given.keys)).squeeze(2)  # [B, S]
            weights = scores.masked_fill(~given.visible, float("-inf")).softmax(1)
            context = (weights[:, None] @ given.values).squeeze(1)  # [B, 2C]
            states.append(self.decoder(torch.cat((before[:, t], context), dim=1), states[-1]))
            contexts.append(context)
            looked.append(weights)
        if taps is not None:
            taps.add("cross", torch.stack(looked, dim=1)[:, None])  # [B, 1, T, S]
        written = torch.stack(states[1:], dim=1)
        x = torch.tanh(self.mix(torch.cat((written, torch.stack(contexts, dim=1), before), dim=2)))
        return x, torch.cat((hidden, written), dim=1)
