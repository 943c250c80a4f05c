"""Weights in few bytes: float16, and ggml's blocks of 32 with a scale each (Q8_0, Q4_1); knows no model.

Formats after ggml's ggml-common.h. A matrix [n, k] is packed row by row:

    float32, float16    k numbers
    int8 (Q8_0)         k/32 blocks of a float16 scale d and 32 int8: w = d q                        34 bytes
    int4 (Q4_1)         k/32 blocks of float16 d and m and 32 nibbles, w = d q + m; low nibbles first   20 bytes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Format = Literal["float32", "float16", "int8", "int4"]
FORMATS: tuple[Format, ...] = get_args(Format)
BLOCK = 32


@dataclass(frozen=True)
class Packed:
    """A matrix [n, k]; `data` holds its rows as bytes, [n, bytes a row]."""

    format: Format
    n: int
    k: int
    data: Tensor

    @property
    def bytes(self) -> int:
        """What a product has to read."""
        return self.data.numel()

    def rows(self, order: Tensor) -> Packed:
        """The rows `order`, in that order."""
        return Packed(self.format, len(order), self.k, self.data[order])

    @property
    def finite(self) -> bool:
        """Whether every number is one: no NaN, no infinity."""
        if self.format in ("float32", "float16"):
            return bool(torch.isfinite(self.data.view(getattr(torch, self.format))).all())
        scales = self._blocks()[..., : 2 if self.format == "int8" else 4]
        return bool(torch.isfinite(scales.contiguous().view(torch.float16)).all())

    def _blocks(self) -> Tensor:
        return self.data.view(self.n, self.k // BLOCK, -1)

    def dense(self) -> Tensor:
        """The matrix in float32."""
        if self.format in ("float32", "float16"):
            return self.data.view(getattr(torch, self.format)).float()
        blocks = self._blocks()
        if self.format == "int8":
            scale = blocks[..., :2].contiguous().view(torch.float16).float()
            return (scale * blocks[..., 2:].view(torch.int8).float()).view(self.n, self.k)
        scale, least = blocks[..., :4].contiguous().view(torch.float16).float().chunk(2, dim=-1)
        nibbles = torch.cat((blocks[..., 4:] & 15, blocks[..., 4:] >> 4), dim=-1)
        return (scale * nibbles.float() + least).view(self.n, self.k)


def stack(parts: list[Packed]) -> Packed:
    """Matrices one below the other; in float32 where their formats differ."""
    first = parts[0]
    if any(part.format != first.format for part in parts):
        return pack(torch.cat([part.dense() for part in parts]), "float32")
    return Packed(first.format, sum(part.n for part in parts), first.k, torch.cat([part.data for part in parts]))


def pack(weight: Tensor, format: Format) -> Packed:
    """`weight` [n, k] in `format`; in float16 instead of blocks where k is no multiple of 32."""
    n, k = weight.shape
    weight = weight.detach()
    if format in ("int8", "int4") and k % BLOCK:
        return pack(weight, "float16")
    if format in ("float32", "float16"):
        return Packed(format, n, k, weight.to(getattr(torch, format)).contiguous().view(torch.uint8))
    blocks = weight.float().reshape(n, k // BLOCK, BLOCK)
    data = _pack_int8(blocks) if format == "int8" else _pack_int4(blocks)
    return Packed(format, n, k, data.reshape(n, -1))


def _pack_int8(blocks: Tensor) -> Tensor:
    scale = blocks.abs().amax(dim=-1, keepdim=True) / 127
    q = (blocks * _inverse(scale)).round().clamp(-127, 127).to(torch.int8)
    return torch.cat((scale.half().view(torch.uint8), q.view(torch.uint8)), dim=-1)


def _pack_int4(blocks: Tensor) -> Tensor:
    least, most = blocks.amin(dim=-1, keepdim=True), blocks.amax(dim=-1, keepdim=True)
    scale = (most - least) / 15
    q = ((blocks - least) * _inverse(scale)).round().clamp(0, 15).to(torch.uint8)
    low, high = q.chunk(2, dim=-1)
    return torch.cat((scale.half().view(torch.uint8), least.half().view(torch.uint8), low | high << 4), dim=-1)


def _inverse(scale: Tensor) -> Tensor:
    return torch.where(scale > 0, 1 / scale, 0.0)


def with_least(blocks: Tensor) -> Tensor:
    """Blocks of ggml's Q4_0, w = d (q - 8), as those of int4: m = -8 d is as exact in float16 as d."""
    n, width = blocks.shape
    blocks = blocks.view(n, width // 18, 18)
    scale = blocks[..., :2].contiguous().view(torch.float16)
    return torch.cat((blocks[..., :2], (-8 * scale).view(torch.uint8), blocks[..., 2:]), dim=-1).view(n, -1)
