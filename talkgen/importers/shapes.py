"""The shapes of a PowerPoint slide as blocks, and how they are arranged: one below the other, or in columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from talkgen.importers.blocks import Block
from talkgen.importers.frames import A, P, frame_blocks, one_line
from talkgen.importers.media import Media, R
from talkgen.importers.outputs import COLUMNS, ROWS
from talkgen.importers.prose import as_cell, as_prose

_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_MOST_BYTES = 2**24  # of a diagram's data
_COLUMNS = 4
_FILE_NAME = re.compile(r"\S*\.(png|jpe?g|gif|bmp|tiff?|svg|emf|wmf)", re.IGNORECASE)  # which tells nobody anything
_HEIGHT = 720  # px of a slide
_WHOLE = 0.95  # of the slide's width and height: a picture that large is behind the text


@dataclass
class Box:
    """Where blocks stand, in shares of the slide."""

    left: float
    top: float
    right: float
    bottom: float
    blocks: list[Block | str]


@dataclass
class Shapes:
    """Reads the shapes of one slide."""

    size: tuple[int, int]
    media: Media
    say: Callable[[str], None]
    drawn: Counter[str] = field(default_factory=Counter)  # what has no block

    def boxes(self, shapes: Sequence[Any], revealed: set[int]) -> Iterator[Box]:
        """The shapes that say or show something, those of groups among them."""
        for shape in shapes:
            if shape.shape_type is not None and shape.shape_type.name == "GROUP":
                yield from self._placed_in(shape, self.boxes(list(shape.shapes), revealed))
                continue
            blocks = self._blocks(shape)
            if shape.shape_id in revealed:
                blocks = [{**_as_mapping(each), "reveal": True} for each in blocks]
            if blocks:
                left, top = (value or 0 for value in (shape.left, shape.top))
                right, bottom = left + (shape.width or 0), top + (shape.height or 0)
                width, height = self.size
                yield Box(left / width, top / height, right / width, bottom / height, blocks)

    def _placed_in(self, group: Any, boxes: Iterator[Box]) -> Iterator[Box]:
        """The boxes of a group where it stands: inside it lengths are its own."""
        place = group._element.grpSpPr.find(f"{A}xfrm")
        inner = [place.find(f"{A}{name}") for name in ("chOff", "chExt")] if place is not None else []
        if len(inner) != 2 or any(each is None for each in inner):
            yield from boxes
            return
        starts = [int(inner[0].get(axis)) for axis in "xy"]
        lengths = [max(1, int(inner[1].get(axis))) for axis in ("cx", "cy")]
        for box in boxes:
            edges = []
            for at, edge in enumerate((box.left, box.top, box.right, box.bottom)):
                axis = at % 2
                own, length = ((group.left, group.width), (group.top, group.height))[axis]
                within = (edge * self.size[axis] - starts[axis]) / lengths[axis]
                edges.append((own + within * length) / self.size[axis])
            left, top, right, bottom = edges
            yield Box(left, top, right, bottom, box.blocks)

    def _blocks(self, shape: Any) -> list[Block | str]:
        element = shape._element
        if element.tag == f"{P}graphicFrame":
            return self._frame(shape)
        if any(element.iter(f"{A}videoFile", f"{A}audioFile", f"{A}quickTimeFile")):
            name = self.media.film(element, shape.part)
            return [{"video": name}] if name else self._picture(shape)
        found = self._picture(shape) if next(element.iter(f"{A}blip"), None) is not None else []
        if shape.has_text_frame:
            found = [*found, *frame_blocks(shape, self.say)]
        if not found and not shape.is_placeholder and element.tag != f"{P}pic":
            self.drawn["line" if element.tag == f"{P}cxnSp" else "shape"] += 1
        return found

    def _picture(self, shape: Any) -> list[Block | str]:
        about = next(shape._element.iter(f"{P}cNvPr"))
        words = " ".join((about.get("descr") or "").split())
        words = "" if _FILE_NAME.fullmatch(words) else words
        name = self.media.picture(shape._element, shape.part)
        if name is None:
            return [as_prose(words)] if words else []
        width, height = (length or 0 for length in (shape.width, shape.height))
        if width >= _WHOLE * self.size[0] and height >= _WHOLE * self.size[1]:
            return [{"image": name, "background": True, "scrim": 0.5, **({"alt": words} if words else {})}]
        px = round(_HEIGHT * height / self.size[1])
        return [{"image": name, **({"alt": words} if words else {}), **({"height": px} if px else {})}]

    def _frame(self, shape: Any) -> list[Block | str]:
        if shape.has_table:
            return [self._table(shape.table)]
        if shape.has_chart:
            return self._chart(shape.chart)
        for named in shape._element.iter(_DIAGRAM):
            return self._diagram(shape.part.related_part(named.get(f"{R}dm")))
        self.say("an embedded document is its picture")
        return self._picture(shape)

    def _table(self, table: Any) -> Block:
        rows = [
            ["" if cell.is_spanned else one_line(cell.text_frame, self.say) for cell in row.cells] for row in table.rows
        ]
        if any(cell.is_merge_origin for row in table.rows for cell in row.cells):
            self.say("cells that are merged are apart")
        if not table.first_row:
            rows = [[""] * len(rows[0]), *rows]
        return self._bounded(rows)

    def _bounded(self, rows: list[list[str]]) -> Block:
        count, width = len(rows) - 1, len(rows[0])
        if count > ROWS or width > COLUMNS:
            self.say(f"of a table of {count} rows and {width} columns, the first {ROWS} and {COLUMNS} are shown")
        cells = [row[:COLUMNS] for row in rows[: ROWS + 1]]
        return {"table": {"head": cells[0], "rows": cells[1:]}}

    def _chart(self, chart: Any) -> list[Block | str]:
        """A chart as the table of its values."""
        plot = chart.plots[0]
        series = list(plot.series)
        names = [str(each) for each in plot.categories]
        if not names or not series:
            self.say("a chart is left out: it has no categories")
            return []
        self.say("a chart is a table of its values")
        rows = [["", *(as_cell(each.name) for each in series)]]
        for at, name in enumerate(names):
            values = [each.values[at] if at < len(each.values) else None for each in series]
            rows.append([as_cell(name), *("" if value is None else f"{value:g}" for value in values)])
        title = as_prose(chart.chart_title.text_frame.text.strip()) if chart.has_title else ""
        return [*([f"**{title}**"] if title else []), self._bounded(rows)]

    def _diagram(self, data: Any) -> list[Block | str]:
        """The words of a diagram as a list."""
        from lxml import etree

        if len(data.blob) > _MOST_BYTES:
            self.say("a diagram is left out: it is too large")
            return []
        tree = etree.fromstring(data.blob, etree.XMLParser(resolve_entities=False, no_network=True))
        texts = ["".join(each.text or "" for each in line.iter(f"{A}t")) for line in tree.iter(f"{A}p")]
        words = [as_cell(text) for text in texts if text.strip()]
        self.say("a diagram is a list of its words" if words else "a diagram is left out: it has no words")
        return [{"bullets": words}] if words else []


def arranged(boxes: Sequence[Box]) -> list[Block | str]:
    """The blocks from top to bottom; what stands side by side is columns."""
    body: list[Block | str] = []
    for row in _apart(sorted(boxes, key=lambda box: box.top), "top", "bottom"):
        columns = _apart(sorted(row, key=lambda box: box.left), "left", "right")
        stacks = [
            [block for box in sorted(column, key=lambda box: box.top) for block in box.blocks] for column in columns
        ]
        behind = [each for stack in stacks for each in stack if isinstance(each, dict) and each.get("background")]
        stacks = [rest for stack in stacks if (rest := [each for each in stack if each not in behind])]
        body += behind
        if 1 < len(stacks) <= _COLUMNS:
            widths = [max(1, round(100 * max(box.right - box.left for box in column))) for column in columns]
            is_even = len(widths) != len(stacks) or max(widths) < 1.2 * min(widths)
            body.append({"columns": stacks, **({} if is_even else {"widths": widths})})
        else:
            body += [block for stack in stacks for block in stack]
    return body


def _apart(boxes: Sequence[Box], start: str, end: str) -> list[list[Box]]:
    """Boxes in the order of `start`, in groups that overlap by more than a tenth of the smaller."""
    groups: list[list[Box]] = []
    reach = least = 0.0
    for box in boxes:
        first, last = getattr(box, start), getattr(box, end)
        if groups and reach - first > 0.1 * min(least, last - first):
            groups[-1].append(box)
            reach, least = max(reach, last), min(least, last - first)
        else:
            groups.append([box])
            reach, least = last, last - first
    return groups


def _as_mapping(block: Block | str) -> Block:
    return block if isinstance(block, dict) else {"markdown": block}
