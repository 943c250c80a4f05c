"""The gate before everything: who may ask, how much they may send, and what a browser may do with the answer.

A server on a laptop can be reached by every page open in its browser. Another site's page may send it requests (so the
origin is checked) and may let its own name point here (so the host name is checked).
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from talkgen.serve.limits import BODY_BYTES, Limits
from talkgen.serve.presence import Presence
from talkgen.serve.visitors import Visitor, Visitors

LIMITED = ("/api/", "/v1/", "/demos/", "/tokenize", "/detokenize")  # where a request costs something

# A deck is inline scripts and styles, may show pictures and frames of the web, and speaks to its own server alone.
DECK_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: https:; media-src 'self' data: blob: https:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'self' blob: data: https:; frame-ancestors 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

BODY_SECONDS = 10.0  # in which a request must have been sent whole
_TOO_LARGE = f"a request has at most {BODY_BYTES:,} bytes"


class Guard:
    """ASGI middleware that lets in the requests a talk is made of, says who sent them, and adds the security headers.

    Further in, `request.state.visitor` is who asks.
    """

    def __init__(self, app: ASGIApp, host: str, code: str | None = None, presence: Presence | None = None) -> None:
        self._app, self._host = app, host
        self._visitors, self._limits, self._presence = Visitors(code), Limits(), presence or Presence()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with 400, 403, 408, 413 or 429."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        name = headers.get("host", "")
        if not is_own_name(name, self._host):
            await _refuse(400, "this server does not go by that name", scope, receive, send)
        elif not _same_origin(headers.get("origin"), name):
            await _refuse(403, "another site's page may not ask this server", scope, receive, send)
        else:
            visitor = self._visitors.of(scope)
            self._presence.note(visitor)
            await self._pass(scope, receive, self._with_headers(scope, visitor, send), headers, visitor)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, headers: Headers, visitor: Visitor) -> None:
        length = headers.get("content-length", "0")
        asks = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(LIMITED)
        wait = self._limits.wait_for(visitor) if asks else 0
        if wait:
            later = {"Retry-After": str(math.ceil(wait))}
            await _refuse(429, "too many questions at once", scope, receive, send, later)
        elif not length.isdigit() or int(length) > BODY_BYTES:
            await _refuse(413, _TOO_LARGE, scope, receive, send)
        else:
            scope.setdefault("state", {})["visitor"] = visitor
            await self._app(scope, _bounded(receive), send)

    def _with_headers(self, scope: Scope, visitor: Visitor, send: Send) -> Send:
        greeting = None if visitor.named else self._visitors.greet()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
                if scope["path"].startswith("/demos/"):
                    answer.setdefault("Content-Security-Policy", DECK_POLICY)
                if greeting:
                    answer.append("Set-Cookie", greeting)
            await send(message)

        return send_with_headers


def _bounded(receive: Receive) -> Receive:
    """A body that comes in time and is not too long; what follows it (that the client hung up) may take its time."""
    seen, end = 0, time.monotonic() + BODY_SECONDS
    whole = False

    async def receive_bounded() -> Message:
        nonlocal seen, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout(end - time.monotonic()):  # wait_for would make a task of it
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408, "the request was not sent whole in time", {"Connection": "close"}) from error
        seen += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if seen > BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE, {"Connection": "close"})
        return message

    return receive_bounded


def is_own_name(header: str, host: str) -> bool:
    """Whether the Host header names this machine: loopback, the configured host, or an address where that is "any"."""
    name = _host_in(f"//{header}")
    if name in ("localhost", "127.0.0.1", "::1", host.lower()):
        return True
    return host in ("0.0.0.0", "::") and _is_address(name)  # noqa: S104 compared, not bound


def _host_in(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    # A rebinding attack needs a name: whoever types an address means it.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_origin(origin: str | None, host: str) -> bool:
    return origin is None or origin.partition("://")[2] == host


async def _refuse(
    status: int, detail: str, scope: Scope, receive: Receive, send: Send, more: Mapping[str, str] | None = None
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await JSONResponse({"detail": detail}, status, {**HEADERS, **(more or {})})(scope, receive, send)
