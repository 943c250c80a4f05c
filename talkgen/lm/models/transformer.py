"""The decoder-only transformer of GPT-2 (Radford et al. 2019) and of Llama/SmolLM2 (Touvron et al. 2023).

Where they differ the config chooses: LayerNorm or RMSNorm, learned or rotary positions (Su et al. 2021), GELU or SwiGLU
(Shazeer 2020), and key/value heads that groups of query heads share (Ainslie et al. 2023). Shapes: B rows, T new
tokens, C = n_embd.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from talkgen.lm.models.attention import Attention, Pass
from talkgen.lm.models.base import LanguageModel, Taps, init_weights
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.rotary import rotary_angles
from talkgen.lm.models.shift import shift_channels
from talkgen.lm.models.state import State


class MLP(nn.Module):
    """The position-wise network: GELU, or SwiGLU with its gate."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gated = config.activation == "swiglu"
        self.up = nn.Linear(config.n_embd, config.n_inner * (2 if self.gated else 1), bias=config.bias)
        self.down = nn.Linear(config.n_inner, config.n_embd, bias=config.bias)
        self.approximate = "none" if config.activation == "gelu" else "tanh"

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]; with SwiGLU `up` holds the gate's rows first."""
        h = self.up(x)
        if self.gated:
            gate, h = h.chunk(2, dim=-1)
            return self.down(F.silu(gate) * h)
        return self.down(F.gelu(h, approximate=self.approximate))


def make_norm(config: ModelConfig) -> nn.Module:
    """LayerNorm (Ba et al. 2016) or RMSNorm (Zhang & Sennrich 2019) over C."""
    if config.norm == "rms":
        return nn.RMSNorm(config.n_embd, eps=config.norm_eps)
    return nn.LayerNorm(config.n_embd, eps=config.norm_eps, bias=config.bias)


class Block(nn.Module):
    """Communicate, then compute; each reads a normalized residual stream and adds to it."""

    def __init__(self, config: ModelConfig, layer: int = 0) -> None:
        super().__init__()
        self.norm_1, self.attention = make_norm(config), Attention(config, layer)
        self.norm_2, self.mlp = make_norm(config), MLP(config)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, given: Pass) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        x = x + self.drop(self.attention(self.norm_1(x), given))
        return x + self.drop(self.mlp(self.norm_2(x)))


class Transformer(LanguageModel):
    """Token embedding, blocks, norm, output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.norm = make_norm(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        init_weights(self, config)
        self.tie_head()

    def new_state(self, batch: int, capacity: int) -> KVCache:
        """An empty cache for `batch` rows with room for `capacity` tokens."""
        return KVCache(self.config, batch, capacity, self.embed.weight.detach())

    def forward(
        self, ids: Tensor, state: State | None = None, *, taps: Taps | None = None, last_only: bool = False
    ) -> tuple[Tensor, State]:
        """See `LanguageModel.forward`; without a state and in training no keys are kept."""
        if state is not None and not isinstance(state, KVCache):
            raise TypeError("a transformer's state is a KVCache")
        cache = state if state is not None or self.training else self.new_state(ids.size(0), ids.size(1))
        # In training nothing is read on, so nothing is kept: keys would hold the whole batch's memory.
        T, past = ids.size(1), cache.length if cache is not None else 0
        x = self.embed(ids)  # [B, T, C]
        if taps is not None:
            taps.add("embedded", x)
        if self.config.shift:  # before positions are added: a token's position stays its own
            before = cache.remember(ids) if cache is not None else None
            x = shift_channels(x, None if before is None else self.embed(before))
        rotary = None
        if self.config.positions == "learned":
            x = x + self.positions.weight[past : past + T]
        else:
            rotary = rotary_angles(self.config, past, T, x)
        given = Pass(rotary, cache, taps)
        for block in self.blocks:
            x = block(x, given)
            if taps is not None:
                taps.add("hidden", x)
        if cache is not None:
            cache.length = past + T  # only now: every layer wrote at the same place
        x = self.norm(x[:, -1:] if last_only else x)
        return self.head(x).float(), cache if cache is not None else self.new_state(ids.size(0), 0)
