"""What a presenting server is told once, when it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.lm.files.catalog import ModelFiles
from talkgen.serve.watching import Watching
from talkgen.style import Style


@dataclass(frozen=True)
class Settings:
    """A deck to serve and the models behind it; no models means recorded answers only."""

    deck: Path | None  # the page to open, served with what lies in its folder; None for a server of the deck's own
    models: tuple[ModelFiles, ...] = ()
    project: Path = Path()  # its demos/ go before those that talkgen ships
    host: str = "127.0.0.1"
    port: int = 8000
    device: str = "auto"
    style: Style | None = None  # the deck's, for its Gradio apps
    look: str = ""  # the theme's tokens as CSS custom properties
    slides: Callable[[], Sequence[dict[str, Any]]] = tuple  # title, notes, minutes and what is live of each
    on_slide: Callable[[int], None] = lambda _: None  # told which slide is shown, whenever that changes
    tell: Callable[[str], None] = lambda _: None  # told what models do that takes a while
    on_loaded: Callable[[], None] = lambda: None  # told once the models that can be loaded are
    votes: Path | None = None  # the folder of the room's votes; None where the room is not asked
    watching: Watching | None = None  # news of a deck that is being written
    code: str | None = None  # that the presenter shows; None where only this machine reaches the server
