"""Who presents: a code lets a browser change what is on stage, read the notes and the talk's source.

A server that only its own machine reaches asks for no code. One that others reach does, of everybody; who shows it
once is known by a cookie. Knows no route that asks.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from talkgen.assets import asset_dir

COOKIE = "talkgen_presenter"
ENTER = "/enter"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another one
_LENGTH = 12  # 59 bits: nobody guesses it by asking a server
PROXY_HEADERS = ("x-forwarded-for", "forwarded", "via")  # by which a proxy says for whom it asks


def make_code() -> str:
    """A new code, which can be typed."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Presenter:
    """Tells the presenter's requests from others; without a code, whoever asks on this machine is the presenter."""

    def __init__(self, code: str | None) -> None:
        self._code = code

    def sent(self, headers: Headers) -> bool:
        """Whether the presenter sent a request."""
        if self._code is None:
            return not any(map(headers.get, PROXY_HEADERS))
        return self._is_code(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))

    def enter(self, code: str, to: str) -> Response:
        """Answers who shows a code: on to the page `to` with a cookie, or once more to the form."""
        if not self._is_code(code.strip().lower()):
            return ask_for_code(to, "That is not the code." if code else "")
        found = RedirectResponse(own_path(to), 303)
        found.headers["Cache-Control"] = "no-store"
        if self._code is not None:
            # Lax: a link in a message leads to the page; no other site's form or script takes the cookie along.
            found.set_cookie(COOKIE, self._code, path="/", httponly=True, samesite="lax")
        return found

    def _is_code(self, given: str) -> bool:
        return self._code is None or hmac.compare_digest(given.encode(), self._code.encode())


def enter_routes(presenter: Presenter) -> list[BaseRoute]:
    """The route that takes the code."""

    async def enter(request: Request) -> Response:
        """Lets the presenter in."""
        return presenter.enter(request.query_params.get("code", ""), request.query_params.get("to", "/panel"))

    return [Route(ENTER, enter)]


def presenter_route(path: str, endpoint: Callable[[Request], Any], method: str = "GET") -> Route:
    """A route that answers the presenter, and everybody else with 403."""
    return Route(path, endpoint, methods=[method], middleware=[Middleware(_ForPresenter)])


class _ForPresenter:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not Request(scope).state.visitor.presents:
            raise HTTPException(403, "this is the presenter's: open the address that talkgen present printed")
        await self._app(scope, receive, send)


def ask_for_code(to: str, words: str = "") -> HTMLResponse:
    """The form that asks for the code, and then leads to the page `to`."""
    form = (asset_dir("templates") / "present" / "enter.html").read_text(encoding="utf-8")
    page = form.replace("{{to}}", quote(own_path(to))).replace("{{words}}", words)
    return HTMLResponse(page, 403, {"Cache-Control": "no-store"})


def own_path(to: str) -> str:
    """`to` where it is a path of this server; else that of the slides."""
    parts = urlsplit(to.replace("\\", "/"))
    return to if to.startswith("/") and not parts.netloc and not parts.scheme and to.isprintable() else "/"
