"""Finds the outline that people mean by the name of a file, a talk or a project; reads none."""

from __future__ import annotations

from pathlib import Path

from talkgen.errors import OutlineError

NAME = "outline.yaml"
_NEW = "name the outline or its folder, or make a talk with 'talkgen new'"


def find_outline(path: Path) -> Path:
    """The outline that `path` names: a file, a talk's folder, or a project with one talk in its `slides/`.

    Raises:
        OutlineError: there is none, or a project has several.
    """
    if not path.is_dir():
        if path.is_file():
            return path
        raise OutlineError(f"there is no outline at {path}", _NEW)
    if (path / NAME).is_file():
        return path / NAME
    talks = sorted(path.glob(f"slides/*/{NAME}"))
    if len(talks) > 1:
        raise OutlineError(
            f"{path} holds {len(talks)} talks", f"name one of: {', '.join(str(talk.parent) for talk in talks)}"
        )
    if not talks:
        raise OutlineError(f"there is no {NAME} in {path}", _NEW)
    return talks[0]
