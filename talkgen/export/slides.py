"""Looks at every slide of a built deck in the installed browser: what is over its edges or cut, how small text is.

Knows nothing of outlines: a slide is its number. Sizes are px of the slide as designed (1280 wide for 16:9).
"""

from __future__ import annotations

import functools
import http.server
import json
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.errors import ToolError
from talkgen.export.browser import apart, find_browser
from talkgen.export.node import Report, npm_packages, run_node

DRIVER = "browser/slides.mjs"  # in templates/node: what looks
_SECONDS_A_SLIDE = 5
_START_SECONDS = 60
_TOLERANCE = 1  # px that letters may reach over an edge where browsers round


@dataclass(frozen=True)
class Barrier:
    """What axe-core finds serious: its rule, what to do, and the HTML where it is so."""

    rule: str
    help: str
    where: str

    def __str__(self) -> str:
        return f"{self.help} ({self.rule}): {self.where}"


@dataclass(frozen=True)
class Seen:
    """One slide as the browser laid it out: px over each edge, what is cut inside it, its smallest text in px.

    `beyond` are formulas that reach out of the column that they stand in.
    """

    number: int
    over: dict[str, int]
    clipped: tuple[str, ...]
    beyond: tuple[str, ...]
    smallest: float | None
    smallest_words: str
    barriers: tuple[Barrier, ...]
    texts: Mapping[str, tuple[float, str]]  # the smallest of its "body" and in a "figure", where they were looked for

    @property
    def too_tall(self) -> int:
        """Px below or above the slide."""
        return _beyond(self.over["bottom"], self.over["top"])

    @property
    def too_wide(self) -> int:
        """Px beside the slide."""
        return _beyond(self.over["right"], self.over["left"])


def _beyond(*sides: int) -> int:
    return max((px for px in sides if px > _TOLERANCE), default=0)


@dataclass(frozen=True)
class Look:
    """All slides of a deck, the hosts that it asked beside its own, and the addresses at which nothing was."""

    slides: tuple[Seen, ...]
    hosts: tuple[str, ...]
    failed: tuple[str, ...]


def look_at_slides(
    page: Path,
    tool: str,
    count: int,
    size: tuple[int, int],
    report: Report,
    *,
    accessibility: bool = False,
) -> Look:
    """The `count` slides of the deck at `page`, which the `tool` ("marp" or "slidev") made.

    With `accessibility`, what a reader without eyes misses, and the sizes of texts in pictures too.

    Raises:
        ToolError: there is no browser, or the deck does not open in it.
    """
    driver = npm_packages("browser", report)
    with _served(page.parent) as origin, tempfile.TemporaryDirectory(prefix="talkgen-slides-") as folder:
        file = Path(folder, "request.json")
        request = {
            "browser": str(find_browser()),
            "url": f"{origin}/{page.name}",
            "tool": tool,
            "count": count,
            "width": size[0],
            "height": size[1],
            "axe": accessibility,
        }
        file.write_text(json.dumps(request), encoding="utf-8")
        timeout = _START_SECONDS + _SECONDS_A_SLIDE * count
        output = run_node([str(driver / "slides.mjs"), str(file)], cwd=driver, timeout=timeout, env=apart(folder))
    try:
        answer = json.loads(output)
    except ValueError as error:
        raise ToolError(f"the browser told nothing of {page.name}: {output.strip()[-500:]}") from error
    slides = tuple(_read(number, seen) for number, seen in enumerate(answer["slides"], 1))
    return Look(slides, tuple(answer["hosts"]), tuple(_local(url, origin) for url in answer["failed"]))


def _local(url: str, origin: str) -> str:
    """The address of a file of the deck as the deck names it."""
    return url.removeprefix(f"{origin}/")


def _read(number: int, seen: dict[str, Any]) -> Seen:
    smallest = seen["smallest"] or {"size": None, "words": ""}
    return Seen(
        number=number,
        over=seen["over"],
        clipped=tuple(_cut(each) for each in seen["clipped"]),
        beyond=tuple(_cut(each) for each in seen["beyond"]),
        smallest=smallest["size"],
        smallest_words=smallest["words"],
        barriers=tuple(Barrier(each["rule"], each["help"], each["where"]) for each in seen.get("barriers", [])),
        texts={kind: (each["size"], each["words"]) for kind, each in seen.get("texts", {}).items()},
    )


def _cut(each: dict[str, Any]) -> str:
    sides = [f"{each[side]} px too {side}" for side in ("wide", "tall") if each[side] > _TOLERANCE]
    return f"{' and '.join(sides)}: {each['words']}"


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The folder on an address of this machine: Slidev's modules do not load from a file."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Sequence[Any]) -> None:
        """Says nothing."""
