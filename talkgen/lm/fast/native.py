"""Finds the compiled kernels and loads the variant that this processor runs best; knows no model.

The package talkgen-kernels brings them; without it they are compiled at first use. A compiler is not something every
laptop has: then there is no library, and whoever asked goes on with torch alone.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import threading
from functools import cache
from pathlib import Path

import psutil

from talkgen.lm.fast import building
from talkgen.lm.fast.structures import differing

_PACKAGE = "talkgen_kernels"
_ONE_AT_A_TIME = threading.Lock()  # of the threads that ask first; processes may compile twice, to the same file


@cache
def load_library() -> ctypes.CDLL | None:
    """The compiled library; None where it cannot be had, and :func:`why_not` says why."""
    with _ONE_AT_A_TIME:
        return _load()[0]


def why_not() -> str | None:
    """Why there is no compiled library; None where there is one."""
    load_library()
    return _load()[1]


def describe() -> str:
    """Which kernels answer, or why none do."""
    return _load()[1] or _origin()


@cache
def threads() -> int:
    """How many threads share a product: `OMP_NUM_THREADS` as for torch, or else the processor's cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    cores = psutil.cpu_count(logical=False) or 1
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return max(1, min(cores, may))


def has_cuda() -> bool:
    """Whether torch can compute on an NVIDIA card; torch is asked only where a driver is there."""
    try:
        ctypes.CDLL("nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1")
    except OSError:
        return False
    import torch

    return torch.cuda.is_available()


@cache
def _load() -> tuple[ctypes.CDLL | None, str | None]:
    try:
        library = ctypes.CDLL(str(_file()))
    except (building.RefusedError, OSError) as error:
        return None, str(error)
    if unlike := differing(library):
        return None, f"the compiled library lays out {', '.join(unlike)} in another way"
    library.read_transformer.restype, library.read_transformer.argtypes = None, [ctypes.c_void_p] * 3
    library.read_recurrent.restype = None
    library.read_recurrent.argtypes = [ctypes.c_void_p, ctypes.c_int32, *[ctypes.c_void_p] * 5]
    return library, None


def _file() -> Path:
    """The library's file: the package's, or else one that is compiled here."""
    folder = _package()
    if folder is None:
        return building.build_kernels()
    return folder / f"{building.best_variant(folder / 'processor.so')}.so"


def _package() -> Path | None:
    """Where talkgen-kernels lies, if it is installed."""
    found = importlib.util.find_spec(_PACKAGE)
    return Path(found.origin).parent if found and found.origin else None


def _origin() -> str:
    file = _file()
    return (
        f"{file.stem.split('-')[0]}, of talkgen-kernels" if _package() else f"{file.stem.split('-')[0]}, compiled here"
    )


@cache
def fingerprint() -> str:
    """Of the kernels and the processor: what was measured with them holds for these alone."""
    parts = [building.source_digest(), str(_package() is not None), _processor()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


# As x86 and ARM say it: the one has a name, the other numbers of its maker and its kind.
_OF_THE_PROCESSOR = ("model name", "flags", "CPU implementer", "CPU part", "Features")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.is_file():
        return platform.processor()
    lines = information.read_text(encoding="utf-8").splitlines()
    return "".join(next((line for line in lines if line.startswith(name)), "") for name in _OF_THE_PROCESSOR)
