"""What single neurons of a transformer's MLP do: how active each is, and what it writes.

The second matrix of an MLP has a column a neuron: the neuron adds that column, times how active it is, to the residual
stream (Geva et al. 2022). How active it is, is what the matrix is multiplied with: the GELU of what it reads, or, with
SwiGLU, that times the SiLU of its gate, of either sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from talkgen.lm.models.base import Taps
from talkgen.lm.models.logit_parts import pass_last_norm
from talkgen.lm.models.transformer import MLP, Block, Transformer


def read_neurons(model: Transformer, ids: Sequence[int], layer: int) -> tuple[Tensor, Tensor]:
    """How active the neurons of a layer, from 0, are [T, n_inner], and the stream [T, C] before the last norm."""
    taps, active = Taps("hidden"), list[Tensor]()
    hook = _mlp(model, layer).down.register_forward_pre_hook(lambda _module, given: active.append(given[0][0]))
    try:
        with torch.inference_mode():
            model(torch.tensor([list(ids)], device=model.device), taps=taps, last_only=True)
    finally:
        hook.remove()
    return active[0].float(), taps.values["hidden"][-1][0].float()


def written_logits(model: Transformer, layer: int, neurons: Tensor, active: Tensor, stream: Tensor) -> Tensor:
    """What N `neurons` of a layer, each as `active` [N] as it is, add to all logits [N, V] where the stream is [C].

    A neuron of the column w that is active by a adds a·w. With g the last norm's weight, u the row of a token in the
    output layer, and x the whole stream there, it adds

        u · (g ⊙ a·w) / √(mean(x²) + ε)

    to the token's logit; where the norm is a LayerNorm, w and x are taken less their mean over the channels. All of x
    is divided by the same number, so that over all neurons, and with what the MLP's bias adds, the sum is the MLP's
    part in `LogitParts`. This is the way straight to the logits: what later layers make of a neuron is theirs.
    """
    directions = _mlp(model, layer).down.weight[:, neurons].detach().float()  # [C, N]
    added = pass_last_norm(model, (directions * active).T, stream)
    return added @ model.head.weight.detach().float().T


def _mlp(model: Transformer, layer: int) -> MLP:
    block = model.blocks[layer]
    if not isinstance(block, Block):
        raise TypeError("a transformer's blocks are `Block`s")
    return block.mlp
