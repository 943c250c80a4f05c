"""Tensors as the C++ part sees them: addresses of memory that is kept as long as whoever points to it."""

from __future__ import annotations

import torch
from torch import Tensor

from talkgen.lm.fast.structures import Matrix
from talkgen.lm.files.packed import Format, Packed

_KIND: dict[Format, int] = {"float32": 32, "float16": 16, "int8": 8, "int4": 4}  # as in cpp/linear.h


class Pointers:
    """Gives out addresses and keeps what they point to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def keep(self, thing: object) -> None:
        """Keeps a structure that others point to."""
        self._kept.append(thing)

    def address(self, tensor: Tensor | None) -> int | None:
        """Where a tensor's numbers lie, in float32 unless they are bytes; null for none."""
        if tensor is None:
            return None
        tensor = (tensor if tensor.dtype == torch.uint8 else tensor.detach().float()).contiguous()
        self.keep(tensor)
        return tensor.data_ptr()

    def matrix(self, weight: Packed, bias: Tensor | None = None) -> Matrix:
        """The structure of a packed matrix."""
        return Matrix(_KIND[weight.format], weight.n, weight.k, self.address(weight.data), self.address(bias))
