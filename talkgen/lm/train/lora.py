"""Low-rank adaptation (Hu et al. 2021): a frozen model, and two thin matrices beside each of its own that learn.

W' = W + (α/r) B A with A [r, k] drawn and B [n, r] zero at first, so that training begins at the old model exactly.
Embeddings, the output layer and the norms stay as they are. What was learned can be added into W: then nothing is left
of it at answering time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.shapes import TABLES


class LowRank(nn.Module):
    """A frozen linear layer with what is learned beside it."""

    def __init__(self, frozen: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.frozen, self.scale = frozen.requires_grad_(requires_grad=False), alpha / rank
        n, k = frozen.weight.shape
        self.a = nn.Parameter(torch.empty(rank, k))
        self.b = nn.Parameter(torch.zeros(n, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """[…, k] to […, n]."""
        learned: Tensor = self.frozen(x) + F.linear(F.linear(x, self.a), self.b) * self.scale
        return learned

    def change(self) -> Tensor:
        """(α/r) B A, what is added to the weight: [n, k]."""
        return self.scale * self.b @ self.a


def adapt(model: LanguageModel, rank: int, alpha: float | None = None, seed: int = 0) -> LanguageModel:
    """A copy of `model` in which the matrices inside it learn in `rank` dimensions, and nothing else does.

    `alpha` is twice the rank where none is given, so that one learning rate suits all ranks.
    """
    adapted = copy.deepcopy(model).requires_grad_(requires_grad=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, layer in [(n, m) for n, m in adapted.named_modules() if isinstance(m, nn.Linear)]:
            if f"{name}.weight" in TABLES:
                continue
            parent, _, own = name.rpartition(".")
            setattr(adapted.get_submodule(parent), own, LowRank(layer, rank, alpha or 2.0 * rank))
    return adapted


@torch.no_grad()
def merge(adapted: LanguageModel) -> LanguageModel:
    """A plain model like the adapted one: what was learned is added into its weights."""
    merged = copy.deepcopy(adapted)
    for name, layer in [(n, m) for n, m in merged.named_modules() if isinstance(m, LowRank)]:
        layer.frozen.weight += layer.change()
        parent, _, own = name.rpartition(".")
        setattr(merged.get_submodule(parent), own, layer.frozen)
    return merged


def finetune(model: LanguageModel, batches: Iterable[tuple[Tensor, Tensor]], rate: float, seed: int = 0) -> list[float]:
    """Trains what of `model` can be trained, a step a batch of inputs and targets [B, T]; the losses in nats a token.

    AdamW without decay; the rate falls to zero by a line. Dropout draws from `seed`.
    """
    steps = list(batches)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=rate, weight_decay=0.0)
    losses = []
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number, (inputs, targets) in enumerate(steps):
            optimizer.param_groups[0]["lr"] = rate * (1 - number / len(steps))
            logits, _ = model(inputs)
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
    model.eval()
    return losses


def count_trained(model: LanguageModel) -> int:
    """How many numbers of `model` learn."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
