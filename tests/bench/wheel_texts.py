"""Gathers a large text to train on from what is installed: sources and prose of wheels and of Python itself, each once.

    python tests/bench/wheel_texts.py OUT [--most MB]

Files in an order that depends on what is in them alone, so that the end is a fair sample; what is twice is left out,
and so is what has lines that nobody would read. The last line is JSON: how many files, bytes, and the SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from talkgen.lm.train.corpus import FILE_BREAK

KINDS = frozenset({".py", ".pyi", ".md", ".rst", ".txt", ".h", ".hpp", ".cuh", ".c", ".cpp", ".js"})
LARGEST = 500_000  # bytes of a file: larger ones are tables and what a program has written
LONGEST = 400  # characters of a line, in the mean: beyond it is squeezed


def texts() -> Iterator[str]:
    """The text of every file once."""
    seen: set[bytes] = set()
    for folder in ("purelib", "stdlib"):
        for path in Path(sysconfig.get_path(folder)).rglob("*"):
            if path.suffix not in KINDS or not path.is_file() or path.stat().st_size > LARGEST:
                continue
            content = path.read_bytes()
            digest = hashlib.sha256(content).digest()
            if digest in seen:
                continue
            seen.add(digest)
            try:
                text = content.decode()
            except UnicodeDecodeError:
                continue
            if len(text) <= LONGEST * (text.count("\n") + 1) and FILE_BREAK not in text:
                yield text


def main() -> None:
    """Gathers, writes and says what it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="megabytes")
    asked = parser.parse_args()
    room, kept = asked.most * 10**6, []
    for text in sorted(texts(), key=lambda text: hashlib.sha256(text.encode()).digest()):
        room -= len(text.encode()) + 1
        if room < 0:
            break
        kept.append(text)
    content = FILE_BREAK.join(kept).encode()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(content)
    print(json.dumps({"files": len(kept), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}))


if __name__ == "__main__":
    main()
