"""An outline and where it came from: the typed talk, its files, and the place of each value in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from talkgen.errors import Place
from talkgen.outline.bibliography import Works, read_bibliography
from talkgen.outline.schema import Outline
from talkgen.outline.walk import Text, find_texts
from talkgen.yamlfile import Document, PathInData


@dataclass(frozen=True)
class Source:
    """A loaded outline. Paths are those of the loaded outline, includes spliced in, as `("slides", 3, "body", 0)`."""

    outline: Outline
    path: Path
    files: tuple[Path, ...]  # the outline's own, then what it includes, its listings and its bibliography
    document: Document

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """All texts of the outline."""
        return tuple(find_texts(self.outline))

    @property
    def folder(self) -> Path:
        """What images and includes are relative to."""
        return self.path.parent

    @property
    def bibliography(self) -> Works:
        """The works in the talk's bibliography; none where it has none."""
        name = self.outline.bibliography
        return read_bibliography(self.folder / name) if name else {}

    def place(self, path: PathInData) -> Place:
        """Where the value at `path` stands, or the nearest value around it."""
        return self.document.place(path)
