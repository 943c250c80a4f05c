"""Loads an outline: YAML, includes spliced in, typed, with every problem of every file told at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from talkgen.errors import OutlineError
from talkgen.outline.files import check_files
from talkgen.outline.includes import splice_includes
from talkgen.outline.names import check_names
from talkgen.outline.schema import Outline
from talkgen.outline.source import Source
from talkgen.yamlfile import read_yaml, validate


def load_outline(path: Path) -> Source:
    """The outline in a file.

    Raises:
        OutlineError: with every problem of the outline and of what it includes: files that are missing or outside
            the project, YAML that does not parse, unknown keys, values of the wrong kind, ids used twice.
    """
    document, files = splice_includes(read_yaml(_outline_file(path), OutlineError))
    problems = (*document.problems, *check_files(document), *check_names(document))
    checked = replace(document, problems=problems)
    return Source(validate(checked, Outline, OutlineError), document.path, files, document)


def _outline_file(path: Path) -> Path:
    """The file itself, or the `outline.yaml` of a talk's folder."""
    inside = path / "outline.yaml"
    if path.is_dir() and not inside.is_file():
        raise OutlineError(f"there is no outline.yaml in {path}", "name the outline, or make a talk with 'talkgen new'")
    return inside if path.is_dir() else path
