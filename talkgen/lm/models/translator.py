"""The encoder-decoder transformer of Vaswani et al. (2017): one sequence is read as a whole, another written from it.

A language model like the others: ids are a source, the separator and a target. What stands before the separator is
encoded, every token seeing all others; what follows it is decoded from left to right, each token also looking back at
the source. Rows of a batch have their separator in one column, shorter sources being filled up on the left. Shapes:
B rows, S source tokens (the separator is the last), T target tokens (and here the first), C = n_embd.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from talkgen.lm.models.attention import Attention, Pass, attend, attend_openly, join_heads, split_heads
from talkgen.lm.models.base import LanguageModel, Taps, init_weights
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.config import PADDING, SEPARATOR, ModelConfig
from talkgen.lm.models.rotary import Rotary, rotary_angles
from talkgen.lm.models.state import State
from talkgen.lm.models.transformer import MLP, Block, make_norm


class Memory(NamedTuple):
    """An encoded source: keys and values [B, H_kv, S, D] for each decoder layer, and which are words [B, 1, 1, S]."""

    layers: list[tuple[Tensor, Tensor]]
    visible: Tensor

    def select(self, rows: Sequence[int]) -> Memory:
        """The memory of the batch rows `rows`."""
        return Memory([(k[rows], v[rows]) for k, v in self.layers], self.visible[rows])


class TranslationState(State):
    """The source ids [B, S] read so far, what the encoder made of them once they were whole, and the target's cache."""

    def __init__(self, source: Tensor, cache: KVCache) -> None:
        self.source, self.cache = source, cache
        self.memory: Memory | None = None
        self.length = source.size(1)

    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} tokens")
        words = self.length - self.cache.length
        if length <= words:
            self.source, self.memory = self.source[:, :length], None
        self.cache.truncate(max(0, length - words))
        self.length = length

    @property
    def room(self) -> int:
        """The words of the target that fit before it grows."""
        return self.cache.room

    @property
    def bytes_a_token(self) -> int:
        """What each word of the target takes."""
        return self.cache.bytes_a_token

    def clone(self, length: int | None = None) -> TranslationState:
        """A copy that shares no memory with what can change."""
        copy = self._copy(self.source, self.cache.clone(), self.memory)
        if length is not None:
            copy.truncate(length)
        return copy

    def select(self, rows: Sequence[int]) -> TranslationState:
        """The state of the batch rows `rows`."""
        memory = None if self.memory is None else self.memory.select(rows)
        return self._copy(self.source[rows], self.cache.select(rows), memory)

    def _copy(self, source: Tensor, cache: KVCache, memory: Memory | None) -> TranslationState:
        copy = TranslationState(source, cache)
        copy.memory, copy.length = memory, self.length
        return copy


class CrossAttention(nn.Module):
    """Multi-head attention from one sequence to another: queries of the target, keys and values of the source."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer  # its place in the memory
        self.n_head, self.n_kv_head = config.n_head, config.n_kv_head
        self.q = nn.Linear(config.n_embd, self.n_head * config.head_dim, bias=config.bias)
        self.kv = nn.Linear(config.n_embd, 2 * self.n_kv_head * config.head_dim, bias=config.bias)
        self.proj = nn.Linear(self.n_head * config.head_dim, config.n_embd, bias=config.bias)

    def read(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """The keys and values [B, H_kv, S, D] of an encoded source [B, S, C]: the same for every target token."""
        k, v = self.kv(source).chunk(2, dim=2)
        return split_heads(k, self.n_kv_head), split_heads(v, self.n_kv_head)

    def forward(self, x: Tensor, memory: Memory, taps: Taps | None) -> Tensor:
        """Attends from `x` [B, T, C] to the source; [B, T, C]."""
        q, (k, v), visible = split_heads(self.q(x), self.n_head), memory.layers[self.layer], memory.visible
        y = attend(q, k, v, visible) if taps is None else attend_openly(q, k, v, taps, visible, "cross")
        return self.proj(join_heads(y))


class DecoderBlock(nn.Module):
    """Look at the target so far, look at the source, then compute."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.norm_1, self.attention = make_norm(config), Attention(config, layer)
        self.norm_2, self.cross = make_norm(config), CrossAttention(config, layer)
        self.norm_3, self.mlp = make_norm(config), MLP(config)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, given: Pass, memory: Memory, taps: Taps | None) -> Tensor:
        """[B, T, C] to [B, T, C]; `taps` see where the target looks in the source."""
        x = x + self.drop(self.attention(self.norm_1(x), given))
        x = x + self.drop(self.cross(self.norm_2(x), memory, taps))
        return x + self.drop(self.mlp(self.norm_3(x)))


