"""`talkgen new`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from talkgen.assets import asset_dir
from talkgen.cli.console import out
from talkgen.errors import TalkgenError


def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")]) -> None:
    """Makes a talk of your own: an outline with a figure and a live demo, ready to build.

    Examples:
      talkgen new my-talk
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TalkgenError(f"{folder} is there already and not empty", "name a new folder; nothing was written")
    shutil.copytree(asset_dir("templates") / "new", folder, dirs_exist_ok=True)
    out(f"made {folder}; now try:\n  cd {folder}\n  talkgen present slides/talk")
