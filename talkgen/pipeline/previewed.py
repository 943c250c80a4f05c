"""Where a deck is previewed, and the page that is shown of it: all that whoever serves a preview has to know of it.

Imports nothing of what makes one, so that a server need not wait for it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from talkgen.assets import cache_dir
from talkgen.digest import digest_bytes
from talkgen.files import write_text
from talkgen.outline.find import find_outline
from talkgen.pipeline.request import Request

PAGE = "deck.html"  # of a Marp deck
_END = 1_000  # bytes that hold a page's last script
AGAIN = 75  # the exit code of a process that keeps a preview up to date and asks to be started again

News = dict[str, Any]


def preview_folder(request: Request) -> Path:
    """Where the deck of a request is previewed: always the same place, so that what tools keep there stays good."""
    asked = [str(find_outline(request.outline).resolve()), request.target, request.model, dict(request.vars)]
    return cache_dir("previews") / digest_bytes(json.dumps(asked, default=str).encode())[:16]


def watching(page: str, revision: str) -> str:
    """A page with the script that keeps it up to date."""
    before, end, after = page.rpartition("</body>")
    return f"{before}{_script(revision)}{end}{after}"


def _script(revision: str) -> str:
    return f'<script src="/watch.js" data-revision="{revision}"></script>'


def seed(folder: Path, page: Path, revision: str, *, anew: bool) -> Path:
    """A built deck as what is shown until the first preview is there; its page. Unless `anew`, the same one stays."""
    shown = folder / PAGE
    if anew or not shown.is_file() or not _is_of(shown, revision):
        shutil.copytree(page.parent, folder, dirs_exist_ok=True)
        write_text(shown, watching(page.read_text(encoding="utf-8"), revision))
    return shown


def _is_of(page: Path, revision: str) -> bool:
    """Whether a page that is watched is of a revision; it says so at its end."""
    with page.open("rb") as file:
        file.seek(max(0, page.stat().st_size - _END))
        return _script(revision).encode() in file.read()


def write_request(request: Request) -> str:
    """A request as the process that keeps its preview up to date reads it."""
    asked: dict[str, Any] = {"outline": str(request.outline), "target": request.target, "model": request.model}
    return json.dumps(asked | {"vars": dict(request.vars)})


def read_request(text: str) -> Request:
    """What `write_request` wrote."""
    asked = json.loads(text)
    return Request(Path(asked["outline"]), asked["target"], model=asked["model"], vars=asked["vars"])
