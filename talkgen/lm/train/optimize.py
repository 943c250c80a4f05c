"""The rules by which weights move: parameter groups, AdamW, Muon and the learning-rate schedule; knows no data."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.shapes import TABLES
from talkgen.lm.train.distributed import scatter
from talkgen.lm.train.recipe import OptimizerRecipe, ScheduleRecipe


def rate_factor(step: int, schedule: ScheduleRecipe) -> float:
    """The share of the peak rate at `step` (from 0): warm-up, then half a cosine (Loshchilov and Hutter 2017).

    With `schedule.decay` the peak itself, and a line down from it at the end (Hägele et al. 2024).
    """
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    if schedule.decay is not None:
        left = (schedule.steps - step) / (schedule.decay * schedule.steps)
        return schedule.final + (1 - schedule.final) * max(0.0, min(1.0, left))
    done = (step - schedule.warmup) / max(1, schedule.steps - schedule.warmup)
    return schedule.final + (1 - schedule.final) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def last_constant_step(schedule: ScheduleRecipe) -> int | None:
    """How many steps a rate that stays is at its peak, and what is trained does not depend on how many follow."""
    return None if schedule.decay is None else math.floor(schedule.steps * (1 - schedule.decay))


class Muon(Optimizer):
    """Momentum orthogonalised by Newton-Schulz (Jordan et al. 2024), for the matrices inside the model.

    What `torch.optim.Muon` computes, with matrices of one shape orthogonalised together and in float32. Losses are the
    same within a seed's spread (tiny Shakespeare, 400 steps, seeds 1 to 3: 1.888, 1.874, 1.869; torch's 1.896, 1.875,
    1.861). Time is not: torch's multiplies in bfloat16, and without a processor's instructions for that (AVX2) its step
    took 15 times ours (2 layers of 128: 380 and 24 ms) and 20 times (3 of 256); with them (AMX) 0.8 and 0.4 times.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure: training never re-evaluates
        """Moves every matrix that has a gradient."""
        del closure
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for shape, parameters in by_shape.items():
                self._move(parameters, shape, group)

    def _move(self, parameters: list[Tensor], shape: torch.Size, group: dict[str, float]) -> None:
        # A running mean looked ahead by one step: Nesterov's, as Jordan's Muon takes it.
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        buffers = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in parameters]
        torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
        nesterov = torch._foreach_lerp(gradients, buffers, group["momentum"])
        updates = orthogonalise(torch.stack(list(nesterov))).unbind()
        # Rows of an orthogonal tall matrix are short: without the factor its outputs would move less than a wide one's.
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(parameters, list(updates), alpha=-group["lr"] * max(1, shape[0] / shape[1]) ** 0.5)


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Roughly the nearest semi-orthogonal matrices to `matrices` [N, rows, columns]: singular values near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315  # Jordan's quintic: steepest at 0 while staying bounded
    wide = matrices.shape[1] <= matrices.shape[2]  # X Xᵀ is then the smaller of the two products
    X = matrices if wide else matrices.mT
    X = X / (X.norm(dim=(1, 2), keepdim=True) + 1e-7)  # no singular value above 1, where the quintic would diverge
    for _ in range(steps):
        A = X @ X.mT  # [N, shorter side, shorter side]
        X = torch.baddbmm(X, torch.baddbmm(A, A, A, beta=b, alpha=c), X, beta=a)
    return X if wide else X.mT


def make_optimizers(model: LanguageModel, recipe: OptimizerRecipe) -> list[Optimizer]:
    """AdamW, and Muon for the matrices inside the model if the recipe asks for it; gains and biases do not decay."""
    tables, matrices, vectors = sort_parameters(model)
    by_muon = matrices if recipe.kind == "muon" else []
    groups = [
        {"params": tables if by_muon else tables + matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    # Decay pulls a gain of 1 to 0, which changes what is computed; a matrix before a norm it only makes smaller.
    adamw = AdamW(groups, lr=recipe.rate, betas=recipe.betas, fused=True)
    return [adamw, Muon(by_muon, recipe.matrix_rate, weight_decay=recipe.weight_decay)] if by_muon else [adamw]


def sort_parameters(model: LanguageModel) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Every parameter once: tables (embeddings and the head), the matrices inside the model, gains and biases."""
    named: list[tuple[str, Tensor]] = list(model.named_parameters())
    tables = [p for name, p in named if name in TABLES]
    matrices = [p for name, p in named if p.ndim == 2 and name not in TABLES]
    return tables, matrices, [p for _, p in named if p.ndim < 2]


def set_rates(optimizers: list[Optimizer], recipe: OptimizerRecipe, factor: float) -> None:
    """Gives every group its peak rate times `factor`."""
    for optimizer in optimizers:
        peak = recipe.matrix_rate if isinstance(optimizer, Muon) else recipe.rate
        for group in optimizer.param_groups:
            group["lr"] = peak * factor


def pack_optimizers(optimizers: list[Optimizer]) -> dict[str, Tensor]:
    """Every tensor of the optimizers' state under a flat name `optimizer.K.INDEX.NAME`."""
    return {
        f"optimizer.{k}.{index}.{name}": value
        for k, optimizer in enumerate(optimizers)
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def unpack_optimizers(optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    """Puts back what :func:`pack_optimizers` took, in parts where the weights are in parts."""
    for k, optimizer in enumerate(optimizers):
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        state: dict[int, dict[str, Tensor]] = defaultdict(dict)
        for key, value in tensors.items():
            kind, number, *rest = key.split(".")
            if kind == "optimizer" and int(number) == k:
                index, like = int(rest[0]), weights[int(rest[0])]
                state[index][".".join(rest[1:])] = scatter(value, like) if value.shape == like.shape else value
        whole = optimizer.state_dict()
        optimizer.load_state_dict({**whole, "state": dict(state)})
