"""The gate before everything: who may ask, how much they may send, and what a browser may do with the answer.

A server on a laptop can be reached by every page open in its browser. Another site's page may send it requests (so the
origin is checked) and may let its own name point here (so the host name is checked).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from talkgen.serve.limits import BODY_BYTES

LIMITED = ("/api/", "/v1/")

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


_TOO_LARGE = f"a request has at most {BODY_BYTES:,} bytes"


class Guard:
    """ASGI middleware that lets in the requests a talk is made of, and adds the security headers."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._host = app, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with 400, 403 or 413."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        name = headers.get("host", "")
        if not is_own_name(name, self._host):
            await _refuse(400, "this server does not go by that name", scope, receive, send)
        elif not _same_origin(headers.get("origin"), name):
            await _refuse(403, "another site's page may not ask this server", scope, receive, send)
        elif scope["path"].startswith(LIMITED):
            await self._pass_limited(scope, receive, send, headers)
        else:
            await self._app(scope, receive, _with_headers(send))

    async def _pass_limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        if length.isdigit() and int(length) <= BODY_BYTES:
            await self._app(scope, receive_counted, _with_headers(send))
        else:
            await _refuse(413, _TOO_LARGE, scope, receive, send)


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


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await JSONResponse({"detail": detail}, status, HEADERS)(scope, receive, send)
