"""Blocks of a talk that is native to a tool, as that tool's own source: nothing is escaped, left out or added.

What an author's deck said is written as a person would write it; what has no form there (a computed figure, a live
element) is written as in every other deck.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import JsonValue

from talkgen.outline import blocks
from talkgen.outline.blocks import AnyBlock
from talkgen.outline.files import FileError, addresses_in, find_address, setting_holds
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.render.blocks import BlockWriter, anchor
from talkgen.render.deck import BlockPath, Degraded
from talkgen.render.escape import scalar

_PLAIN_KEY = re.compile(r"[\w-]+")


class NativeWriter(BlockWriter):
    """Writes blocks as the source that a tool's own author would have written."""

    holds: ClassVar[Holds]  # what its source is
    is_foreign = False
    where = "deck"  # the slide at hand, in words

    def text(self, source: str, *, one_line: bool = False) -> str:  # noqa: ARG002 – one signature for all writers
        """An author's Markdown as it stands."""
        return self.own(self.linked(source), self.holds)

    def inline(self, source: str) -> str:
        """A heading's or a cell's text as it stands."""
        return self.text(source)

    def own(self, source: str, holds: Holds) -> str:
        """Source of this kind whose files come along; those that are not there are told, and their names kept."""
        for address in addresses_in(source, holds):
            try:
                find_address(address.to, self.outline_file)
            except FileError as error:
                self.degraded.append(Degraded(self.where, error.message))
                self.missing.append(address.to)
        return self.relink(source, holds)

    def relink_settings(self, settings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Settings as they are, the files that they name as those of texts."""
        return {
            name: self.own(value, holds) if isinstance(value, str) and (holds := setting_holds(name)) else value
            for name, value in settings.items()
        }

    def address(self, name: str) -> str | None:
        """None for a file below the talk's folder, which keeps its name; others as in every deck."""
        try:
            source = find_address(name, self.outline_file)
        except FileError:
            return None
        folder = self.deck.folder.resolve()
        if source is None or not source.is_relative_to(folder) or self.outline_file.parent != self.deck.folder:
            return super().address(name)
        self.files[source.relative_to(folder).as_posix()] = source
        return None

    def write(self, body: Sequence[AnyBlock], path: BlockPath, first: int = 0, above: str = "") -> str:
        """The blocks of a body with blank lines between them: none before a tight one, one more for an empty text.

        `first` is the number of the first of them in its slide; `above` stands before it.
        """
        parts = [above] if above else []
        for index, block in enumerate(body, first):
            text = self.block(block, (*path, index))
            if text or isinstance(block, blocks.Markdown):
                parts += ["\n" if block.tight else "\n\n" if text else "\n", text] if parts else [text]
        return "".join(parts)

    def block(self, block: AnyBlock, path: BlockPath) -> str:
        """One block."""
        text = self._write(block, path)
        if block.reveal and not isinstance(block, blocks.Bullets):
            text = self.revealed(text)
        return f"{anchor(block.id)}\n\n{text}" if block.id else text

    @abstractmethod
    def revealed(self, text: str) -> str:
        """A block that waits for a click."""

    def content(self, slide: Slide, number: int, above: int = 0) -> str:
        """A slide's title and blocks, but for those `above` the title."""
        head = "\n\n".join(self._heading(slide))
        return self.write(slide.body[above:], ("slides", number, "body"), above, head)

    def _heading(self, slide: Slide) -> Iterator[str]:
        level = slide.level or self.deck.outline.level
        if slide.title is not None:
            yield f"{'#' * level} {self.inline(slide.title)}"
        if slide.subtitle is not None:
            yield f"{'#' * (level + 1)} {self.inline(slide.subtitle)}"

    def list_items(self, items: Sequence[object], numbered: bool, mark: str, depth: int = 0) -> list[str]:
        """The lines of a list; children begin under the text of their item."""
        lines = []
        for number, item in enumerate(items, 1):
            sign = f"{number}{')' if mark == '*' else '.'}" if numbered and depth == 0 else mark
            pad = " " * (len(sign) + 1)
            pairs = item.items() if isinstance(item, dict) else [(item, ())]
            for text, children in pairs:
                lines.append(f"{sign} {self.text(str(text))}".replace("\n", f"\n{pad}"))
                lines += [pad + line for line in self.list_items(children, numbered, mark, depth + 1)]
        return lines

    def write_markdown(self, block: blocks.Markdown, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """Text as it stands, its footnotes in their place."""
        return self.text(block.markdown)

    def write_code(self, block: blocks.Code, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """A listing with all that its fence says."""
        steps = f"{{{block.steps}}}" if block.steps else ""
        return listing(block.code, " ".join(filter(None, (block.language, steps, block.options))))

    def write_mermaid(self, block: blocks.Mermaid, path: BlockPath) -> str:  # noqa: ARG002
        """A diagram's source."""
        return listing(block.mermaid, " ".join(filter(None, ("mermaid", block.options))))

    def write_math(self, block: blocks.Math, path: BlockPath) -> str:  # noqa: ARG002
        """A formula on the line of its dollars, or, where its text is of lines, below them."""
        end = "" if block.math.endswith("\n") else "\n"
        return f"$$\n{block.math}{end}$$" if "\n" in block.math else f"$${block.math}$$"

    def write_quote(self, block: blocks.Quote, path: BlockPath) -> str:
        """Somebody's words."""
        if block.by:
            return super().write_quote(block, path)
        return "\n".join(
            f"> {line}".rstrip() if not line else f"> {line}" for line in self.text(block.quote).split("\n")
        )

    def write_table(self, block: blocks.Table, path: BlockPath) -> str:  # noqa: ARG002
        """A table; cells are as they stand."""
        signs = {"left": ":---", "center": ":---:", "right": "---:"}
        rows = block.table
        align = [signs[side] for side in rows.align] or ["---"] * len(rows.head)
        cells = [rows.head, align, *rows.rows]
        return "\n".join(f"| {' | '.join(self.text(cell) for cell in row)} |" for row in cells)

    def write_html(self, block: blocks.Html, path: BlockPath) -> str:  # noqa: ARG002
        """The author's HTML."""
        return self.own(block.html, Holds.HTML)

    def write_columns(self, block: blocks.Columns, path: BlockPath) -> str:
        """Blocks side by side, in the author's own tags where there are some."""
        if not block.around:
            return super().write_columns(block, path)
        return self.within(
            block.around, [self.write(each, (*path, "columns", i)) for i, each in enumerate(block.columns)]
        )

    @property
    def outline_file(self) -> Path:
        """The outline beside which the slide at hand has its files."""
        return self._outline


def listing(code: str, info: str = "") -> str:
    """A fenced listing, all of its lines kept."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * max(3, longest + 1)
    lines = f"{code}\n" if code else ""
    return f"{ticks}{info}\n{lines}{ticks}"


def setting_lines(values: dict[str, Any]) -> list[str]:
    """Settings as YAML that each tool reads: a line each."""
    return [f"{_key(name)}: {scalar(value)}" for name, value in values.items()]


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else scalar(name)
