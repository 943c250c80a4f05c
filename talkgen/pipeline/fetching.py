"""Fetches one picture, film, sound, font or style sheet from another host: once, within limits, only what it really is.

Addresses of this machine and its network are refused unless asked for: an outline may be somebody else's. The host's
name is looked up once, and what was found is what is connected to. Knows no outline and no store.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import quote, urljoin, urlsplit

from talkgen.errors import TalkgenError

LARGEST = 50 << 20  # bytes
REDIRECTS = 5
_SECONDS, _SECONDS_IN_ALL = 20, 120
_CHUNK = 1 << 16
_KINDS = {  # by how a file of the kind begins
    ".png": rb"\x89PNG\r\n\x1a\n",
    ".jpg": rb"\xff\xd8\xff",
    ".gif": rb"GIF8[79]a",
    ".webp": rb"RIFF....WEBP",
    ".wav": rb"RIFF....WAVE",
    ".avif": rb"....ftyp(?:avif|avis|mif1)",
    ".mp4": rb"....ftyp",
    ".webm": rb"\x1aE\xdf\xa3",
    ".ogg": rb"OggS",
    ".mp3": rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]",
    ".flac": rb"fLaC",
    ".woff2": rb"wOF2",
    ".woff": rb"wOFF",
    ".ttf": rb"\x00\x01\x00\x00|true",
    ".otf": rb"OTTO",
    ".svg": rb"(?:\xef\xbb\xbf)?\s*(?:(?:<\?xml[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE svg[^>]*>)\s*)*<svg[\s>]",
}
_SHEET = "text/css"  # what its host calls a style sheet, which begins like nothing
_PATH = "/%:!$&'()*+,;=@~"  # what stays as it is in a path


def time_for_one(until: float) -> float:
    """When what is asked for now has to be here, with all that it names: all of a fetch ends at `until`."""
    return min(until, time.monotonic() + _SECONDS_IN_ALL)


def fetch(address: str, until: float, *, private: bool) -> tuple[bytes, str]:
    """What is at an address, and the suffix of the kind of file that it is by its content.

    `private` allows addresses of this machine and its own network.

    Raises:
        TalkgenError: it cannot be had whole, is too large, is not here in time, or is nothing that a deck shows.
    """
    to = f"https:{address}" if address.startswith("//") else address
    for _ in range(REDIRECTS + 1):
        if time.monotonic() >= until:
            raise _too_slow(to)
        try:
            answer = _ask(to, until, private=private)
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= until:
                raise _too_slow(to) from error
            raise TalkgenError(
                f"{to} cannot be fetched: {error or type(error).__name__}", "is the network there?"
            ) from error
        except ValueError as error:  # a port that is none, a name that no host can have
            raise TalkgenError(f"{to} is no address on the web: {error}", _AS_IN) from error
        if not isinstance(answer, str):
            return answer
        to = urljoin(to, answer)
    raise TalkgenError(f"{address} leads on more than {REDIRECTS} times", "name the address that it ends at")


_AS_IN = "as in: https://example.org/picture.png"


def _ask(to: str, until: float, *, private: bool) -> tuple[bytes, str] | str:
    """The content at an address with its kind, or where it leads on to."""
    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TalkgenError(f"{to} is no address on the web", _AS_IN)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    port = parts.port or kind.default_port
    connection = kind(parts.hostname.encode("idna").decode(), port, timeout=_SECONDS)
    connection.sock = _connect(parts.hostname, port, secure=parts.scheme == "https", private=private)
    with closing(connection), _ended(connection.sock, until):
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        query = f"?{quote(parts.query, safe=f'{_PATH}?')}" if parts.query else ""
        connection.request("GET", f"{quote(parts.path, safe=_PATH) or '/'}{query}", headers=_SAID)
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308) and (onward := answer.getheader("Location")):
            return onward
        if answer.status != http.HTTPStatus.OK:
            raise TalkgenError(f"{to} answers {answer.status} {answer.reason}", "does it open in a browser?")
        content = _read(answer, to, until)
        return content, _kind(content, to, answer.headers.get_content_type())


_SAID = {"User-Agent": "talkgen", "Accept": "image/*, video/*, audio/*, font/*, text/css"}


def _connect(host: str, port: int, *, secure: bool, private: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, where = found[0]
    if not private and not ipaddress.ip_address(str(where[0]).partition("%")[0]).is_global:
        raise TalkgenError(f"{host} is this machine or of its own network", "--fetch-private fetches from there too")
    plain = socket.socket(family, kind, protocol)
    plain.settimeout(_SECONDS)
    try:
        plain.connect(where)
        if not secure:
            return plain
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        plain.close()
        raise


@contextmanager
def _ended(connection: socket.socket, until: float) -> Iterator[None]:
    """Ends a connection when it is time, as a host that says a byte now and then is never silent for long."""

    def end() -> None:
        with suppress(OSError):  # it has ended by itself
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(until - time.monotonic(), end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(answer: http.client.HTTPResponse, to: str, until: float) -> bytes:
    content = bytearray()
    while chunk := answer.read1(_CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise TalkgenError(f"{to} is larger than {LARGEST >> 20} MiB", "put a smaller one beside the outline")
    if time.monotonic() >= until:
        raise _too_slow(to)
    if answer.length:
        whole = len(content) + answer.length
        raise TalkgenError(f"{to} came in part: {len(content):,} of {whole:,} bytes", "try again")
    return bytes(content)


def _too_slow(to: str) -> TalkgenError:
    hint = "what came before it is kept: try again, or put it beside the outline"
    return TalkgenError(f"{to} was not here in time", hint)


def _kind(content: bytes, to: str, said: str) -> str:
    for suffix, beginning in _KINDS.items():
        if re.match(beginning, content[:4096], re.DOTALL):
            return suffix
    if said == _SHEET and not content.lstrip().startswith(b"<"):
        return ".css"
    raise TalkgenError(
        f"{to} is no picture, film, sound or font", "by its content, whatever its name or its server says"
    )
