"""A phone of a room, as little of one as can be: a connection that stays open, and requests written by hand.

A room's phones do not compute on the speaker's laptop. A client of a library takes there, for one question, as much
processor time as a third of its answer: then a quarter of what is measured is who asks.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit


class Phone:
    """One connection to a server, opened at the first request; keeps the cookie that greets it."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).netloc
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._cookie = ""

    async def ask(self, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body that come back, of a POST where there is something to send."""
        if self._connection is None:
            name, _, port = self._host.partition(":")
            self._connection = await asyncio.open_connection(name, int(port))
        reader, writer = self._connection
        sent = b"" if body is None else json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if sent else ""
        method = "POST" if sent else "GET"
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._cookie}{kind}\r\n".encode() + sent)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "set-cookie" in headers:
            self._cookie = f"Cookie: {headers['set-cookie'].partition(';')[0]}\r\n"
        if headers.get("transfer-encoding") == "chunked":
            return int(first.split()[1]), headers, await _read_chunks(reader)
        return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))

    def close(self) -> None:
        """Hangs up."""
        if self._connection is not None:
            self._connection[1].close()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
