"""Compiles the C++ files beside it for this machine's processor, once, and loads them; knows no model.

A compiler is not something every laptop has, and a processor may lack the instructions: then there is no library, and
whoever asked goes on with torch alone. What a compiler could not do is remembered, and not tried by every process anew.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path

import psutil

from talkgen.assets import cache_dir
from talkgen.files import write_bytes, write_text
from talkgen.lm.fast.structures import differing

_SOURCES = Path(__file__).with_name("cpp")
# No -ffast-math: linking with it would change how the whole process rounds, torch included.
_FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"),
    *("-pthread", "-shared", "-fPIC"),
)
_ONE_AT_A_TIME = threading.Lock()  # of the threads that ask first; processes may compile twice, to the same file
_PATIENCE = 120  # seconds; 5 of a processor's time are enough, so whoever needs more than this will not end


@cache
def load_library() -> ctypes.CDLL | None:
    """The compiled library; None where it cannot be had, and :func:`why_not` says why."""
    with _ONE_AT_A_TIME:
        return _load()[0]


def why_not() -> str | None:
    """Why there is no compiled library; None where there is one."""
    load_library()
    return _load()[1]


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


class _RefusedError(Exception):
    """There is no library, for a reason that someone should read."""


@cache
def _load() -> tuple[ctypes.CDLL | None, str | None]:
    try:
        library = ctypes.CDLL(str(_compiled()))
    except (_RefusedError, OSError) as error:
        return None, str(error)
    if unlike := differing(library):
        return None, f"the compiled library lays out {', '.join(unlike)} in another way"
    library.read_transformer.restype, library.read_transformer.argtypes = None, [ctypes.c_void_p] * 3
    library.read_recurrent.restype = None
    library.read_recurrent.argtypes = [ctypes.c_void_p, ctypes.c_int32, *[ctypes.c_void_p] * 5]
    return library, None


def _compiled() -> Path:
    """The library's file, made if it is not there."""
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        raise _RefusedError("no C++ compiler was found")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise _RefusedError(f"it is written for x86-64, and this is {platform.machine()}")
    target = cache_dir("decoder") / f"{fingerprint()}.so"
    failed = target.with_name(f"{target.stem}-{_version(compiler)}.failed")
    if target.is_file():
        return target
    if failed.is_file():
        raise _RefusedError(f"{failed.read_text(encoding='utf-8')} (remembered in {failed})")
    try:
        _compile([compiler, *_FLAGS, *map(str, sorted(_SOURCES.glob("*.cpp")))], target)
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()[0]
        reason = f"{compiler} did not compile it: {said}"
        logging.getLogger(__name__).warning("models answer by torch alone: %s", reason)
        write_text(failed, reason)
        raise _RefusedError(reason) from error
    return target


def _version(compiler: str) -> str:
    """Changes with the compiler's file: a new one is given its chance."""
    file = Path(compiler).resolve()
    about = file.stat()
    return hashlib.sha256(f"{file} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()[:8]


def fingerprint() -> str:
    """Of the source, its flags and the processor: a cache that moves to another machine compiles again."""
    sources = [file.read_text(encoding="utf-8") for file in sorted(_SOURCES.iterdir())]
    parts = [*sources, *_FLAGS, _processor()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.is_file():
        return platform.processor()
    lines = information.read_text(encoding="utf-8").splitlines()
    return "".join(next((line for line in lines if line.startswith(name)), "") for name in ("model name", "flags"))


def _compile(command: list[str], target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / target.name
        subprocess.run([*command, "-o", made], check=True, capture_output=True, text=True, timeout=_PATIENCE)
        write_bytes(target, made.read_bytes())