class EncoderDecoder(LanguageModel):
    """One token embedding for both languages, `n_layer` encoder blocks, `n_layer` decoder blocks, output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.encoder = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.encoder_norm = make_norm(config)
        self.decoder = nn.ModuleList(DecoderBlock(config, layer) for layer in range(config.n_layer))
        self.norm = make_norm(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        init_weights(self, config)
        self.tie_head()

    def new_state(self, batch: int, capacity: int) -> TranslationState:
        """An empty state for `batch` rows with room for a target of `capacity` tokens."""
        like = self.embed.weight.detach()
        source = torch.empty(batch, 0, dtype=torch.long, device=like.device)
        return TranslationState(source, KVCache(self.config, batch, capacity, like))

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; before the separator nothing is foretold: all logits are 0.

        Raises:
            ValueError: the separator stands in different columns of the rows.
        """
        if state is not None and not isinstance(state, TranslationState):
            raise TypeError("an encoder-decoder's state is a TranslationState")
        caches = state is not None or not self.training
        state = state if state is not None else self.new_state(ids.size(0), ids.size(1))
        words = 0 if state.memory is not None else words_before_separator(ids)
        source, target = ids[:, :words], ids[:, words:]
        state.source = torch.cat((state.source, source), dim=1)
        logits = self.embed.weight.new_zeros(*source.shape, self.config.vocab_size, dtype=torch.float32)
        if target.size(1):
            if state.memory is None:
                state.memory = self.encode(torch.cat((state.source, target[:, :1]), dim=1))
            x = self._decode(target, state.memory, state.cache if caches else None, taps)
            following = self.head(x[:, -1:] if last_only else x).float()
            logits = torch.cat((logits, following), dim=1)
        state.length += ids.size(1)
        return logits[:, -1:] if last_only else logits, state if caches else self.new_state(ids.size(0), 0)

    def encode(self, source: Tensor) -> Memory:
        """What the decoder looks at, of `source` [B, S]: filled up on the left, its last token the separator."""
        words = source != PADDING  # [B, S]
        visible = words[:, None, None]
        x, rotary = self._embed(source, (words.cumsum(1) - 1).clamp_min(0))
        given = Pass(rotary, visible=visible)
        for block in self.encoder:
            x = block(x, given)
        x = self.encoder_norm(x)
        decoder = cast("Iterable[DecoderBlock]", self.decoder)
        return Memory([block.cross.read(x) for block in decoder], visible)

    def _decode(self, target: Tensor, memory: Memory, cache: KVCache | None, taps: Taps | None) -> Tensor:
        past = cache.length if cache is not None else 0
        x, rotary = self._embed(target, torch.arange(past, past + target.size(1), device=target.device))
        given = Pass(rotary, cache)
        for block in self.decoder:
            x = block(x, given, memory, taps)
        if cache is not None:
            cache.length = past + target.size(1)
        return self.norm(x)

    def _embed(self, ids: Tensor, positions: Tensor) -> tuple[Tensor, Rotary | None]:
        """Tokens [B, T] at `positions` [T] or [B, T] as vectors, and the angles of rotary positions.

        Rotary attention sees differences of positions alone: what fills up a row may turn the angles by a few columns.
        """
        x = self.embed(ids)  # [B, T, C]
        if self.config.positions == "learned":
            return x + self.positions(positions), None
        return x, rotary_angles(self.config, int(positions.flatten()[0]), ids.size(1), x)


def words_before_separator(ids: Tensor) -> int:
    """The column of the first separator in the rows `ids` [B, T]; T where none has one.

    Raises:
        ValueError: it is not the same in all rows.
    """
    columns = ((ids == SEPARATOR).cumsum(1) == 0).sum(1)
    first = int(columns[0])
    if bool((columns != first).any()):
        raise ValueError("the separator must stand in the same column of every row: fill sources up on the left")
    return first
