"""A plain training loop after nanoGPT (model.py and train.py, MIT, A. Karpathy): what we are measured against.

Written to be that recipe and nothing else: its model, its groups, its schedule, its order of calls, on a CPU in
float32 with dropout 0 and no compilation, as its README's command for a computer without a GPU asks; AdamW is fused, as
its train.py has it where it can. The same loop takes another recipe, with torch's own Muon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from sides import Clock
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """The published CPU recipe."""

    vocab_size: int
    block_size: int = 64
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 128
    rows: int = 12
    steps: int = 2000
    rate: float = 1e-3
    least_rate: float = 1e-4
    warmup: int = 100
    matrix_rate: float | None = None  # of torch's Muon for the matrices between embedding and head
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


class LayerNorm(nn.Module):
    """Without a bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        return functional.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.n_head, self.n_embd = shape.n_head, shape.n_embd
        self.c_attn = nn.Linear(shape.n_embd, 3 * shape.n_embd, bias=False)
        self.c_proj = nn.Linear(shape.n_embd, shape.n_embd, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        rows, length, width = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(rows, length, self.n_head, width // self.n_head).transpose(1, 2)
        q = q.view(rows, length, self.n_head, width // self.n_head).transpose(1, 2)
        v = v.view(rows, length, self.n_head, width // self.n_head).transpose(1, 2)
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(rows, length, width))


class Block(nn.Module):
    """Attention, then an MLP."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = LayerNorm(shape.n_embd), LayerNorm(shape.n_embd)
        self.attn = Attention(shape)
        self.c_fc = nn.Linear(shape.n_embd, 4 * shape.n_embd, bias=False)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(4 * shape.n_embd, shape.n_embd, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(self.gelu(self.c_fc(self.ln_2(x))))


class GPT(nn.Module):
    """nanoGPT's model: learned positions, tied head, its initial weights."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.wte = nn.Embedding(shape.vocab_size, shape.n_embd)
        self.wpe = nn.Embedding(shape.block_size, shape.n_embd)
        self.h = nn.ModuleList([Block(shape) for _ in range(shape.n_layer)])
        self.ln_f = LayerNorm(shape.n_embd)
        self.lm_head = nn.Linear(shape.n_embd, shape.vocab_size, bias=False)
        self.wte.weight = self.lm_head.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                deep = name.endswith("c_proj.weight")
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * shape.n_layer) if deep else 0.02)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of ids and targets [B, T]."""
        x = self.wte(ids) + self.wpe(torch.arange(ids.size(1)))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return functional.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)


def _rate(step: int, shape: Shape) -> float:
    if step < shape.warmup:
        return shape.rate * (step + 1) / (shape.warmup + 1)
    done = (step - shape.warmup) / (shape.steps - shape.warmup)
    return shape.least_rate + 0.5 * (1.0 + math.cos(math.pi * done)) * (shape.rate - shape.least_rate)


def _batch(data: np.ndarray, shape: Shape) -> tuple[Tensor, Tensor]:
    starts = torch.randint(len(data) - shape.block_size, (shape.rows,))
    x = torch.stack([torch.from_numpy(data[i : i + shape.block_size].astype(np.int64)) for i in starts])
    y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + shape.block_size].astype(np.int64)) for i in starts])
    return x, y


def _optimizers(model: GPT, shape: Shape) -> list[torch.optim.Optimizer]:
    matrices = [p for p in model.h.parameters() if p.dim() == 2] if shape.matrix_rate else []
    others = [p for p in model.parameters() if all(p is not each for each in matrices)]
    groups = [
        {"params": [p for p in others if p.dim() >= 2], "weight_decay": shape.weight_decay},
        {"params": [p for p in others if p.dim() < 2], "weight_decay": 0.0},
    ]
    found: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=shape.rate, betas=shape.betas, fused=True)]
    if shape.matrix_rate:
        found.append(torch.optim.Muon(matrices, lr=shape.matrix_rate, weight_decay=shape.weight_decay))
    for optimizer in found:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return found


def train_plain(data: np.ndarray, shape: Shape, seed: int = 1337) -> Iterator[tuple[int, float, GPT]]:
    """Trains on uint16 ids; yields (steps done, seconds spent training, the model) after every step."""
    torch.manual_seed(seed)
    model = GPT(shape)
    optimizers = _optimizers(model, shape)
    seconds = 0.0
    x, y = _batch(data, shape)
    for step in range(shape.steps):
        began = Clock.now()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * _rate(step, shape) / shape.rate
        loss = model(x, y)
        x, y = _batch(data, shape)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        loss.item()
        seconds += Clock.now() - began
        yield step + 1, seconds, model
