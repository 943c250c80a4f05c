"""A content-addressed store: files by the digest of their content, and records of what was computed from what.

    cas/SHA256            a file, written once
    actions/KEY.json      the record of one computation: its parts, its outputs by name, its cost
    locks/NAME.lock       held by the process that builds

Everything is written under a temporary name, flushed to the disk and renamed, so that a killed build leaves either
the whole or nothing, and several processes may write at once. What is damaged counts as missing. Knows neither
figures nor decks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from talkgen.assets import cache_dir
from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import TalkgenError
from talkgen.files import new_file, write_json
from talkgen.lock import hold_lock
from talkgen.store.key import Key, canonical

_CHUNK = 1 << 20  # bytes


class StoreError(TalkgenError):
    """A file of the store that cannot be read or written."""


@dataclass(frozen=True)
class Action:
    """What was computed once: from which parts, with which outputs (name to digest), in how many seconds."""

    key: str
    kind: str
    parts: Mapping[str, Any]
    outputs: Mapping[str, str]
    seconds: float
    about: Any


class Store:
    """The store in the folder `root`, which is made when something is first put."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """The file whose content has `digest`."""
        return self.root / "cas" / digest

    def lookup(self, key: Key) -> Action | None:
        """What was computed for `key`; None if nothing was, or if a file of it is missing or damaged."""
        try:
            action = _read_record(self._record(key.hexdigest).read_bytes(), key.hexdigest)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return action if action and all(map(self._is_whole, action.outputs.values())) else None

    def put(self, key: Key, outputs: Mapping[str, bytes | Path], seconds: float = 0.0, about: Any = None) -> Action:
        """Keeps the files `outputs` (content, or a file to copy) under `key`; `about` is any JSON.

        Raises:
            OSError: the disk is full or the store cannot be written.
            StoreError: a file changed while it was copied.
            ValueError: `about` is not JSON.
        """
        stored = {name: self._keep(content) for name, content in outputs.items()}
        action = Action(key.hexdigest, key.kind, key.parts, stored, seconds, json.loads(canonical(about)))
        write_json(self._record(key.hexdigest), _write_record(action))
        return action

    def read(self, action: Action, name: str) -> bytes:
        """The content of an output.

        Raises:
            StoreError: it has gone missing or was damaged since `lookup`.
        """
        digest = action.outputs[name]
        try:
            return _read_content(self.path(digest), digest)
        except OSError as error:
            raise StoreError(f"the stored file {name} cannot be read: {error.strerror}", "build again") from error
        except ValueError:
            self.path(digest).unlink(missing_ok=True)
            raise StoreError(f"the stored file {name} was damaged and is removed", "build again") from None

    @contextmanager
    def lock(self, name: str, report: Callable[[str], None] | None = None, timeout: float = 600.0) -> Iterator[None]:
        """Keeps other processes from what `name` stands for; waits up to `timeout` s, saying so through `report`.

        Raises:
            TalkgenError: another process held it all the time.
        """
        with hold_lock(self.root / "locks" / f"{digest_bytes(name.encode())[:16]}.lock", name, report, timeout):
            yield

    def _record(self, key: str) -> Path:
        return self.root / "actions" / f"{key}.json"

    def _is_whole(self, digest: str) -> bool:
        """Whether a file is there and as it was written; a damaged one is removed."""
        path = self.path(digest)
        try:
            whole = digest_file(path) == digest
        except OSError:
            return False
        if not whole:
            path.unlink(missing_ok=True)
        return whole

    def _keep(self, content: bytes | Path) -> str:
        """Copies into cas/; a file that is there and whole is left alone."""
        digest = digest_file(content) if isinstance(content, Path) else digest_bytes(content)
        if not self._is_whole(digest):
            with new_file(self.path(digest)) as file:
                copied = hashlib.sha256()
                for chunk in _chunks(content):
                    file.write(chunk)
                    copied.update(chunk)
                if copied.hexdigest() != digest:
                    raise StoreError("a file changed while it was copied into the store", "build again")
        return digest


def open_store() -> Store:
    """The user's store, shared by all talks: what is filed by content can be shared."""
    return Store(cache_dir("store"))


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


@lru_cache(maxsize=256)  # of a deck, whose preview reads them again and again
def _read_content(file: Path, digest: str) -> bytes:
    content = file.read_bytes()
    if digest_bytes(content) != digest:
        raise ValueError(f"{file} is not what it was")
    return content


def _write_record(action: Action) -> dict[str, Any]:
    record = dict(vars(action))
    return {**record, "check": digest_bytes(canonical(record).encode())}


@lru_cache(maxsize=1024)  # those of a deck, which its preview looks up again and again
def _read_record(content: bytes, key: str) -> Action | None:
    record = json.loads(content)
    check = record.pop("check")
    is_whole = record["key"] == key and digest_bytes(canonical(record).encode()) == check
    return Action(**record) if is_whole else None
