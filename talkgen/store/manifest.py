"""What a built deck is made of: the key of each thing in it, and the digests of its files; written beside the deck."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from talkgen.digest import digest_file
from talkgen.store.key import Key, explain

__all__ = ["Change", "Entry", "Manifest", "State", "compare", "explain"]

State = Literal["fresh", "stale", "damaged", "new", "gone"]


@dataclass(frozen=True)
class Change:
    """How one thing stands against the last build, and why."""

    name: str
    state: State
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A thing of a deck: its key, and the digests of the files that it is, by their path in the deck's folder."""

    key: Key
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The things of a deck by name ("figure compute_graph"); `about` is any JSON to keep with them."""

    entries: Mapping[str, Entry]
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file; an empty one where there is none, or none that can be read."""
        try:
            record = json.loads(path.read_bytes())
            entries = {
                name: Entry(Key(str(entry["key"]), str(entry["kind"]), dict(entry["parts"])), dict(entry["files"]))
                for name, entry in record["entries"].items()
            }
            return cls(entries, dict(record["about"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls({})

    def to_json(self) -> str:
        """The text of the file; equal manifests give equal text."""
        entries = {
            name: {"key": entry.key.hexdigest, "kind": entry.key.kind, "parts": entry.key.parts, "files": entry.files}
            for name, entry in self.entries.items()
        }
        record = {"about": self.about, "entries": entries}
        return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def compare(old: Manifest, new: Mapping[str, Key], folder: Path) -> list[Change]:
    """How each thing of `new` stands against the deck in `folder`, which `old` describes; then what is gone."""
    changes = [_change(name, old.entries.get(name), key, folder) for name, key in new.items()]
    gone = [Change(name, "gone", ("no longer in the talk",)) for name in old.entries if name not in new]
    return changes + gone


def _change(name: str, old: Entry | None, new: Key, folder: Path) -> Change:
    if old is None:
        return Change(name, "new", ("never built",))
    if old.key.hexdigest != new.hexdigest:
        why = explain(old.key.parts, new.parts) or ("talkgen keeps such things in another way now",)
        return Change(name, "stale", why)
    damage = find_damage(old.files, folder)
    return Change(name, "damaged", damage) if damage else Change(name, "fresh")


def find_damage(files: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """What is wrong with the files of a deck in `folder`, a reason each: they are gone, or not as they were built."""
    found = ((name, _state(folder / name, digest)) for name, digest in sorted(files.items()))
    return tuple(f"{name} {state}" for name, state in found if state)


def _state(file: Path, digest: str) -> str:
    try:
        return "" if digest_file(file) == digest else f"is not as it was built ({file.stat().st_size:,} bytes)"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
