"""A built deck as static files: its page at `/`, what lies beside it, and nothing outside its folder.

The presenter gets all of it, with the script that keeps windows together; everybody else what is shown, without notes.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from talkgen.assets import asset_dir
from talkgen.errors import TalkgenError
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.public import can_hold_notes, is_shown, without_notes

# A deck is rebuilt while it is open: the browser keeps it, but asks each time whether it is still good. What has a
# digest in its name never changes and is asked for once: a slide turned to without a server still has its figure.
_HEADERS = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}
_NAMED_BY_DIGEST = re.compile(r"(?:^|/)(?:assets|figures)/(?:.*/)?[^/]+-[\w-]{8}\.\w+$")
WINDOWS = '<script type="module" src="/present/windows.js"></script>'
ICON = asset_dir("templates") / "slidev" / "favicon.svg"
_TYPES = {".html": "text/html", ".js": "text/javascript"}


class _DeckFiles(StaticFiles):
    def __init__(self, folder: Path, *, audience: bool) -> None:
        super().__init__(directory=folder)
        self._audience = audience

    async def check_config(self) -> None:
        """Leaves a folder that is not there (a build replaces it) to be a file not found."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        file, presents = Path(full_path), scope["state"]["visitor"].presents
        if not (presents or is_shown(file.name)):
            raise HTTPException(404)
        named = bool(_NAMED_BY_DIGEST.search(os.fspath(full_path)))
        if can_hold_notes(file.name):
            text, is_alike = _page(file, stat_result.st_mtime_ns, presents=presents, audience=self._audience)
            if text is not None:
                return _written(file.name, text)
            named = named and is_alike
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_HEADERS)
        if named:
            response.headers["Cache-Control"] = "max-age=31536000, immutable"
        return response


@lru_cache(maxsize=64)
def _page(
    file: Path,
    mtime_ns: int,  # noqa: ARG001 – the memo's key
    *,
    presents: bool,
    audience: bool,
) -> tuple[str | None, bool]:
    """A page or script as it is for the presenter or for others, and whether it is the same for both.

    None in its place where it is as it lies there. What differs must be asked for anew by who enters the code.
    """
    text = file.read_bytes().decode(errors="surrogateescape")
    public = without_notes(file.name, text)
    shown = public
    if presents:
        shown = text.replace("</body>", f"{WINDOWS}</body>") if file.suffix == ".html" else text
    if audience and file.suffix == ".html":
        shown = tell_audience(shown, presents=presents)
    return (None if shown == text else shown), public == text


def tell_audience(page: str, *, presents: bool) -> str:
    """A page that knows from the start that a room guesses, and whether it may ask: nothing is given away."""
    return page.replace("<html", f'<html data-audience="{"asks" if presents else "guesses"}"', 1)


def _written(name: str, text: str) -> Response:
    content = text.encode(errors="surrogateescape")
    tag = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"'}
    return Response(content, media_type=_TYPES[Path(name).suffix.lower()], headers=_HEADERS | tag)


def deck_routes(deck: Path, *, audience: bool = False) -> list[BaseRoute]:
    """The page `deck` at `/` and its folder below; with an `audience` the page knows of it.

    Raises:
        TalkgenError: there is no such page.
    """
    if not deck.is_file():
        raise TalkgenError(f"there is no deck at {deck}", "build it first: talkgen build")
    files = _DeckFiles(deck.parent, audience=audience)

    async def page(request: Request) -> Response:
        if not deck.is_file():
            raise HTTPException(503, "the deck is not there: it is being built, or was removed", {"Retry-After": "1"})
        return await files.get_response(deck.name, request.scope)

    async def icon(_: Request) -> Response:
        """The deck's own, or ours: browsers ask for one that no page names."""
        own = deck.parent / "favicon.ico"
        return FileResponse(own) if own.is_file() else FileResponse(ICON, media_type="image/svg+xml")

    return [Route("/", page), Route("/favicon.ico", icon), Mount("/", files)]
