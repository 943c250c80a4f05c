"""Finds an installed browser for PDF, PPTX and PNG; talkgen never downloads one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from talkgen.errors import ToolError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def apart(folder: str) -> dict[str, str]:
    """The environment in which a browser keeps its settings in `folder` and makes none in the user's home."""
    return {"XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}


def has_browser() -> bool:
    """Whether there is one."""
    try:
        find_browser()
    except ToolError:
        return False
    return True


def find_browser() -> Path:
    """The browser that TALKGEN_BROWSER names, else the first installed one of Chromium, Chrome and Edge.

    Raises:
        ToolError: there is none.
    """
    named = os.environ.get("TALKGEN_BROWSER")
    if named:
        found = shutil.which(named)
        if found:
            return Path(found)
        raise ToolError(f"there is no browser at TALKGEN_BROWSER={named}", "name an installed Chromium or Chrome")
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    for path in _MAC:
        if Path(path).is_file():
            return Path(path)
    raise ToolError(
        "there is no browser", "install Chromium or Chrome, or name one in TALKGEN_BROWSER; HTML needs none"
    )
