"""Compiles the C++ files beside it for this machine's processor, once, and loads them; knows no model.

A compiler is not something every laptop has, and a processor may lack the instructions: then there is no library, and
whoever asked goes on with torch alone.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import torch

from talkgen.assets import cache_dir
from talkgen.files import write_bytes

_SOURCES = Path(__file__).with_name("cpp")
# No -ffast-math: linking with it would change how the whole process rounds, torch included.
_FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-shared", "-fPIC")
_PATIENCE = 120  # seconds


@cache
def load_library() -> ctypes.CDLL | None:
    """The compiled decoder; None where it cannot be had, and :func:`why_not` says why."""
    return _load()[0]


@cache
def why_not() -> str | None:
    """Why there is no compiled decoder; None where there is one."""
    return _load()[1]


@cache
def _load() -> tuple[ctypes.CDLL | None, str | None]:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        return None, "no C++ compiler was found"
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None, f"it is written for x86-64, and this is {platform.machine()}"
    target = cache_dir("decoder") / f"{fingerprint()}.so"
    try:
        if not target.is_file():
            _compile([compiler, *_FLAGS, *map(str, sorted(_SOURCES.glob("*.cpp"))), *_openmp()], target)
        library = ctypes.CDLL(str(target))
        library.read_transformer.restype, library.read_transformer.argtypes = None, [ctypes.c_void_p] * 3
        library.read_recurrent.restype = None
        library.read_recurrent.argtypes = [ctypes.c_void_p, ctypes.c_int32, *[ctypes.c_void_p] * 4]
        return library, None
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return None, f"{compiler} did not compile it: {said.strip().splitlines()[0]}"


def _openmp() -> list[str]:
    """Torch's own OpenMP library: two of them in one process would each keep threads spinning."""
    folder = Path(torch.__file__).parent / "lib"
    return [str(file) for file in sorted(folder.glob("libgomp*.so*"))[:1]]


def fingerprint() -> str:
    """Of the source, its flags and the processor: a cache that moves to another machine compiles again."""
    sources = [file.read_text(encoding="utf-8") for file in sorted(_SOURCES.iterdir())]
    parts = [*sources, *_FLAGS, torch.__version__, _processor()]
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
