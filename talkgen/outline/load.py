"""Loads an outline: YAML, includes spliced in, typed, with every problem of every file told at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from talkgen.errors import OutlineError
from talkgen.outline.files import check_files
from talkgen.outline.includes import splice_includes
from talkgen.outline.names import check_names
from talkgen.outline.parts import sound_parts
from talkgen.outline.schema import Outline
from talkgen.outline.source import Source
from talkgen.yamlfile import read_yaml, spell, validate

NAME = "outline.yaml"
_NEW = "name the outline or its folder, or make a talk with 'talkgen new'"


def load_outline(path: Path) -> Source:
    """The outline in a file.

    Raises:
        OutlineError: with every problem of the outline and of what it includes: files that are missing or outside
            the project, YAML that does not parse, unknown keys, values of the wrong kind, ids used twice.
    """
    document, files = splice_includes(read_yaml(find_outline(path), OutlineError))
    document = spell(document, Outline)
    parts = sound_parts(document.data)
    problems = (*document.problems, *check_files(parts, document), *check_names(parts, document))
    return Source(validate(replace(document, problems=problems), Outline, OutlineError), document.path, files, document)


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
