"""The shape of a language model, in the papers' names; reads and writes JSON and imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from talkgen.errors import ModelError, did_you_mean

TRANSLATORS = frozenset({"encoder-decoder", "rnnsearch"})  # architectures that read one sequence and write another
PADDING, SEPARATOR = 0, 1  # ids that an encoder-decoder sets apart: what fills a row up, what ends its source


@dataclass(frozen=True)
class ModelConfig:
    """A transformer (GPT-2's or Llama's family, or an encoder with a decoder), an LSTM, a tanh RNN or RNNsearch."""

    vocab_size: int
    architecture: Literal["transformer", "encoder-decoder", "rnnsearch", "lstm", "rnn"] = "transformer"
    n_layer: int = 2  # of an encoder-decoder: in each of the two
    n_embd: int = 64
    n_head: int = 4  # query heads; of a recurrent model, heads of its attention over past states
    n_kv_head: int = 0  # key and value heads shared by groups of query heads (GQA); 0: as many as n_head
    head_dim: int = 0  # 0: n_embd / n_head
    n_inner: int = 0  # width inside the MLP; 0: 4 n_embd, or 8/3 of it for SwiGLU
    block_size: int = 256  # positions the model was made for
    norm: Literal["layer", "rms"] = "layer"
    norm_eps: float = 1e-5
    positions: Literal["learned", "rotary"] = "learned"
    rope_theta: float = 10_000.0
    activation: Literal["gelu", "gelu_tanh", "swiglu"] = "gelu_tanh"
    bias: bool = True  # in linear layers and LayerNorm
    tied_head: bool = True  # the output layer is the token embedding
    shift: bool = False  # half of the embedding's channels come from the token before
    attention: bool = False  # recurrent models: attend to past states (Bahdanau et al. 2014)
    dropout: float = 0.0
    init_std: float = 0.02  # of a new transformer's weights; GPT-2's, which was 768 wide

    def __post_init__(self) -> None:
        """Fills in what follows from the rest, and refuses shapes that cannot be."""
        derive = {
            "n_kv_head": self.n_kv_head or self.n_head,
            "head_dim": self.head_dim or self.n_embd // max(self.n_head, 1),
            "n_inner": self.n_inner or (self.n_embd * 8 // 3 if self.activation == "swiglu" else 4 * self.n_embd),
        }
        for name, value in derive.items():
            object.__setattr__(self, name, value)
        for name in ("vocab_size", "n_layer", "n_embd", "n_head", "n_kv_head", "head_dim", "n_inner", "block_size"):
            if not 1 <= getattr(self, name) <= 2**27:
                raise ModelError(f"the model's config says {name} = {getattr(self, name)}")
        if self.n_head % self.n_kv_head:
            raise ModelError(f"{self.n_head} query heads cannot share {self.n_kv_head} key heads")
        if self.shift and self.architecture in TRANSLATORS:
            raise ModelError("an encoder-decoder has no one-token shift")
        if self.architecture == "rnnsearch" and self.n_layer != 1:
            raise ModelError(f"RNNsearch has one layer each way, not {self.n_layer}")
        recurrent = self.architecture in ("rnnsearch", "lstm", "rnn")
        if not recurrent and self.positions == "rotary" and self.head_dim % 2:
            raise ModelError(f"rotary positions need an even head_dim, not {self.head_dim}")

    def to_json(self) -> dict[str, Any]:
        """The config as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelConfig:
        """The config that `to_json` wrote.

        Raises:
            ModelError: a key is unknown or missing, or a value is of the wrong kind.
        """
        known = {field.name for field in fields(cls)}
        for name in data:
            if name not in known:
                raise ModelError(f"the model's config has an unknown key '{name}'", did_you_mean(name, known))
        if "vocab_size" not in data:
            raise ModelError("the model's config lacks vocab_size")
        hints = get_type_hints(cls)
        for name, value in data.items():
            if not _fits(value, hints[name]):
                raise ModelError(f"the model's config says {name} = {value!r}")
        return cls(**data)


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint
