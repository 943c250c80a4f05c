"""A sample talk in a theme, written where somebody wants to look at it."""

from __future__ import annotations

from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import TalkgenError, did_you_mean
from talkgen.files import write_text
from talkgen.outline.themes import MARP_THEMES
from talkgen.style import style_names

_THEME = "theme: night"


def write_sample(theme: str, target: str, folder: Path) -> Path:
    """Writes the sample in a theme, one of ours or of the target's own, into a new folder; the outline's file.

    What is no theme of npm's is told by its build.

    Raises:
        TalkgenError: there is no such theme of ours or of Marp's; nothing is written.
    """
    names = style_names(Path.cwd())
    if target == "marp" and theme not in (*names, *MARP_THEMES) and not theme.endswith(".css"):
        raise TalkgenError(f"there is no theme '{theme}'", did_you_mean(theme, [*names, *MARP_THEMES]))
    ours = theme in names and not (target == "marp" and theme in MARP_THEMES)
    named = f"theme: {theme}" if ours else f"theme: {{{target}: {theme}}}"
    text = (asset_dir("templates") / "sample" / "outline.yaml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "outline.yaml", text.replace(_THEME, named, 1))
    return folder / "outline.yaml"
