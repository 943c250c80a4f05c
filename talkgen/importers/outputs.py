"""What a notebook's cell printed, drew and returned, as blocks; knows no slides.

Of an output's forms the first is taken that a slide can show: a picture, a formula, Markdown, a table, text. How much
of a text or a table is taken is bounded, and what is not is told.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from talkgen.importers.blocks import Block
from talkgen.importers.prose import as_cell

PICTURES = {
    "image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif",
    "image/avif": "avif", "image/bmp": "bmp",
}  # fmt: skip
LINES, WIDTH, ROWS, COLUMNS = 20, 400, 16, 12  # of a text and of a table; more is on no slide
_HEIGHT = 380  # px of a slide that a picture takes: code stands beside it
_LARGEST = 2_000_000  # characters of a page in which a table is looked for
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FORMULA = re.compile(r"\s*(?:\$\$(?P<a>.+?)\$\$|\$(?P<b>.+?)\$|\\\[(?P<c>.+?)\\\])\s*", re.DOTALL)


@dataclass(frozen=True)
class Outputs:
    """Makes blocks of the outputs of one cell."""

    keep: Callable[[str, bytes], str | None]  # a picture's file by its ending; None where it cannot be kept
    say: Callable[[str], None]
    markdown: Callable[[str], list[Block | str]]
    alt: str

    def blocks(self, outputs: Sequence[Mapping[str, Any]]) -> Iterator[Block | str]:
        """The blocks of all outputs; what streams of one name say in a row is one text."""
        stream: list[str] = []
        for at, output in enumerate(outputs):
            kind = output.get("output_type")
            if kind == "stream":
                stream.append(_text(output.get("text")))
                following = outputs[at + 1] if at + 1 < len(outputs) else {}
                if following.get("output_type") == "stream" and following.get("name") == output.get("name"):
                    continue
                yield from self._printed("".join(stream))
                stream = []
            elif kind == "error":
                yield from self._printed(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
            else:
                yield from self._shown(output.get("data") or {})

    def _printed(self, text: str) -> Iterator[Block]:
        """A text as the terminal shows it: without colours, of a line that is written over the last state."""
        lines = [line.rsplit("\r", 1)[-1] for line in _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")]
        lines = [_CONTROL.sub("", line).rstrip() for line in lines]
        while lines and not lines[-1]:
            lines.pop()
        if len(lines) > LINES:
            self.say(f"{len(lines) - LINES} of {len(lines)} lines of output are left out")
        if any(len(line) > WIDTH for line in lines[:LINES]):
            self.say(f"lines of output longer than {WIDTH} characters are cut")
        if shown := "\n".join(line[:WIDTH] for line in lines[:LINES]):
            yield {"code": shown, "language": "text", "long": "wrap"}

    def _shown(self, data: Mapping[str, Any]) -> Iterator[Block | str]:
        for kind, ending in PICTURES.items():
            if kind in data and (name := self._picture(data[kind], ending)):
                yield {"image": name, "alt": self.alt, "height": _HEIGHT}
                return
        if formula := _FORMULA.fullmatch(_text(data.get("text/latex"))):
            yield {"math": (formula["a"] or formula["b"] or formula["c"]).strip()}
            return
        if "text/markdown" in data:
            yield from self.markdown(_text(data["text/markdown"]))
            return
        if table := self._table(_text(data.get("text/html"))):
            yield table
            return
        text = _text(data.get("text/plain"))
        rich = sorted(kind for kind in data if kind != "text/plain")
        if rich:
            self.say(f"an output of {', '.join(rich)} is {'shown as its plain text' if text.strip() else 'left out'}")
        yield from self._printed(text)

    def _picture(self, data: Any, ending: str) -> str | None:
        text = _text(data)
        try:
            content = text.encode() if ending == "svg" else base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.say(f"a picture ({ending}) is damaged")
            return None
        return self.keep(ending, content)

    def _table(self, page: str) -> Block | None:
        """The table of a page, as pandas writes it; None where there is none, or the page holds more than that."""
        if "<table" not in page or len(page) > _LARGEST:
            return None
        import lxml.html

        tables = lxml.html.fragment_fromstring(page, create_parent="div").findall(".//table")
        rows = [[str(cell.text_content()) for cell in row if cell.tag in ("th", "td")] for row in tables[0].iter("tr")]
        rows = [row for row in rows if row]
        heads = len(tables[0].findall("thead/tr"))
        if heads > 1:  # of a named index, or of several levels
            head = [" ".join(filter(None, cells)) for cells in zip_longest(*rows[:heads], fillvalue="")]
            rows = [head, *rows[heads:]]
        if len(tables) != 1 or len(rows) < 2:
            return None
        return self._bounded(rows)

    def _bounded(self, rows: list[list[str]]) -> Block:
        width = max(len(row) for row in rows)
        if len(rows) - 1 > ROWS or width > COLUMNS:
            shown = f"{min(len(rows) - 1, ROWS)} rows and {min(width, COLUMNS)} columns"
            self.say(f"of a table of {len(rows) - 1} rows and {width} columns, {shown} are shown")
        cells = [[as_cell(cell) for cell in (row + [""] * width)[: min(width, COLUMNS)]] for row in rows[: ROWS + 1]]
        return {"table": {"head": cells[0], "rows": cells[1:]}}


def _text(value: Any) -> str:
    """A text, which notebooks may keep as a list of lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
