"""What a built deck was made of: the key and the parts of each thing in it, written beside the deck."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from talkgen.store.key import Key, explain

__all__ = ["Change", "Manifest", "State", "compare", "explain"]

State = Literal["fresh", "stale", "new", "gone"]


@dataclass(frozen=True)
class Change:
    """How one thing stands against the last build, and why."""

    thing: str
    state: State
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The key of each thing by its name ("figure compute_graph"); `about` is any JSON to keep with it."""

    things: Mapping[str, Key]
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file; an empty one where there is none, or none that can be read."""
        try:
            record = json.loads(path.read_bytes())
            things = {
                name: Key(str(thing["key"]), str(thing["kind"]), dict(thing["parts"]))
                for name, thing in record["things"].items()
            }
            return cls(things, dict(record["about"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls({})

    def to_json(self) -> str:
        """The text of the file; equal manifests give equal text."""
        things = {
            name: {"key": key.hexdigest, "kind": key.kind, "parts": key.parts} for name, key in self.things.items()
        }
        return json.dumps({"about": self.about, "things": things}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def compare(old: Manifest, new: Manifest) -> list[Change]:
    """How each thing of `new` stands against `old`, in the order of `new`; then what is gone."""
    changes = [_change(name, old.things.get(name), key) for name, key in new.things.items()]
    gone = [Change(name, "gone", ("no longer in the talk",)) for name in old.things if name not in new.things]
    return changes + gone


def _change(name: str, old: Key | None, new: Key) -> Change:
    if old is None:
        return Change(name, "new", ("never built",))
    if old.hexdigest == new.hexdigest:
        return Change(name, "fresh")
    return Change(name, "stale", explain(old.parts, new.parts) or ("talkgen keeps such things in another way now",))
