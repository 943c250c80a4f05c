"""The C++ part's structures as ctypes sees them, field for field; `native` compares their sizes with the library's."""

from __future__ import annotations

import ctypes

SIZES = ("n_layer", "n_embd", "n_head", "n_kv_head", "head_dim", "n_inner", "vocab_size")  # of a `ModelConfig`
MOST_PARTS = 3  # queries, keys and values

_int, _float, _pointer = ctypes.c_int32, ctypes.c_float, ctypes.c_void_p


class Matrix(ctypes.Structure):
    """A packed matrix and its bias, which may be null; see cpp/linear.h."""

    _fields_ = (
        *((name, _int) for name in ("kind", "n", "k")),
        *((name, _pointer) for name in ("data", "bias")),
    )


class Stack(ctypes.Structure):
    """Matrices one below the other; see cpp/linear.h."""

    _fields_ = (("count", _int), ("parts", Matrix * MOST_PARTS))


class Norm(ctypes.Structure):
    """Gains and biases of a norm, the latter may be null; see cpp/transformer.cpp, as for all that follow but one."""

    _fields_ = (("weight", _pointer), ("bias", _pointer))


class Layer(ctypes.Structure):
    """A transformer's block."""

    _fields_ = (
        *((name, Norm) for name in ("norm_1", "norm_2")),
        *((name, Stack) for name in ("qkv", "proj", "up", "down")),
    )


class Model(ctypes.Structure):
    """A transformer."""

    _fields_ = (
        *((name, _int) for name in SIZES),
        *((name, _int) for name in ("rms", "activation", "shift", "threads", "remembers", "adjacent")),
        ("eps", _float),
        *((name, _pointer) for name in ("cos", "sin", "positions")),
        ("embed", Matrix),
        ("head", Matrix),
        ("norm", Norm),
        ("layers", ctypes.POINTER(Layer)),
    )


class Rows(ctypes.Structure):
    """The tokens of one pass, with where the caches of their texts lie."""

    _fields_ = (
        ("count", _int),
        ("wanted", _int),
        *(
            (name, _pointer)
            for name in ("tokens", "before", "positions", "keys", "values", "layer_stride", "head_stride")
        ),
    )


class Recurrent(ctypes.Structure):
    """An LSTM or a tanh RNN; see cpp/recurrent.cpp."""

    _fields_ = (
        *((name, _int) for name in ("n_layer", "n_embd", "lstm", "shift", "threads")),
        *((name, Matrix) for name in ("embed", "head")),
        ("layers", ctypes.POINTER(Matrix)),
    )


def differing(library: ctypes.CDLL) -> list[str]:
    """The structures that are of another size in `library`, or that it says nothing of."""
    found = []
    for structure in (Matrix, Stack, Norm, Layer, Model, Rows, Recurrent):
        try:
            size = ctypes.c_int32.in_dll(library, f"size_of_{structure.__name__}").value
        except ValueError:
            size = 0
        if size != ctypes.sizeof(structure):
            found.append(structure.__name__)
    return found
