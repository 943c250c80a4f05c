"""Loads an outline: YAML, includes spliced in, typed, with every problem of every file told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from talkgen.errors import OutlineError
from talkgen.outline.citations import check_citations
from talkgen.outline.files import check_files
from talkgen.outline.find import find_outline
from talkgen.outline.listings import check_outputs, check_steps, splice_listings
from talkgen.outline.names import check_names
from talkgen.outline.parts import sound_parts
from talkgen.outline.schema import Outline
from talkgen.outline.settings import check_settings
from talkgen.outline.slides import read_outline
from talkgen.outline.source import Source
from talkgen.yamlfile import spell, validate


def load_outline(path: Path, given: Mapping[str, Any] = MappingProxyType({})) -> Source:
    """The outline in a file; a slide that is repeated over one of its `vars` takes the value that is `given`, if any.

    Raises:
        OutlineError: with every problem of the outline and of what it includes: files that are missing or outside
            the project, YAML that does not parse, unknown keys, values of the wrong kind, ids used twice.
    """
    document, files = read_outline(find_outline(path), given=given)
    document, listed = splice_listings(document)
    document = spell(document, Outline)
    parts = sound_parts(document.data)
    checks = (check_files, check_names, check_settings, check_citations, check_outputs, check_steps)
    problems = (*document.problems, *(problem for check in checks for problem in check(parts, document)))
    outline = validate(replace(document, problems=problems), Outline, OutlineError)
    named = [document.path.parent / outline.bibliography] if outline.bibliography else []
    return Source(outline, document.path, (*files, *listed, *named), document)
