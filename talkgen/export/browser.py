"""Finds an installed browser for PDF, PPTX and PNG; talkgen never downloads one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from talkgen.errors import ToolError
from talkgen.memo import remembered

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_SECONDS = 20  # for a browser to say its version
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


def browser_version() -> str:
    """What the installed browser calls itself; "absent" where there is none. It is asked once."""
    try:
        browser = find_browser().resolve()
    except ToolError:
        return "absent"
    state = browser.stat()
    return str(remembered("browsers", f"{browser} {state.st_size} {state.st_mtime_ns}", lambda: _ask_version(browser)))


def _ask_version(browser: Path) -> str:
    try:
        done = subprocess.run([browser, "--version"], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"
