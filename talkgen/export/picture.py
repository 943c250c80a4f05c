"""Photographs a page in the installed browser; knows no slide and no server."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Literal

from talkgen.export.browser import apart, find_browser
from talkgen.export.node import Report, npm_packages, run_node

_SECONDS = 300


def photograph(
    url: str, file: Path, *, width: int, height: int, scheme: Literal["light", "dark"], report: Report
) -> None:
    """Writes a PNG of the page at `url`, twice as fine as its size in px, once it asks for nothing more.

    Raises:
        ToolError: there is no browser, its driver cannot be had, or the page does not come to rest.
    """
    driver = npm_packages("browser", report)
    request = {"url": url, "file": str(file.resolve()), "width": width, "height": height, "scheme": scheme}
    with tempfile.TemporaryDirectory(prefix="talkgen-picture-") as folder:
        asked = Path(folder, "request.json")
        asked.write_text(json.dumps({**request, "browser": str(find_browser())}), encoding="utf-8")
        run_node([str(driver / "picture.mjs"), str(asked)], cwd=driver, timeout=_SECONDS, env=apart(folder))
