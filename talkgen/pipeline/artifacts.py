"""The things that a deck is made of, typed: figures, recordings, token splits, values, the rendering, its exports.

Each has a kind and a label, which together are its name for people, and the key that it is filed under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from talkgen.lm.files.catalog import ModelFiles
from talkgen.pipeline.draft import BlockPath
from talkgen.pipeline.used import Used
from talkgen.store.key import Key


@dataclass(frozen=True)
class Artifact:
    """A thing with a key; no two of a deck have the same kind and label."""

    kind: ClassVar[str]
    label: str
    key: Key

    @property
    def name(self) -> str:
        """What people call it: "figure compute_graph", "recording slide 3"."""
        return f"{self.kind} {self.label}"

    @property
    def full_key(self) -> Key:
        """Its key with all the parts that it comes from."""
        return self.key


@dataclass(frozen=True)
class FigureArtifact(Artifact):
    """A figure to compute and draw: its numbers and its picture have a key each."""

    kind = "figure"
    path: BlockPath
    figure: str
    origin: str  # where its code is
    step: int | None  # one before the last of those that clicks reveal
    params: Mapping[str, Any]
    width: int  # px of a 1280 by 720 slide
    height: int
    data_key: Key
    used: tuple[Used, ...]
    timed: bool  # whether it holds what a clock said
    theme: str | None = None  # that of its slide, where that has its own

    @property
    def full_key(self) -> Key:
        """The picture's key with its parts and those of its numbers."""
        return Key(self.key.hexdigest, self.key.kind, {**self.key.parts, **self.data_key.parts})


@dataclass(frozen=True)
class RecordingArtifact(Artifact):
    """A live block to record, as JSON, and the element that plays the recording."""

    kind = "recording"
    path: BlockPath
    element: str
    block: Mapping[str, Any]
    models: tuple[ModelFiles, ...]
    roots: tuple[str, ...]  # where the code that makes it starts
    in_page: bool  # whether the deck carries them, and answers by itself
    timed: bool  # whether it holds what a clock said


@dataclass(frozen=True)
class TokensArtifact(Artifact):
    """A text to split into tokens."""

    kind = "tokens"
    path: BlockPath
    text: str
    model: ModelFiles


@dataclass(frozen=True)
class DiagramArtifact(Artifact):
    """A Mermaid diagram to draw."""

    kind = "diagram"
    path: BlockPath
    source: str
    theme: str | None = None  # that of its slide, where that has its own


@dataclass(frozen=True)
class OutputArtifact(Artifact):
    """A program of the talk's own to run for what it prints."""

    kind = "output"
    path: BlockPath
    program: str
    file: str | None


@dataclass(frozen=True)
class PageModelArtifact(Artifact):
    """A small model that the deck carries, to answer where no server is; its label is the model's name."""

    kind = "model in the page"
    path: BlockPath  # of the first block that asks it
    model: ModelFiles


@dataclass(frozen=True)
class ValuesArtifact(Artifact):
    """The values of one namespace that texts name; the label is the namespace's name."""

    kind = "values"


@dataclass(frozen=True)
class RenderingArtifact(Artifact):
    """The deck as source for one target, which is its label."""

    kind = "rendering"


@dataclass(frozen=True)
class ExportArtifact(Artifact):
    """What Node made of a rendering, in one format, which is its label."""

    kind = "export"


BlockArtifact = FigureArtifact | RecordingArtifact | TokensArtifact | DiagramArtifact | OutputArtifact
"""What a block shows."""

ComputedArtifact = BlockArtifact | PageModelArtifact
"""What has to be computed for a deck."""
