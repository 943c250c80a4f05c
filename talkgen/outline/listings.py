"""Replaces `code: {file: model.py, lines: 3-10}` by these lines of the file, before the outline is typed.

The block keeps the whole file beside the lines that it shows: that is what runs where it asks for its output.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Problem
from talkgen.outline.blocks import Code
from talkgen.outline.files import FileError, find_file
from talkgen.outline.parts import Parts, raw_bodies_at
from talkgen.outline.schema import Outline
from talkgen.outline.walk import find_blocks
from talkgen.yamlfile import Document, PathInData, read_text

_UNREAD = {"code": "", "output": False}  # of a listing that cannot be had: that is told, and nothing else of it
LINES = r"\d+(-\d+)?(,\d+(-\d+)?)*"
_LANGUAGES = {
    ".py": "python", ".js": "javascript", ".ts": "typescript", ".sh": "bash", ".yaml": "yaml", ".yml": "yaml",
    ".c": "c", ".json": "json", ".toml": "toml",
    ".html": "html", ".css": "css", ".cpp": "cpp", ".h": "cpp", ".rs": "rust",
}  # fmt: skip


def splice_listings(document: Document) -> tuple[Document, tuple[Path, ...]]:
    """The document with listings from files as text, and these files; problems are added to the document's."""
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for path, body in raw_bodies_at(document.data):
        for index, block in enumerate(body):
            if isinstance(block, dict) and isinstance(block.get("code"), dict):
                here = (*path, index)
                try:
                    body[index] = _listed(block, _outline_of(document, here), files)
                except FileError as error:
                    problems.append(document.problem(error.message, error.hint, (*here, "code")))
                    body[index] = {**block, **_UNREAD}
                except OutlineError as error:
                    problems += error.problems
                    body[index] = {**block, **_UNREAD}
    return replace(document, problems=(*document.problems, *problems)), tuple(files)


def _outline_of(document: Document, path: PathInData) -> Path:
    """The outline that a block's files are beside: of an included slide, the one it is from."""
    folder = document.data["slides"][path[1]].get("folder")
    return document.path.parent / (folder if isinstance(folder, str) else "") / document.path.name


def _listed(block: dict[str, Any], outline: Path, files: dict[Path, None]) -> dict[str, Any]:
    """The block with the lines that it names.

    Raises:
        FileError: there is no such file, or there are no such lines in it, or something else is asked for.
        OutlineError: the file is no text.
    """
    asked = block["code"]
    name, lines = asked.get("file"), str(asked.get("lines", ""))
    if not isinstance(name, str) or asked.keys() - {"file", "lines"}:
        raise FileError("code is text, or names a file", "as in: code: {file: model.py, lines: 3-10}")
    path = find_file(name, outline)
    files[path] = None
    text = read_text(path, OutlineError)
    shown = _chosen(text.splitlines(), lines) if lines else text
    return {"language": _LANGUAGES.get(path.suffix, ""), **block, "code": shown, "file": name, "program": text}


def _chosen(lines: list[str], which: str) -> str:
    if not re.fullmatch(LINES, which.replace(" ", "")):
        raise FileError(f"'{which}' names no lines", "as in: lines: 3-10, or: lines: 1,4-6")
    chosen: list[str] = []
    for part in which.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 1 <= start <= end <= len(lines):
            raise FileError(f"there are no lines {part} in it", f"it has {len(lines)}")
        chosen += lines[start - 1 : end]
    return textwrap.dedent("\n".join(chosen))


def check_steps(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each step that highlights a line which the listing does not have; a native talk's tool shrugs."""
    outline = parts.get(())
    if not isinstance(outline, Outline) or outline.native:
        return
    for path, block in find_blocks(outline):
        if isinstance(block, Code) and (beyond := _beyond(block)):
            hint = "lines are counted from 1 where the listing begins, not as in its file"
            yield document.problem(f"the listing has no line {beyond}", hint, (*path, "steps"))


def _beyond(block: Code) -> int | None:
    """The first line that a listing's steps name and that it does not have; None of one that could not be had."""
    lines = len(block.code.splitlines())
    named = map(int, re.findall(r"\d+", block.steps or ""))
    return next((each for each in named if each > lines > 0), None)


def check_outputs(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each output that is asked for and cannot be had: nothing of a talk runs unless the talk says so."""
    outline = parts.get(())
    if not isinstance(outline, Outline):
        return
    for path, block in find_blocks(outline):
        if isinstance(block, Code) and block.output:
            if block.language not in ("python", "py"):
                hint = "set 'language: python', or write what comes out into a listing of its own"
                yield document.problem("only Python is run for its output", hint, (*path, "output"))
            elif not outline.execute:
                hint = "add 'execute: true' to the talk: its Python then runs when it is built"
                yield document.problem("the talk does not say that its code may run", hint, (*path, "output"))
