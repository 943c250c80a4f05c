"""A transformer on a GPU, its one-token step recorded once and replayed: a launch instead of some hundred.

A recorded step (a CUDA graph) reads and writes fixed addresses. So texts take a seat: a place in a static cache into
which their keys are copied when they come, and from which what was added is copied back to their own. Whoever stays
seated copies one row a token. What is longer than one token is read by the model itself. On a CPU nothing is recorded
and the same step runs as it stands, which is how it is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from talkgen.lm.fast.quantize import packed_bytes
from talkgen.lm.models.attention import Pass
from talkgen.lm.models.base import LanguageModel, Taps
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.rotary import rotary_angles
from talkgen.lm.models.shift import shift_channels
from talkgen.lm.models.state import State
from talkgen.lm.models.transformer import Transformer

# A recorded step has a fixed number of rows. Each number costs a recording and a cache, so there are few; with a token
# a row a step waits for the weights, and three empty seats of four cost next to nothing.
_SEATS = (1, 4, 16, 64, 128)
_SHORTEST = (
    256  # tokens that a static cache holds at least; then powers of two, so that a long text is recorded a few times
)


class GraphedTransformer(LanguageModel):
    """A transformer whose one-token steps are replayed."""

    def __init__(self, model: Transformer) -> None:
        super().__init__(model.config)
        self.model = model
        angles = rotary_angles(model.config, 0, model.config.block_size, model.embed.weight)
        self.rotary = angles if model.config.positions == "rotary" else None
        self._tables: dict[tuple[int, int], Table] = {}
        # Where a text's newest keys were written, if in a seat: what anybody else writes makes all its seats stale.
        self.seats: WeakKeyDictionary[KVCache, tuple[Table, int, int]] = WeakKeyDictionary()

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.model.device

    @property
    def bytes(self) -> int:
        """Bytes of weights that one token has to read."""
        return packed_bytes(self.model)

    def new_state(self, batch: int, capacity: int) -> KVCache:
        """An empty cache for `batch` rows with room for `capacity` tokens."""
        return self.model.new_state(batch, capacity)

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; a single token after others is a replayed step."""
        if taps is None and ids.shape == (1, 1) and isinstance(state, KVCache) and state.length:
            return self._step([int(ids)], [state]).unsqueeze(1), state
        if isinstance(state, KVCache):
            self.seats.pop(state, None)
        return self.model(ids, state, taps=taps, last_only=last_only)

    def read_many(self, texts: Sequence[Sequence[int]], caches: Sequence[KVCache]) -> Tensor:
        """Reads more of several texts, those of one token in one step; logits [B, V] after each."""
        logits: list[Tensor | None] = [None] * len(texts)
        short = [i for i, text in enumerate(texts) if len(text) == 1 and caches[i].length]
        for i in set(range(len(texts))) - set(short):
            part = torch.tensor([list(texts[i])], device=self.device)
            logits[i] = self(part, caches[i], last_only=True)[0][0, -1]
        for start in range(0, len(short), _SEATS[-1]):
            some = short[start : start + _SEATS[-1]]
            for i, row in zip(some, self._step([texts[i][0] for i in some], [caches[i] for i in some]), strict=True):
                logits[i] = row
        return torch.stack([row for row in logits if row is not None])

    def _step(self, ids: list[int], caches: list[KVCache]) -> Tensor:
        """One token of each text; logits [B, V]."""
        longest = max(cache.length for cache in caches) + 1
        if longest > self.config.block_size:
            raise ValueError("there are more tokens than the model's context holds")
        capacity = min(max(_SHORTEST, 1 << (longest - 1).bit_length()), self.config.block_size)
        seats = next(seats for seats in _SEATS if seats >= len(ids))
        table = self._tables.get((seats, capacity))
        if table is None:
            table = self._tables[seats, capacity] = Table(self, seats, capacity)
        return table.step(ids, caches)


