"""Who asks: a browser, known again by a cookie, and how soon it is its turn.

The speaker's page is a page of this server open on this machine, or where the presenter's code was shown; a page of it
open elsewhere is somebody's slide; all else (the audience's programs) comes after those. A cookie is a client, so that
a room behind one address is not one client; whoever shows none shares one with its address.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from enum import IntEnum

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from talkgen.serve.presenter import PROXY_HEADERS, Presenter

COOKIE = "talkgen_visitor"


class Rank(IntEnum):
    """Who is answered before whom."""

    SPEAKER = 0
    SLIDE = 1
    VISITOR = 2


@dataclass(frozen=True)
class Visitor:
    """A client: its name and its address in the limits, its rank, and whether it is the presenter's."""

    name: str
    address: str
    rank: Rank
    presents: bool = False

    @property
    def named(self) -> bool:
        """Whether it showed a name of this server's; who does not is no browser, or is new."""
        return self.name != self.address


class Visitors:
    """Gives browsers names that nobody can make up, and knows the presenter's."""

    def __init__(self, code: str | None = None) -> None:
        self._secret = secrets.token_bytes(32)
        self._presenter, self._has_code = Presenter(code), code is not None

    def of(self, scope: Scope) -> Visitor:
        """Who sent a request."""
        headers = Headers(scope=scope)
        address = scope["client"][0] if scope.get("client") else ""
        presents = self._presenter.sent(headers)
        rank = _rank(headers, address, shown_code=self._has_code and presents)
        return Visitor(self.known(headers) or address, address, rank, presents)

    def known(self, headers: Headers) -> str | None:
        """The name in a request's cookie; None where this server gave none."""
        name, _, proof = cookie_parser(headers.get("cookie", "")).get(COOKIE, "").partition(".")
        return name if name and hmac.compare_digest(proof.encode(), self._prove(name).encode()) else None

    def greet(self) -> str:
        """The Set-Cookie of a new name; no script reads it, and no other site's request carries it."""
        name = secrets.token_hex(8)
        return f"{COOKIE}={name}.{self._prove(name)}; Path=/; HttpOnly; SameSite=Strict"

    def _prove(self, name: str) -> str:
        return hmac.digest(self._secret, name.encode(), "sha256").hex()[:32]


def _rank(headers: Headers, address: str, *, shown_code: bool) -> Rank:
    # Browsers say whose page asks, and no script can; a proxy says for whom it asks, which is not this machine.
    if headers.get("sec-fetch-site") != "same-origin":
        return Rank.VISITOR
    here = address in ("127.0.0.1", "::1") and not any(map(headers.get, PROXY_HEADERS))
    return Rank.SPEAKER if here or shown_code else Rank.SLIDE
