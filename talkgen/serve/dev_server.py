"""A deck that has a server of its own on this machine: its pages and its socket behind ours, on one origin.

Such a server hands out any file of the machine, so it stands only behind a server that this machine alone reaches.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import httpx
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from talkgen.serve.deck import WINDOWS, tell_audience
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.watching import SCRIPT, Watching

_HEADERS = {"Content-Security-Policy": DECK_POLICY}
_KEPT = ("content-type", "etag", "cache-control", "last-modified", "content-range", "accept-ranges", "location")
_SENT = ("accept", "content-type", "if-none-match", "range")
_TAGS = f'<script src="{SCRIPT}" defer data-revision=""></script>\n{WINDOWS}'
_SECONDS = httpx.Timeout(60.0, connect=2.0)  # a first page waits for its dependencies to be bundled


def dev_server_routes(watching: Watching, *, audience: bool = False) -> list[BaseRoute]:
    """Serves at `/` what the server at `watching.port` serves, the page with the script that hears the news."""
    client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False)

    async def socket(page: WebSocket) -> None:
        await _join(page, watching)

    async def fetch(request: Request) -> Response:
        if not request.state.visitor.presents:
            raise HTTPException(404)
        answer = await _ask(client, request, watching)
        headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers} | _HEADERS
        if answer.headers.get("content-type", "").startswith("text/html"):
            text = (await answer.aread()).decode().replace("<head>", f"<head>\n{_TAGS}", 1)
            return Response(tell_audience(text, presents=True) if audience else text, headers=headers)
        ended = BackgroundTask(answer.aclose)
        return StreamingResponse(answer.aiter_bytes(), answer.status_code, headers, background=ended)

    return [WebSocketRoute("/", socket), Route("/{path:path}", fetch, methods=["GET", "HEAD", "POST"])]


async def _ask(client: httpx.AsyncClient, request: Request, watching: Watching) -> httpx.Response:
    try:
        url = httpx.URL(f"http://127.0.0.1:{watching.port}{request.url.path}", query=request.url.query.encode())
        headers = {name: request.headers[name] for name in _SENT if name in request.headers}
        content = await request.body()
        return await client.send(
            client.build_request(request.method, url, headers=headers, content=content), stream=True
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HTTPException(503, "the deck's own server does not answer", {"Retry-After": "1"}) from error


async def _join(page: WebSocket, watching: Watching) -> None:
    """Joins a page's socket to the server's until one of them closes."""
    from websockets.asyncio.client import ClientConnection, connect
    from websockets.exceptions import WebSocketException

    async def up(server: ClientConnection) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await server.send(await page.receive_text())

    async def down(server: ClientConnection) -> None:
        async for message in server:
            await page.send_text(message if isinstance(message, str) else message.decode())

    if not page.state.visitor.presents:
        await page.close(1008)
        return
    server_name = f"127.0.0.1:{watching.port}"
    settings: dict[str, Any] = {"subprotocols": page.scope["subprotocols"] or None, "origin": f"http://{server_name}"}
    try:
        async with connect(f"ws://{server_name}/?{page.url.query}", proxy=None, **settings) as server:
            await page.accept(server.subprotocol)
            work = [asyncio.ensure_future(each) for each in (up(server), down(server))]
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for each in work:
                each.cancel()
            await asyncio.gather(*work, return_exceptions=True)
    except (OSError, WebSocketException):
        pass  # the page asks again until it is back
    with suppress(RuntimeError, WebSocketDisconnect):  # it may be closed
        await page.close(1012)
