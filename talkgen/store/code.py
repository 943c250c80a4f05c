"""Digests of code: of functions and classes and of everything in their package that they run, however far away.

Comments, docstrings, formatting and how annotations are spelled do not count; see `closure` for what does. What was
found is remembered between processes, under a digest of all source it was found in, so that a build with nothing to
do parses none.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.assets import cache_dir
from talkgen.digest import SETTLED, digest_bytes
from talkgen.files import write_json


@dataclass(frozen=True)
class Code:
    """The digest of some code, and the packages outside its own that it imports, the standard library's too."""

    digest: str
    packages: frozenset[str]


@functools.cache
def read_code(*roots: str) -> Code:
    """What the code that `roots` run amounts to; remembered for the life of the process, as the code that runs is.

    Raises:
        LookupError: there is no such module, or no such name in it.
    """
    memo = _memo(frozenset(root.partition(":")[0].partition(".")[0] for root in roots))
    name = " ".join(roots)
    if name not in memo.known:
        from talkgen.store.closure import trace  # which loads the parser

        closure = trace(roots)
        memo.remember(name, Code(closure.digest, closure.packages))
    return memo.known[name]


def is_symbol(root: str) -> bool:
    """Whether there is such a module, or such a name in it."""
    try:
        read_code(root)
    except LookupError:
        return False
    return True


def source_digest(package: str) -> str:
    """A digest of all source of a package: where it is the same, so is all that the package does with the same."""
    return _memo(frozenset([package])).content


class _Memo:
    """What is known of the code in some places; kept in a file of the user's cache, if that can be written."""

    def __init__(self, places: tuple[Path, ...]) -> None:
        self._places = places
        self._state, is_settled = _look(places)
        record = self._read()
        is_same = is_settled and record.get("state") == self._state
        self.content = str(record.get("content")) if is_same else _digest(places)
        self.known: dict[str, Code] = _parse(record) if record.get("content") == self.content else {}
        if self.known and is_settled and not is_same:
            self._write()

    @functools.cached_property
    def _file(self) -> Path:
        whose = [*map(str, self._places), sys.version_info[:2]]
        return cache_dir("closures") / f"{digest_bytes(repr(whose).encode())[:16]}.json"

    def remember(self, name: str, code: Code) -> None:
        """Keeps what was just found, if the source is still what it was."""
        self.known[name] = code
        state, is_settled = _look(self._places)
        if state == self._state and (is_settled or _digest(self._places) == self.content):
            self._write()

    def _read(self) -> dict[str, Any]:
        try:
            record = json.loads(self._file.read_bytes())
            return record if isinstance(record, dict) else {}
        except (OSError, ValueError, RecursionError):  # missing, or not what we wrote: the source is read
            return {}

    def _write(self) -> None:
        state, is_settled = _look(self._places)
        known = {name: [code.digest, sorted(code.packages)] for name, code in self.known.items()}
        record = {"state": state if is_settled else "", "content": self.content, "known": known}
        with suppress(OSError):  # a cache that cannot be written costs time, never the build
            write_json(self._file, record)


@functools.cache
def _memo(packages: frozenset[str]) -> _Memo:
    own = Path(__file__).parents[1]  # how closures are found counts as well
    return _Memo(tuple(sorted({own, *filter(None, map(_find_package, packages))})))


def _find_package(name: str) -> Path | None:
    """The folder of a package, or a module's file."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is None or not spec.origin:
        return None
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


def _parse(record: Mapping[str, Any]) -> dict[str, Code]:
    try:
        return {name: Code(str(digest), frozenset(packages)) for name, (digest, packages) in record["known"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _look(places: tuple[Path, ...]) -> tuple[str, bool]:
    """A digest of the sources' names, sizes and times; and whether none is so new that it could change unnoticed."""
    states = [(name, each.st_size, each.st_mtime_ns, each.st_ctime_ns, each.st_ino) for name, each in _sources(places)]
    newest = max((max(state[2:4]) for state in states), default=0)
    return digest_bytes(repr(states).encode()), time.time() - newest / 1e9 > SETTLED


def _digest(places: tuple[Path, ...]) -> str:
    """A digest of the sources' names and contents."""
    digest = hashlib.sha256()
    for name, _ in _sources(places):
        digest.update(f"{name}\0{digest_bytes(Path(name).read_bytes())}\n".encode())
    return digest.hexdigest()


def _sources(places: tuple[Path, ...]) -> Iterator[tuple[str, os.stat_result]]:
    """Every source file of the packages and modules in `places`, in order, with its state."""
    for place in places:
        if place.is_dir():
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            for entry in inside:
                if entry.name.endswith(".py"):
                    yield entry.path, entry.stat()
                elif entry.name.isidentifier() and entry.name != "__pycache__" and entry.is_dir():
                    yield from _sources((Path(entry.path),))
        else:
            yield str(place), place.stat()
