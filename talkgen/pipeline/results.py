"""What was computed for a plan's artifacts, as the store holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from talkgen.pipeline.artifacts import ComputedArtifact, FigureArtifact
from talkgen.store.cas import Action, Store


@dataclass(frozen=True)
class Result:
    """The outputs of one artifact, and whether this build computed them."""

    artifact: ComputedArtifact
    store: Store
    action: Action
    data: Action | None = None  # of a figure: its numbers
    computed: bool = False

    def path(self, name: str) -> Path:
        """The file of an output."""
        return self.store.path(self.action.outputs[name])

    def read(self, name: str) -> bytes:
        """The content of an output."""
        return self.store.read(self.action, name)

    def text(self, name: str) -> str:
        """The content of an output that is text."""
        return _decode(self.read(name))

    def numbers(self) -> dict[str, Any]:
        """A figure's data; empty for anything else."""
        return dict(_parse(self.store.read(self.data, "data"))) if self.data else {}

    def answer(self) -> Any:
        """What was kept as JSON."""
        return _parse(self.read("json"))


@lru_cache(maxsize=512)
def _decode(content: bytes) -> str:
    return content.decode()


@lru_cache(maxsize=512)
def _parse(content: bytes) -> Any:
    return json.loads(content)


Results = Mapping[str, Result]
"""The result of each artifact by its name, in the order of the plan."""


def look_up(artifact: ComputedArtifact, store: Store) -> Result | None:
    """What the store holds of an artifact; None where it has to be made."""
    action = store.lookup(artifact.key)
    data = store.lookup(artifact.data_key) if isinstance(artifact, FigureArtifact) else None
    if action is None or (isinstance(artifact, FigureArtifact) and data is None):
        return None
    return Result(artifact, store, action, data)


def figure_data(results: Results) -> dict[str, dict[str, Any]]:
    """The data of each figure by its label, as `{{ figures.… }}` names them."""
    return {result.artifact.label: result.numbers() for result in results.values() if result.data}
