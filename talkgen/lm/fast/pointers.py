"""Arrays as the C++ part sees them: addresses of memory that is kept as long as whoever points to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgen.lm.fast.structures import MOST_PARTS, Matrix, Stack
from talkgen.lm.files.packed import Format, Packed
from talkgen.lm.models.reader import Floats

_KIND: dict[Format, int] = {"float32": 32, "float16": 16, "int8": 8, "int4": 4}  # as in cpp/linear.h


class Pointers:
    """Gives out addresses and keeps what they point to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def keep(self, thing: object) -> None:
        """Keeps a structure that others point to."""
        self._kept.append(thing)

    def address(self, array: Floats | NDArray[np.uint8] | None) -> int | None:
        """Where an array's numbers lie; null for none."""
        if array is None:
            return None
        whole = np.ascontiguousarray(array)
        self.keep(whole)
        return whole.ctypes.data

    def matrix(self, weight: Packed, bias: Floats | None = None) -> Matrix:
        """The structure of a packed matrix."""
        return Matrix(_KIND[weight.format], weight.n, weight.k, self.address(weight.data), self.address(bias))

    def stack(self, parts: tuple[Packed, ...], bias: Floats | None = None) -> Stack:
        """The structure of matrices one below the other; `bias` is of all their rows."""
        ends = np.cumsum([part.n for part in parts])
        biases = [None] * len(parts) if bias is None else np.split(bias, ends[:-1])
        matrices = (self.matrix(part, its) for part, its in zip(parts, biases, strict=True))
        return Stack(len(parts), (Matrix * MOST_PARTS)(*matrices))
