"""Which Gradio apps a talk can name: the files of `demos/`, one of them for any live element; imports none of them."""

from __future__ import annotations

import re
from pathlib import Path

from talkgen.assets import asset_dirs
from talkgen.elements.registry import ELEMENTS

LAB = "lab"  # the app that shows any live element, and the next token
NEXT = "next_token"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def find_demo(name: str, project: Path) -> Path | None:
    """The file of the demo `name`, or for what the lab shows and has none the lab's; None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    stems = [name, LAB] if name in ELEMENTS or name == NEXT else [name]
    files = (folder / f"{stem}.py" for stem in stems for folder in asset_dirs("demos", project))
    return next((file for file in files if file.is_file()), None)


def demo_names(project: Path) -> list[str]:
    """The names of the apps in `demos/`."""
    return sorted({file.stem for folder in asset_dirs("demos", project) for file in folder.glob("*.py")})
