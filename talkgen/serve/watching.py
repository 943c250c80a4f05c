"""News of a deck that is being written, for the pages that show it: as they come, the newest first for who comes later.

What they say is the previewer's and the page's own affair; here they are handed on. Who does not present is told only
that there is something new.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, StreamingResponse
from starlette.routing import BaseRoute, Route

from talkgen.assets import asset_dir

News = Mapping[str, Any]
SCRIPT = "/watch.js"
_WAITING = 64  # news that a page may be behind; then it is let go, and asks again
_ALIVE_EVERY = 15.0  # s after which a page that hears nothing is told that this is so
_FOR_ALL = ("revision", "from", "moved")


class Watching:
    """The news of one deck; told in any thread, heard in the server's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {}
        self._pages: dict[asyncio.Queue[News | None], asyncio.AbstractEventLoop] = {}
        self._first = threading.Event()

    @property
    def port(self) -> int | None:
        """Where a server of the deck's own listens on this machine, if it has one."""
        return self._state.get("port")

    def wait(self, seconds: float) -> bool:
        """Waits for a first deck; whether there is one."""
        return self._first.wait(seconds)

    def tell(self, news: News) -> None:
        """Hands news on to every page."""
        with self._lock:
            self._state |= {name: news[name] for name in ("revision", "port", "problems") if name in news}
            for page, loop in list(self._pages.items()):
                loop.call_soon_threadsafe(_put, page, news)
        if "revision" in news:
            self._first.set()

    def close(self) -> None:
        """Ends what pages hear, so that a server that is to end need not wait for them."""
        with self._lock:
            for page, loop in self._pages.items():
                loop.call_soon_threadsafe(_put, page, None)

    async def hear(self) -> AsyncIterator[News]:
        """What is so now, then the news as they come."""
        page: asyncio.Queue[News | None] = asyncio.Queue(_WAITING)
        with self._lock:
            self._pages[page] = asyncio.get_running_loop()
            state = dict(self._state)
        try:
            yield state
            while not page.full():
                try:
                    news = await asyncio.wait_for(page.get(), _ALIVE_EVERY)
                except TimeoutError:
                    news = {}
                if news is None:
                    return
                yield news
        finally:
            with self._lock:
                del self._pages[page]


def _put(page: asyncio.Queue[News | None], news: News | None) -> None:
    if not page.full():
        page.put_nowait(news)


def watch_routes(watching: Watching) -> list[BaseRoute]:
    """The news as server-sent events, and the script of the pages that hear them."""

    async def watch(request: Request) -> StreamingResponse:
        stream = _lines(watching, presents=request.state.visitor.presents)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def script(_: Request) -> FileResponse:
        file = asset_dir("templates") / "present" / "watch.js"
        return FileResponse(file, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return [Route("/watch", watch), Route(SCRIPT, script)]


async def _lines(watching: Watching, *, presents: bool) -> AsyncIterator[str]:
    async for news in watching.hear():
        shown = news if presents else {name: news[name] for name in _FOR_ALL if name in news}
        yield f"data: {json.dumps(shown)}\n\n"
