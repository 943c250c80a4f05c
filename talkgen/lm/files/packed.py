"""Weights in few bytes: float16, and ggml's blocks of 32 with a scale each (Q8_0, Q4_1); knows no model.

Formats after ggml's ggml-common.h. A matrix [n, k] is packed row by row:

    float32, float16    k numbers
    int8 (Q8_0)         k/32 blocks of a float16 scale d and 32 int8: w = d q                        34 bytes
    int4 (Q4_1)         k/32 blocks of float16 d and m and 32 nibbles, w = d q + m; low nibbles first   20 bytes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Format = Literal["float32", "float16", "int8", "int4"]
FORMATS: tuple[Format, ...] = get_args(Format)
BLOCK = 32
_AT_A_TIME = 1 << 18  # numbers that are widened together: what is made on the way stays in the cache

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Packed:
    """A matrix [n, k]; `data` holds its rows as bytes, [n, bytes a row]."""

    format: Format
    n: int
    k: int
    data: Bytes

    @property
    def bytes(self) -> int:
        """What a product has to read."""
        return self.data.size

    def rows(self, order: NDArray[np.int64] | slice) -> Packed:
        """The rows `order`, in that order; a slice of them shares their memory."""
        data = self.data[order]
        return Packed(self.format, len(data), self.k, data)

    @property
    def finite(self) -> bool:
        """Whether every number is one: no NaN, no infinity."""
        if self.format == "float32":
            return bool(np.isfinite(self.data.view(np.float32)).all())
        scales = self.data if self.format == "float16" else self._blocks()[..., : 2 if self.format == "int8" else 4]
        # A half's exponent is all ones where it is no number; NumPy's own test of halves is ten times as slow.
        return bool(((np.ascontiguousarray(scales).view(np.uint16) & 0x7C00) != 0x7C00).all())

    def _blocks(self) -> Bytes:
        return self.data.reshape(self.n, self.k // BLOCK, -1)

    def dense(self) -> Floats:
        """The matrix in float32."""
        whole, step = np.empty((self.n, self.k), np.float32), max(1, _AT_A_TIME // self.k)
        for at in range(0, self.n, step):
            whole[at : at + step] = self.rows(slice(at, at + step))._widened()
        return whole

    def _widened(self) -> Floats:
        if self.format in ("float32", "float16"):
            return self.data.view(self.format).astype(np.float32)
        blocks = self._blocks()
        with np.errstate(all="ignore"):  # a damaged scale may be NaN: whoever fills a model refuses it
            if self.format == "int8":
                return (_halves(blocks[..., :2]) * blocks[..., 2:].view(np.int8)).reshape(self.n, self.k)
            scale, least = np.split(_halves(blocks[..., :4]), 2, axis=-1)
            nibbles = np.concatenate((blocks[..., 4:] & 15, blocks[..., 4:] >> 4), axis=-1)
            return (scale * nibbles + least).reshape(self.n, self.k)


def _halves(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view(np.float16).astype(np.float32)


def stack(parts: list[Packed]) -> Packed:
    """Matrices one below the other; in float32 where their formats differ."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(part.format != first.format for part in parts):
        return pack(np.concatenate([part.dense() for part in parts]), "float32")
    data = np.concatenate([part.data for part in parts])
    return Packed(first.format, len(data), first.k, data)


def pack(weight: Floats, format: Format) -> Packed:
    """`weight` [n, k] in `format`; in float16 instead of blocks where k is no multiple of 32."""
    n, k = weight.shape
    if format in ("int8", "int4") and k % BLOCK:
        return pack(weight, "float16")
    if format in ("float32", "float16"):
        with np.errstate(over="ignore"):  # what half precision cannot hold is infinite, and measured
            return Packed(format, n, k, np.ascontiguousarray(weight, format).view(np.uint8))
    blocks = weight.astype(np.float32, copy=False).reshape(n, k // BLOCK, BLOCK)
    data = _pack_int8(blocks) if format == "int8" else _pack_int4(blocks)
    return Packed(format, n, k, data.reshape(n, -1))


def _pack_int8(blocks: Floats) -> Bytes:
    scale = np.abs(blocks).max(axis=-1, keepdims=True) / np.float32(127)
    q = np.rint(blocks * _inverse(scale)).clip(-127, 127).astype(np.int8)
    return np.concatenate((scale.astype(np.float16).view(np.uint8), q.view(np.uint8)), axis=-1)


def _pack_int4(blocks: Floats) -> Bytes:
    least, most = blocks.min(axis=-1, keepdims=True), blocks.max(axis=-1, keepdims=True)
    scale = (most - least) / np.float32(15)
    q = np.rint((blocks - least) * _inverse(scale)).clip(0, 15).astype(np.uint8)
    low, high = np.split(q, 2, axis=-1)
    scales = [part.astype(np.float16).view(np.uint8) for part in (scale, least)]
    return np.concatenate((*scales, low | high << 4), axis=-1)


def _inverse(scale: Floats) -> Floats:
    return np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)


def with_least(blocks: Bytes) -> Bytes:
    """Blocks of ggml's Q4_0, w = d (q - 8), as those of int4: m = -8 d is as exact in float16 as d."""
    n, width = blocks.shape
    blocks = blocks.reshape(n, width // 18, 18)
    scale = np.ascontiguousarray(blocks[..., :2]).view(np.float16)
    with np.errstate(all="ignore"):  # of a damaged file
        least = (-8 * scale).view(np.uint8)
    return np.concatenate((blocks[..., :2], least, blocks[..., 2:]), axis=-1).reshape(n, -1)
