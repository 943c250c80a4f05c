"""Compiles the kernels for this machine's processor, once; knows no model.

What a compiler could not do is remembered, and not tried by every process anew.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from talkgen.assets import cache_dir
from talkgen.files import write_bytes, write_text

SOURCES = Path(__file__).with_name("cpp")
# No -ffast-math: linking with it would change how the whole process rounds, torch included. The speed that matters is
# products of floats as one instruction, which is what -ffp-contract allows.
FLAGS = (
    *("-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fopenmp-simd"),
    *("-Wno-psabi", "-pthread", "-shared", "-fPIC"),
)
_PATIENCE = 300  # seconds; 5 of a processor's time are enough, so whoever needs more than this will not end


class RefusedError(Exception):
    """There are no kernels, for a reason that someone should read."""


def variants() -> dict[str, tuple[str, list[str]]]:
    """What the kernels are compiled for: by name the machine ("any", "x86_64", "aarch64") and the compiler's flags."""
    lines = (SOURCES / "variants.txt").read_text(encoding="utf-8").splitlines()
    return {name: (machine, flags) for name, machine, *flags in map(str.split, lines)}


def best_variant(processor: Path) -> str:
    """The variant that this processor runs best, by the library that was made to tell."""
    ask = ctypes.CDLL(str(processor)).best_variant
    ask.restype = ctypes.c_char_p
    return str(ask().decode())


def build_kernels() -> Path:
    """The library for this processor, made if it is not there.

    Raises:
        RefusedError: there is no compiler, or it did not compile it.
    """
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        raise RefusedError("no C++ compiler was found")
    processor = _build(compiler, "processor", ["processor.cpp"], [])
    variant = best_variant(processor)
    return _build(compiler, variant, ["transformer.cpp", "recurrent.cpp"], variants()[variant][1])


def _build(compiler: str, name: str, sources: list[str], flags: list[str]) -> Path:
    target = cache_dir("decoder") / f"{name}-{source_digest()}.so"
    failed = target.with_name(f"{target.stem}-{_version(compiler)}.failed")
    if target.is_file():
        return target
    if failed.is_file():
        raise RefusedError(f"{failed.read_text(encoding='utf-8')} (remembered in {failed})")
    if os.name == "nt" and "clang" not in Path(compiler).name:
        flags = [*flags, "-Wa,-muse-unaligned-vector-move"]  # see cpp/CMakeLists.txt
    try:
        _compile([compiler, *FLAGS, *flags, *(str(SOURCES / source) for source in sources)], target)
    except subprocess.SubprocessError as error:
        said = (str(getattr(error, "stderr", None) or "").strip() or str(error)).splitlines()[0]
        reason = f"{compiler} did not compile it: {said}"
        logging.getLogger(__name__).warning("models answer by torch alone: %s", reason)
        if getattr(error, "returncode", 1) > 0:  # one that was killed, as by Ctrl-C, may do it next time
            write_text(failed, reason)
        raise RefusedError(reason) from error
    return target


def _version(compiler: str) -> str:
    """Changes with the compiler's file: a new one is given its chance."""
    file = Path(compiler).resolve()
    about = file.stat()
    return hashlib.sha256(f"{file} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()[:8]


def source_digest() -> str:
    """Of the sources and the flags."""
    sources = [file.read_text(encoding="utf-8") for file in sorted(SOURCES.glob("*.*")) if file.suffix != ".toml"]
    return hashlib.sha256("\0".join([*sources, *FLAGS]).encode()).hexdigest()[:16]


def _compile(command: list[str], target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / target.name
        command = [*command, "-o", str(made)]
        subprocess.run(command, check=True, capture_output=True, text=True, errors="replace", timeout=_PATIENCE)
        write_bytes(target, made.read_bytes())
