"""A built deck as static files: its page at `/`, what lies beside it, and nothing outside its folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from fastapi import FastAPI, HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from talkgen.errors import TalkgenError
from talkgen.serve.guard import DECK_POLICY

# A deck is rebuilt while it is open: the browser keeps it, but asks each time whether it is still good. What has a
# digest in its name never changes and is asked for once: a slide turned to without a server still has its figure.
_HEADERS = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}
_NAMED_BY_DIGEST = re.compile(r"(?:^|/)(?:assets|figures)/(?:.*/)?[^/]+-[\w-]{8}\.\w+$")


class _DeckFiles(StaticFiles):
    async def check_config(self) -> None:
        """Leaves a folder that is not there (a build replaces it) to be a file not found."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_HEADERS)
        if _NAMED_BY_DIGEST.search(os.fspath(full_path)):
            response.headers["Cache-Control"] = "max-age=31536000, immutable"
        return response


def mount_deck(app: FastAPI, deck: Path) -> None:
    """Serves the page `deck` at `/` and its folder below.

    Raises:
        TalkgenError: there is no such page.
    """
    if not deck.is_file():
        raise TalkgenError(f"there is no deck at {deck}", "build it first: talkgen build")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        if not deck.is_file():
            raise HTTPException(503, "the deck is not there: it is being built, or was removed", {"Retry-After": "1"})
        return FileResponse(deck, headers=_HEADERS)

    app.mount("/", _DeckFiles(directory=deck.parent))
