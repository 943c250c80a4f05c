"""Traces a transformer as rows of boxes: embedding, the parts of one of its equal blocks, what comes after them.

A part's parameters and FLOPs are its own and those of the norm before it; a table that two boxes share is counted in
the first one. FLOPs are those of matrix products, of one pass over all tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.errors import ModelError
from talkgen.figures.base import Data
from talkgen.figures.measure.modules import Part, trace_modules

if TYPE_CHECKING:
    from talkgen.lm.files.loaded import Loaded
    from talkgen.lm.models.translator import EncoderDecoder

Found = dict[str, Part]


def check_room(loaded: Loaded, tokens: int) -> None:
    """Refuses more tokens than the model's context holds.

    Raises:
        ModelError: there are more.
    """
    most = loaded.model.config.block_size
    if tokens > most:
        raise ModelError(f"tokens {tokens} is too much for {loaded.label}", f"choose at most {most}")


def trace_decoder(loaded: Loaded, tokens: int) -> Data:
    """The row of a decoder-only transformer, traced over so many tokens.

    Raises:
        ModelError: the model is none, or its context is too short.
    """
    import torch

    from talkgen.lm.models.transformer import Transformer

    model, config = loaded.model, loaded.model.config
    if not isinstance(model, Transformer):
        raise ModelError(f"{loaded.label} is no decoder-only transformer", "name one: model: small")
    check_room(loaded, tokens)
    found = trace_modules(model, torch.arange(tokens)[None] % config.vocab_size)
    block = "blocks.0."
    parts = [
        _box("embed", found, "embed", *(["positions"] if config.positions == "learned" else []), model=loaded),
        _box("self-attention", found, f"{block}norm_1", f"{block}attention"),
        _box("MLP", found, f"{block}norm_2", f"{block}mlp"),
        _head(found, loaded),
    ]
    return _row("decoder", parts, loaded, tokens)


def trace_encoder_decoder(loaded: Loaded, source: int, target: int) -> tuple[Data, Data]:
    """The rows of the encoder, which reads `source` tokens, and of the decoder, which reads `target` of its own.

    Raises:
        ModelError: the model has no encoder, or its context is too short.
    """
    import torch

    from talkgen.lm.models.config import SEPARATOR

    model = encoder_decoder(loaded)
    check_room(loaded, max(source, target))
    words = 2 + torch.arange(source + target) % (model.config.vocab_size - 2)  # no padding and no separator
    words[source - 1] = SEPARATOR  # the source's last token, and the target's first
    found = trace_modules(model, words[None, : source + target - 1])
    positions = ["positions"] if model.config.positions == "learned" else []
    encoder = [
        _box("embed", found, "embed", *positions, model=loaded),
        _box("self-attention", found, "encoder.0.norm_1", "encoder.0.attention"),
        _box("MLP", found, "encoder.0.norm_2", "encoder.0.mlp"),
        _box("norm", found, "encoder_norm"),
    ]
    block = "decoder.0."
    cross = _box("cross-attention", found, f"{block}norm_2", f"{block}cross")
    cross["flops"] += found[f"{block}cross.kv"].flops  # read off the source before the block itself runs
    decoder = [
        {"name": "embed", "parameters": 0, "flops": 0, "shared": True},
        _box("self-attention", found, f"{block}norm_1", f"{block}attention"),
        cross,
        _box("MLP", found, f"{block}norm_3", f"{block}mlp"),
        _head(found, loaded),
    ]
    return _row("encoder", encoder, loaded, source), _row("decoder", decoder, loaded, target)


def encoder_decoder(loaded: Loaded) -> EncoderDecoder:
    """The model as what it has to be.

    Raises:
        ModelError: it is no encoder-decoder.
    """
    from talkgen.lm.models.translator import EncoderDecoder

    if not isinstance(loaded.model, EncoderDecoder):
        raise ModelError(f"{loaded.label} has no encoder", "name an encoder-decoder: model: translator")
    return loaded.model


def _row(name: str, parts: list[Data], loaded: Loaded, tokens: int) -> Data:
    config = loaded.model.config
    return {"name": name, "tokens": tokens, "width": config.n_embd, "blocks": config.n_layer, "parts": parts}


def _box(name: str, found: Found, *modules: str, model: Loaded | None = None) -> Data:
    """One box of several modules; those of `model` that are no call of their own count with their parameters."""
    parts = [found[module] for module in modules if module in found]
    held = (
        [model.model.get_parameter(f"{module}.weight").numel() for module in modules if module not in found]
        if model
        else []
    )
    return {
        "name": name,
        "parameters": sum(part.parameters for part in parts) + sum(held),
        "flops": sum(part.flops for part in parts),
        "shared": False,
    }


def _head(found: Found, loaded: Loaded) -> Data:
    """The last norm and the output layer, whose matrix may be the embedding's."""
    norm, head = found["norm"], found["head"]
    tied = loaded.model.config.tied_head
    own = 0 if tied else head.parameters
    return {"name": "output", "parameters": norm.parameters + own, "flops": head.flops, "shared": tied}
