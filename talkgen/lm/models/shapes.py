"""The names and shapes of a model's weights, from its config alone: for who reads weights without torch's modules."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from talkgen.lm.models.config import ModelConfig

Shape = tuple[int, ...]
TABLES = frozenset({"embed.weight", "positions.weight", "head.weight"})
"""Parameters that are looked up or choose a token, in every model here: no part of what Kaplan et al. (2020) count."""


def parameter_shapes(config: ModelConfig) -> dict[str, Shape]:
    """Those of `build_model(config)`, of a decoder-only transformer or of a recurrent model that attends to nothing."""
    shapes: dict[str, Shape] = {"embed.weight": (config.vocab_size, config.n_embd)}
    shapes |= _transformer(config) if config.architecture == "transformer" else _recurrent(config)
    if not config.tied_head:
        shapes["head.weight"] = (config.vocab_size, config.n_embd)
    return shapes


def count_without_embeddings(config: ModelConfig) -> int:
    """The numbers that such a model learns besides its tables, as Kaplan et al. (2020) count its parameters."""
    return sum(prod(shape) for name, shape in parameter_shapes(config).items() if name not in TABLES)


def _transformer(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    C, D, inner = config.n_embd, config.head_dim, config.n_inner
    matrices = {
        "attention.qkv": ((config.n_head + 2 * config.n_kv_head) * D, C),
        "attention.proj": (C, config.n_head * D),
        "mlp.up": (inner * (2 if config.activation == "swiglu" else 1), C),
        "mlp.down": (C, inner),
    }
    biased = config.bias and config.norm == "layer"
    if config.positions == "learned":
        yield "positions.weight", (config.block_size, C)
    for prefix in (f"blocks.{i}." for i in range(config.n_layer)):
        for name, shape in matrices.items():
            yield f"{prefix}{name}.weight", shape
            if config.bias:
                yield f"{prefix}{name}.bias", shape[:1]
        for norm in ("norm_1", "norm_2"):
            yield from _norm(f"{prefix}{norm}", C, biased)
    yield from _norm("norm", C, biased)


def _norm(name: str, C: int, biased: bool) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (C,)
    if biased:
        yield f"{name}.bias", (C,)


def _recurrent(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    C = config.n_embd
    rows = 4 * C if config.architecture == "lstm" else C
    for i in range(config.n_layer):
        for part in ("ih", "hh"):
            yield f"rnn.weight_{part}_l{i}", (rows, C)
            yield f"rnn.bias_{part}_l{i}", (rows,)
