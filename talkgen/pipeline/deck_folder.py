"""The folder of a built deck: what was built there, from what, and whether it is still so on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from talkgen.errors import TalkgenError
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.rendering import plan_export, plan_rendering
from talkgen.pipeline.targets import Target
from talkgen.store.key import Key
from talkgen.store.manifest import Change, Manifest, compare

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class DeckFolder:
    """A deck for one target, built or still to be built."""

    path: Path
    target: Target

    @cached_property
    def built(self) -> Manifest:
        """What it was built from; empty where there is no deck."""
        return Manifest.read(self.path / MANIFEST)

    @property
    def opens(self) -> Mapping[str, list[str]]:
        """The files to open of each format that was exported."""
        return dict(self.built.about.get("opens", {}))

    @property
    def degraded(self) -> list[dict[str, Any]]:
        """What its target shows in a simpler form, as it was told when it was built."""
        return list(self.built.about.get("degraded", ()))

    def check_own(self) -> None:
        """Makes sure that the folder is a deck of talkgen's, empty or not there: nothing else is ever replaced.

        Raises:
            TalkgenError: it is something else.
        """
        path = self.path
        if path.exists() and not (path.is_dir() and ((path / MANIFEST).is_file() or not any(path.iterdir()))):
            raise TalkgenError(f"{path} is there and is no deck that talkgen built", "name another folder with --out")

    def compare(self, plan: Plan) -> list[Change]:
        """How everything in the deck stands against `plan`, and on the disk."""
        return compare(self.built, self._planned(plan), self.path)

    def _planned(self, plan: Plan) -> dict[str, Key]:
        """The key that each thing would have now; which files come along and which exports there are is as built."""
        rendering = plan_rendering(plan, self.target, self.built.about.get("copied", ()))
        before = self.built.entries.get(rendering.name)
        is_same = before is not None and before.key.hexdigest == rendering.key.hexdigest
        content = str(self.built.about.get("content")) if is_same else rendering.key.hexdigest
        exports = [plan_export(self.target, each, content) for each in self.opens]
        return {artifact.name: artifact.full_key for artifact in (*plan.artifacts, rendering, *exports)}

    def is_whole(self, plan: Plan, format: str) -> bool:
        """Whether nothing is left to do: the deck is as `plan` would have it, on the disk too, and in that format."""
        return format in ("md", *self.opens) and all(change.state == "fresh" for change in self.compare(plan))

    def outputs(self, format: str) -> tuple[Path, ...]:
        """The files to open of a format."""
        return tuple(self.path / name for name in self.opens.get(format, [self.target.source]))


def with_origin(degraded: Mapping[str, Any]) -> str:
    """The slide that something is shown otherwise on, and where in the deck that it was imported from it stands."""
    origin = degraded.get("origin")
    return f"{degraded['where']} ({origin})" if origin else str(degraded["where"])
