"""The one-token shift: half of each token's channels come from the token before it, at no parameter.

So a key knows what stood before its token, which is what a layer needs to find "the last time this came, then …": the
smeared keys of Olsson et al. (2022), RWKV's token shift (Peng et al. 2023), a convolution of width 2 at its plainest.
"""

from __future__ import annotations

import torch
from torch import Tensor


def shift_channels(x: Tensor, before: Tensor | None) -> Tensor:
    """`x` [B, T, C] with its last C/2 channels one token late; `before` [B, C] is what stood before it, or None."""
    before = torch.zeros_like(x[:, 0]) if before is None else before
    late = torch.cat((before.unsqueeze(1), x[:, :-1]), dim=1)  # [B, T, C]
    own = x.size(2) - x.size(2) // 2
    return torch.cat((x[..., :own], late[..., own:]), dim=2)
