"""Citations in an author's Markdown, `[@vaswani2017]`, `[@a; @b]`, `[@a, p. 3]`: what they say, and whom they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from talkgen.errors import OutlineError, Problem, did_you_mean
from talkgen.outline.addresses import prose
from talkgen.outline.bibliography import Works, read_bibliography
from talkgen.outline.files import FileError, find_file
from talkgen.outline.node import Holds
from talkgen.outline.parts import Parts
from talkgen.outline.schema import Outline
from talkgen.outline.walk import Text, find_texts
from talkgen.yamlfile import Document, PathInData

CITATION = re.compile(r"\[(?P<works>@[^\[\]\n]{1,500})\](?![(\[:])")
_WORK = re.compile(r"\s*@(?P<key>[^\W_][\w:.+/-]*)\s*(?:,\s*(?P<where>\S.*?)\s*)?")


@dataclass(frozen=True)
class Cited:
    """One work that a citation names, where in that work, and how far into the citation its key stands."""

    key: str
    where: str
    offset: int


def read_citation(works: str) -> list[Cited]:
    """What stands between the brackets of a citation; nothing where it is none."""
    cited, start = [], 0
    for part in works.split(";"):
        found = _WORK.fullmatch(part)
        if not found:
            return []
        cited.append(Cited(found["key"], found["where"] or "", start + found.start("key")))
        start += len(part) + 1
    return cited


def find_citations(text: str) -> Iterator[tuple[int, Cited]]:
    """The works that a text cites outside of code, each with the place of its key."""
    if "[@" in text:
        for found in CITATION.finditer(prose(text)):
            for cited in read_citation(found["works"]):
                yield found.start("works") + cited.offset, cited


def cited_keys(outline: Outline) -> set[str]:
    """The keys of all works that the slides of a talk cite, those left out that are hidden."""
    shown = outline.model_copy(update={"slides": [slide for slide in outline.slides if not slide.hide]})
    return {cited.key for text in _texts(shown) for _, cited in find_citations(text.text)}


def cited_for_nothing(outline: Outline) -> Iterator[tuple[str, PathInData]]:
    """The keys that texts of a talk without a bibliography cite, each with the path of the first of these texts."""
    seen = set()
    for text in () if outline.bibliography or outline.native else _texts(outline):
        for _, cited in find_citations(text.text):
            if cited.key not in seen:
                seen.add(cited.key)
                yield cited.key, text.path


def _texts(node: Outline) -> Iterator[Text]:
    return (text for text in find_texts(node) if Holds.MARKDOWN in text.marks)


def check_citations(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each work that a text cites and that the talk's bibliography lacks, or of that file itself."""
    outline = parts.get(())
    if not isinstance(outline, Outline) or not outline.bibliography:
        return
    try:
        find_file(outline.bibliography, document.path)
        works = read_bibliography(document.path.parent / outline.bibliography)
    except FileError:  # told as any file that is missing
        return
    except OutlineError as error:
        yield from error.problems
        return
    yield from _check(outline, works, document)


def _check(outline: Outline, works: Works, document: Document) -> Iterator[Problem]:
    for text in _texts(outline):
        for offset, cited in find_citations(text.text):
            if cited.key not in works:
                message = f"'{cited.key}' is not in {outline.bibliography}"
                yield document.problem(message, did_you_mean(cited.key, works), text.path, offset)
