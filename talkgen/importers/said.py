"""What there is to tell about a deck that is imported, and where in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Said:
    """Something to tell: in which file, on which line counted from 1, or in which of its cells or slides."""

    file: Path
    line: int  # 0 where `within` says the place
    message: str
    within: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.within}: {self.message}" if self.within else f"{place}: {self.message}"
