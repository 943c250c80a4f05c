"""`talkgen new`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from talkgen.assets import asset_dir
from talkgen.cli.console import out
from talkgen.errors import TalkgenError
from talkgen.files import write_bytes


def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")]) -> None:
    """Makes a talk of your own: an outline with a figure and a live demo, ready to build.

    Where nothing of talkgen[train] is installed, which models need, the talk does without a model.

    Examples:
      talkgen new my-talk
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TalkgenError(f"{folder} is there already and not empty", "name a new folder; nothing was written")
    with_model = find_spec("torch") is not None
    template = asset_dir("templates") / ("new" if with_model else "new-without-model")
    for file in (path for path in template.rglob("*") if path.is_file()):
        write_bytes(folder / file.relative_to(template), file.read_bytes())
    out(f"made {folder}; now try:\n  cd {quote(str(folder))}\n  talkgen present slides/talk")
    if not with_model:
        out("It asks no model, since torch is not installed; pip install 'talkgen[train]' brings it.")
