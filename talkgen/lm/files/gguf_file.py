"""Reads a GGUF file: its metadata, and its tensors; no size in it is believed unchecked.

The header is parsed here, against the file's length, because a file may lie about its counts; blocks that we
have no format for are expanded by the `gguf` package. After ggml-org/ggml, docs/gguf.md, versions 2 and 3,
little-endian.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from talkgen.errors import ModelError
from talkgen.lm.files.packed import Format, Packed, pack, with_least


class Kind(NamedTuple):
    """A type of ggml's: its name, how many numbers share a block, how many bytes that takes, and our format for it."""

    name: str
    block: int
    bytes: int
    format: Format | None = None


_KINDS = {  # by ggml's number of them (ggml.h); the package `gguf` has them too, but takes half a second to import
    0: Kind("F32", 1, 4, "float32"),
    1: Kind("F16", 1, 2, "float16"),
    30: Kind("BF16", 1, 2),
    8: Kind("Q8_0", 32, 34, "int8"),
    2: Kind("Q4_0", 32, 18, "int4"),
    3: Kind("Q4_1", 32, 20, "int4"),
    12: Kind("Q4_K", 256, 144),
    14: Kind("Q6_K", 256, 210),
}
READABLE = tuple(kind.name for kind in _KINDS.values())
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_MAX_METADATA, _MAX_TENSORS, _MAX_DEPTH = 10_000, 100_000, 4


@dataclass(frozen=True)
class TensorPlace:
    """Where a tensor's blocks lie; `shape` as torch has it, outermost first."""

    shape: tuple[int, ...]
    kind: Kind
    offset: int
    size: int


class GGUFFile:
    """An open GGUF file.

    Raises:
        ModelError: it is no GGUF, is cut short, or contradicts itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise ModelError(f"{path} cannot be read: {error}") from error
        self._at = 0
        try:
            self._read_header()
        except (struct.error, UnicodeDecodeError, KeyError, OverflowError, IndexError) as error:
            raise ModelError(f"{path} is no sound GGUF file: its header is damaged or cut short") from error

    def _read_header(self) -> None:
        if self._data[:4] != b"GGUF":
            raise ModelError(f"{self.path} is no GGUF file")
        self._at = 4
        version, n_tensors, n_metadata = self._unpack("IQQ")
        if version not in (2, 3):
            raise ModelError(f"{self.path} has GGUF version {version}", "talkgen reads versions 2 and 3")
        if n_tensors > _MAX_TENSORS or n_metadata > _MAX_METADATA:
            raise ModelError(f"{self.path} claims {n_tensors} tensors and {n_metadata} entries")
        self.metadata: dict[str, Any] = {}
        for _ in range(n_metadata):
            name = self._text()
            self.metadata[name] = self._value(self._unpack("I")[0], 0)
        places = [self._tensor_header() for _ in range(n_tensors)]
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
            raise ModelError(f"{self.path} has an alignment of {alignment}")
        start = -(-self._at // alignment) * alignment
        self.tensors = {name: self._placed(name, place, start) for name, place in places}

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def _text(self) -> str:
        (length,) = self._unpack("Q")
        if length > len(self._data) - self._at:
            raise ModelError(f"{self.path} is cut short: a text of {length} bytes does not fit")
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8")

    def _texts(self, count: int) -> list[str]:
        """Many texts, a vocabulary say, without a call for each."""
        data, at, found = self._data, self._at, []
        length_at = struct.Struct("<Q").unpack_from
        for _ in range(count):
            end = at + 8 + length_at(data, at)[0]
            if end > len(data):
                raise ModelError(f"{self.path} is cut short: a text does not fit")
            found.append(data[at + 8 : end].decode("utf-8"))
            at = end
        self._at = at
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind != _ARRAY:
            return self._unpack(_SCALARS[kind])[0]
        inner, count = self._unpack("IQ")
        smallest = 8 if inner in (_TEXT, _ARRAY) else struct.calcsize(f"<{_SCALARS[inner]}")
        if depth >= _MAX_DEPTH or count * smallest > len(self._data) - self._at:
            raise ModelError(f"{self.path} is cut short: a list of {count} values does not fit")
        if inner == _TEXT:
            return self._texts(count)
        if inner == _ARRAY:
            return [self._value(inner, depth + 1) for _ in range(count)]
        return list(self._unpack(f"{count}{_SCALARS[inner]}"))

    def _tensor_header(self) -> tuple[str, tuple[tuple[int, ...], int, int]]:
        name = self._text()
        (n_dims,) = self._unpack("I")
        if n_dims > 4:
            raise ModelError(f"{self.path}: {name} has {n_dims} dimensions")
        shape = self._unpack(f"{n_dims}Q")
        kind, offset = self._unpack("IQ")
        return name, (tuple(reversed(shape)), kind, offset)

    def _placed(self, name: str, place: tuple[tuple[int, ...], int, int], start: int) -> TensorPlace:
        shape, number, offset = place
        kind = _KINDS.get(number)
        if kind is None:
            hint = f"talkgen reads {', '.join(READABLE)}"
            raise ModelError(f"{self.path}: {name} is {_name_of(number)}", hint)
        count = math.prod(shape)
        if count == 0 or (shape and shape[-1] % kind.block):
            raise ModelError(f"{self.path}: {name} has the impossible shape {list(shape)}")
        size = count // kind.block * kind.bytes
        if start + offset + size > len(self._data):
            raise ModelError(f"{self.path} is cut short: {name} ends after the file does")
        return TensorPlace(shape, kind, start + offset, size)

    @cached_property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(math.prod(place.shape) for place in self.tensors.values())

    def blocks(self, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The raw blocks of a tensor, [rows, bytes a row]."""
        place = self.tensors[name]
        raw = np.frombuffer(self._data, dtype=np.uint8, count=place.size, offset=place.offset)
        return raw.reshape(math.prod(place.shape[:-1]), -1)

    def read(self, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """A tensor in float32, by ggml's own expansion of its blocks."""
        from gguf import GGMLQuantizationType
        from gguf.quants import dequantize

        place = self.tensors[name]
        with np.errstate(all="ignore"):  # a damaged scale may be NaN: whoever fills a model refuses it
            values = dequantize(self.blocks(name), GGMLQuantizationType[place.kind.name]).reshape(place.shape)
        return np.array(values, dtype=np.float32)

    def packed(self, name: str) -> Packed:
        """A tensor where it lies in the file, if we have its format, else in float32; a vector is a matrix of a row."""
        place = self.tensors[name]
        shape = place.shape if len(place.shape) == 2 else (1, math.prod(place.shape))
        if place.kind.format is None:
            return pack(self.read(name).reshape(shape), "float32")
        blocks = self.blocks(name).reshape(shape[0], -1)
        return Packed(place.kind.format, *shape, with_least(blocks) if place.kind.name == "Q4_0" else blocks)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)


def _name_of(number: int) -> str:
    """What ggml calls a type that is not read here."""
    from gguf import GGMLQuantizationType

    try:
        return GGMLQuantizationType(number).name
    except ValueError:
        return f"of the unknown type {number}"
