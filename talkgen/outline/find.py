"""Finds the outline that people mean by the name of a file, a talk or a project; reads none."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from talkgen.errors import OutlineError, nearest

NAME = "outline.yaml"
DECKS = (".md", ".markdown", ".ipynb", ".pptx")  # what `talkgen import` makes outlines of
_NEW = "name the outline or its folder, or make a talk with 'talkgen new'"


def find_outline(path: Path) -> Path:
    """The outline that `path` names: a file, a talk's folder, a project with one talk in its `slides/`, or these.

    Raises:
        OutlineError: there is none, a project has several, or no program could be told of it.
    """
    _check_name(path)
    if not path.is_dir():
        if path.is_file():
            if path.suffix.lower() in DECKS:
                hint = f"make one of it: talkgen import {quote(str(path))} -o {quote(f'slides/{path.stem}')}"
                raise OutlineError(f"{path} is a deck or a document, and no outline", hint)
            return path
        if path.exists():
            raise OutlineError(f"{path} is no file but a pipe or a device", "save the outline to a file, and name that")
        here, there = Path(), path.parent
        known = [*outlines_below(""), *outlines_below(f"{there}/" if there != here else "")]
        raise OutlineError(f"there is no outline at {path}", nearest(str(path), known) or _NEW)
    if (path / NAME).is_file():
        return path / NAME
    talks = sorted(path.glob(f"slides/*/{NAME}")) or sorted(path.glob(f"*/{NAME}"))
    if len(talks) > 1:
        raise OutlineError(
            f"{path} holds {len(talks)} talks", f"name one of: {', '.join(str(talk.parent) for talk in talks)}"
        )
    if not talks:
        raise OutlineError(f"there is no {NAME} in {path}", _NEW)
    return talks[0]


def outlines_below(folder: str) -> list[str]:
    """Talks and projects in a folder, and in its folders, as people name them; and outlines of other names.

    `folder` is as it was typed, with the slash after it; "" is where we are.
    """
    base = Path(folder)
    talks = [file.parent for depth in ("*", "*/*") for file in base.glob(f"{depth}/{NAME}")]
    projects = {file.parents[2] for file in base.glob(f"*/slides/*/{NAME}")}
    files = [file for file in base.glob("*.yaml") if file.name != NAME or folder]
    return [f"{folder}{each.relative_to(base)}" for each in sorted({*talks, *projects, *files})]


def _check_name(path: Path) -> None:
    """Names are told to Node, to browsers and to pages, all of which read UTF-8.

    Raises:
        OutlineError: it is in another encoding, as of an old archive, or the machine's locale takes it for one.
    """
    name = str(path.absolute())
    shown = name.encode(errors="backslashreplace").decode()
    if shown != name:
        hint = "rename that file or folder; of a name that looks right here, set a locale such as LC_ALL=C.UTF-8"
        raise OutlineError(f"this name is not UTF-8: {shown}", hint)