class SeatedCache(KVCache):
    """A cache of fixed size, each of whose rows stands at a position of its own."""

    def __init__(self, model: Transformer, seats: int, capacity: int) -> None:
        super().__init__(model.config, seats, capacity, model.embed.weight.detach())
        self.k.zero_(), self.v.zero_()  # what is masked must still be a number
        self.positions = torch.zeros(seats, dtype=torch.long, device=self.k.device)
        self.before = torch.zeros(seats, dtype=torch.long, device=self.k.device)  # each row's last token
        self._rows = torch.arange(seats, device=self.k.device)
        self._slots = torch.arange(capacity, device=self.k.device)

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Stores `k`, `v` [seats, H_kv, 1, D] of a layer where the positions say; returns the whole of that layer."""
        self.k[layer].transpose(1, 2)[self._rows, self.positions] = k.squeeze(2)
        self.v[layer].transpose(1, 2)[self._rows, self.positions] = v.squeeze(2)
        return self.k[layer], self.v[layer]

    def visible(self) -> Tensor:
        """[seats, 1, 1, capacity], true up to each row's own position: a recorded step looks at all of the cache."""
        return (self._slots <= self.positions.unsqueeze(1))[:, None, None]


class Table:
    """A static cache with seats, and the recorded step over it."""

    def __init__(self, owner: GraphedTransformer, seats: int, capacity: int) -> None:
        self.owner, device = owner, owner.device
        self.cache = SeatedCache(owner.model, seats, capacity)
        self.ids = torch.zeros(seats, 1, dtype=torch.long, device=device)
        self.seated: list[KVCache | None] = [None] * seats
        self.graph: torch.cuda.CUDAGraph | None = None
        self.logits = self._record() if device.type == "cuda" else None

    def _record(self) -> Tensor:
        """Records the step, after runs in which the libraries choose their kernels and allocate."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # as in torch's documentation
                self._run()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            return self._run()

    def _run(self) -> Tensor:
        return step(self.owner, self.ids, self.cache)

    def step(self, ids: list[int], caches: list[KVCache]) -> Tensor:
        """One token of each text; logits [B, V], which the caller may keep."""
        count = len(ids)
        for seat, cache in enumerate(caches):
            cache.reserve(cache.length + 1)
            # Rolled back, moved, or read on elsewhere meanwhile, its keys are copied anew.
            if self.seated[seat] is not cache or self.owner.seats.get(cache) != (self, seat, cache.length):
                self.cache.k[:, seat, :, : cache.length] = cache.k[:, 0, :, : cache.length]
                self.cache.v[:, seat, :, : cache.length] = cache.v[:, 0, :, : cache.length]
        lengths = [cache.length for cache in caches]
        self.ids[:count, 0] = torch.tensor(ids)
        if self.owner.config.shift:
            for seat, cache in enumerate(caches):
                before = cache.remember(self.ids[seat : seat + 1])
                if before is not None:  # as it is not: an empty text takes no seat
                    self.cache.before[seat] = before
        self.cache.positions[:count] = torch.tensor(lengths)
        if self.graph is not None and self.logits is not None:
            self.graph.replay()
            logits = self.logits[:count].clone()
        else:
            logits = self._run()[:count]
        for seat, (cache, at) in enumerate(zip(caches, lengths, strict=True)):
            cache.k[:, 0, :, at] = self.cache.k[:, seat, :, at]
            cache.v[:, 0, :, at] = self.cache.v[:, seat, :, at]
            cache.length = at + 1
            self.seated[seat], self.owner.seats[cache] = cache, (self, seat, at + 1)
        return logits


@torch.inference_mode()
def step(owner: GraphedTransformer, ids: Tensor, cache: SeatedCache) -> Tensor:
    """`models.transformer` for one token a row, `ids` [B, 1], with nothing that depends on values; logits [B, V]."""
    model, positions, rotary = owner.model, cache.positions, None
    x = model.embed(ids)  # [B, 1, C]
    if owner.config.shift:
        x = shift_channels(x, model.embed(cache.before))
    if owner.rotary is None:
        x = x + model.positions.weight[positions].unsqueeze(1)
    else:
        cos, sin = (table[positions][:, None, None] for table in owner.rotary)  # [B, 1, 1, D]
        rotary = cos, sin
    given = Pass(rotary, cache, visible=cache.visible())
    for block in model.blocks:
        x = block(x, given)
    return model.head(model.norm(x)).float()[:, -1]
