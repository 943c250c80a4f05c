"""Links to the web that lead nowhere; asks every address once, for its head alone. Knows no deck."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import httpx

from talkgen.check.findings import Finding
from talkgen.check.prose import find_prose, inline_tokens
from talkgen.errors import Problem
from talkgen.outline.source import Source
from talkgen.yamlfile import where_path

_SECONDS = 10.0
_AT_ONCE = 8
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")  # which says nothing to who reads it
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)  # others, as "not for you" or "too many", say that somebody is there


def find_dead(source: Source) -> Iterator[Finding]:
    """A finding for each text of the talk with a link that leads nowhere, or to a host that does not answer."""
    linked = [(text, address) for text in find_prose(source.outline) for address in _links(text.text)]
    addresses = list(dict.fromkeys(address for _, address in linked))
    limits = httpx.Limits(max_connections=_AT_ONCE)
    with (
        httpx.Client(timeout=_SECONDS, follow_redirects=True, limits=limits) as client,
        ThreadPoolExecutor(_AT_ONCE) as threads,
    ):
        answers = dict(zip(addresses, threads.map(lambda each: _ask(client, each), addresses), strict=True))
    for text, address in linked:
        if wrong := answers[address]:
            place, where = source.place(text.path), where_path(text.path)
            yield Finding("dead-link", Problem(f"{address} {wrong}", place=place, where=where))


def _links(text: str) -> list[str]:
    """The addresses on the web that a Markdown text links to."""
    hrefs = (str(token.attrs.get("href", "")) for token in inline_tokens(text) if token.type == "link_open")
    return [href for href in dict.fromkeys(hrefs) if href.startswith(("http://", "https://"))]


def _ask(client: httpx.Client, address: str) -> str:
    """What is wrong with an address; nothing if somebody is there."""
    try:
        answer = client.head(address)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return f"does not answer: {_ERRNO.sub('', str(error)) or type(error).__name__}"
    return f"is not there ({answer.status_code})" if answer.status_code in _GONE else ""
