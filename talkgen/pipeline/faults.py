"""What a tool cannot make of a deck, where its author wrote it: a slide's source, the talk's style, a theme's file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen.errors import OutlineError, Place, Problem
from talkgen.export.faults import Fault, FaultyDeckError
from talkgen.outline.blocks import Html, Raw
from talkgen.outline.schema import ThemeNames
from talkgen.outline.themes import marp_sheets
from talkgen.outline.walk import find_blocks
from talkgen.outline.wanted import is_path
from talkgen.pipeline.plan import Plan
from talkgen.yamlfile import PathInData

if TYPE_CHECKING:
    from talkgen.render.deck import Rendering

_STYLE = re.compile(r"<style\b[^>]*>\s*", re.IGNORECASE)


@contextmanager
def faults_placed(plan: Plan, rendering: Rendering) -> Iterator[None]:
    """Lets a tool work on a rendering of the plan.

    Raises:
        OutlineError: it cannot make something of it; all that it told, each with its place.
    """
    try:
        yield
    except FaultyDeckError as error:
        raise OutlineError(place_faults(error.faults, error.tool, plan, rendering)) from error


def place_faults(faults: Iterable[Fault], tool: str, plan: Plan, rendering: Rendering) -> list[Problem]:
    """The faults as problems with their places."""
    return [_placed(fault, tool, plan, rendering) for fault in faults]


def _placed(fault: Fault, tool: str, plan: Plan, rendering: Rendering) -> Problem:
    document = plan.talk.source.document
    shown = plan.draft.pages(tool.lower())
    if fault.slide and fault.slide <= len(shown):
        slide = shown[fault.slide - 1]
        if fault.line and (style := _style_in(plan, slide, tool.lower(), fault.line)):
            return document.problem(f"{tool} cannot read this style: {fault.message}", "", *style)
        path = _source_in(plan, slide, tool.lower())
        return document.problem(f"{tool} cannot show this slide: {fault.message}", "", path)
    message = f"{tool} cannot read this style sheet: {fault.message}"
    content = rendering.files.get(fault.file)
    if isinstance(content, str) and (offset := _in_style(plan, content, fault.line)) is not None:
        return document.problem(message, "", ("style",), offset)
    if file := content if isinstance(content, Path) else _own_sheet(plan, fault.file):
        return Problem(message, place=Place(file, fault.line, 1))
    return Problem(f"{tool} cannot make this deck: {fault}")


def _source_in(plan: Plan, slide: int, target: str) -> PathInData:
    """What only the tool can judge in a slide: the one block that is source for it, or all of the slide."""
    path = ("slides", slide)
    found = find_blocks(plan.talk.source.outline.slides[slide], path)
    sources = [
        place
        for place, block in found
        if isinstance(block, Html) or (isinstance(block, Raw) and getattr(block.raw, target))
    ]
    return sources[0] if len(sources) == 1 else path


def _style_in(plan: Plan, slide: int, target: str, line: int) -> tuple[PathInData, int] | None:
    """Where a line of the first style in a slide's own source is: the text that holds it, and its place there."""
    for place, block in find_blocks(plan.talk.source.outline.slides[slide], ("slides", slide)):
        match block:
            case Html():
                path, text = (*place, "html"), block.html
            case Raw():
                path, text = (*place, "raw", target), getattr(block.raw, target) or ""
            case _:
                continue
        if found := _STYLE.search(text):
            before = text[found.end() :].splitlines(keepends=True)[: line - 1]
            return path, found.end() + len("".join(before))
    return None


def _in_style(plan: Plan, content: str, line: int) -> int | None:
    """Where in the talk's own style the line of a style sheet is, in characters; None where it is none of it."""
    lines = (plan.talk.source.outline.style or "").splitlines(keepends=True)
    wanted = (content.splitlines()[line - 1 : line] or [""])[0].strip()
    numbers = [number for number, each in enumerate(lines) if wanted and each.strip() == wanted]
    return len("".join(lines[: numbers[0]])) if numbers else None


def _own_sheet(plan: Plan, name: str) -> Path | None:
    """The talk's own style sheet that became a file of the deck."""
    theme, path = plan.talk.source.outline.theme, plan.talk.path
    if not isinstance(theme, ThemeNames):
        return None
    sheets = {Path(each).name: path.parent / each for each in theme.styles}
    if theme.marp and is_path(theme.marp):
        sheets |= {f"{each}.css": file for each, file in marp_sheets(theme.marp, path).items()}
    return sheets.get(Path(name).name)
