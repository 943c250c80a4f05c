"""What a presenting server is told once, when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from talkgen.lm.files.catalog import ModelFiles


@dataclass(frozen=True)
class Settings:
    """A deck to serve and the models behind it; no models means recorded answers only."""

    deck: Path  # the page to open; what lies in its folder is served with it, and nothing else
    models: tuple[ModelFiles, ...] = ()
    project: Path = Path()  # its demos/ go before those that talkgen ships
    host: str = "127.0.0.1"
    port: int = 8000
    device: str = "auto"
    code: str | None = None  # that the presenter shows; None where only this machine reaches the server
