"""Puts slides in place of those that stand for others: `include: other.yaml#3-5`, and `repeat` over data.

A slide of another outline keeps what it means there: its folder for the files that it names, its talk's `vars`. A
repeated slide is one for each item of a list, which its texts call `item`; the first has its id. Places
follow, as in included blocks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from talkgen.errors import OutlineError, Problem, did_you_mean
from talkgen.outline.files import FileError, find_file
from talkgen.outline.formula import Formula, FormulaError
from talkgen.outline.includes import splice_includes
from talkgen.yamlfile import Document, PathInData, Spot, read_yaml

MAX_SLIDES = 2_000  # in an outline with all that stand in it for others
MAX_DEPTH = 10  # outlines within outlines
_NO_OUTLINE, _BLOCKS = "only the slides of an outline can be included here", "include blocks in a slide's 'body:'"
_NUMBERS = re.compile(r"\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*")
_EXPRESSION = re.compile(r"\{\{(.*)\}\}", re.DOTALL)

Spots = Mapping[PathInData, Spot]  # of a slide, by the path in it
Files = tuple[Path, ...]


def read_outline(
    path: Path, trail: Files = (), given: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Document, Files]:
    """An outline's document with nothing in it that stands for something else, and the files that it is made of.

    `given` goes before the outline's own `vars` of these names.

    Raises:
        OutlineError: the file cannot be read, or holds too much.
    """
    expander = _Expander(read_yaml(path, OutlineError), (*trail, path.resolve()), given)
    document, files = splice_includes(expander.expand())
    return document, (*files, *expander.files)


@dataclass
class _Expander:
    """Goes through the slides of a document once."""

    document: Document
    trail: Files  # from the outline that is loaded to this one
    given: Mapping[str, Any] = field(default_factory=dict)
    files: dict[Path, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def expand(self) -> Document:
        data = self.document.data
        slides = data.get("slides") if isinstance(data, dict) else None
        if not isinstance(slides, list) or not any(_stands_for_others(slide) for slide in slides):
            return self.document
        own, spots = self._spots(len(slides))
        shown: list[Any] = []
        for index, slide in enumerate(slides):
            for each, places in self._meant(index, slide, own[index]):
                spots |= {("slides", len(shown), *path): spot for path, spot in places.items()}
                shown.append(each)
                if len(shown) > MAX_SLIDES:
                    raise OutlineError([*self.problems, self._problem(index, f"more than {MAX_SLIDES:,} slides", "")])
        problems = (*self.document.problems, *self.problems)
        return replace(self.document, data={**data, "slides": shown}, spots=spots, problems=problems)

    def _spots(self, count: int) -> tuple[list[dict[PathInData, Spot]], dict[PathInData, Spot]]:
        """The spots of each slide, by the path in it, and all others."""
        slides: list[dict[PathInData, Spot]] = [{} for _ in range(count)]
        others = {}
        for path, spot in self.document.spots.items():
            if len(path) > 1 and path[0] == "slides" and isinstance(path[1], int):
                if path[1] < count:  # of a key that stands there twice, the first may have had more
                    slides[path[1]][path[2:]] = spot
            else:
                others[path] = spot
        return slides, others

    def _problem(self, index: int, message: str, hint: str, key: str = "") -> Problem:
        return self.document.problem(message, hint, ("slides", index, *([key] if key else [])))

    def _meant(self, index: int, slide: Any, places: Spots) -> Iterator[tuple[Any, Spots]]:
        """The slides that a slide stands for: itself, or others."""
        try:
            if isinstance(slide, dict) and "include" in slide:
                yield from self._included(slide)
            elif isinstance(slide, dict) and "repeat" in slide:
                rest = {key: value for key, value in slide.items() if key != "repeat"}
                own = {path: spot for path, spot in places.items() if path[:1] != ("repeat",)}  # of many items, as many
                for number, item in enumerate(self._items(slide["repeat"])):
                    if number == 1:
                        rest.pop("id", None)
                    yield {**rest, "item": item}, own
            else:
                yield slide, places
        except (FileError, FormulaError) as error:
            key = "include" if "include" in slide else "repeat"
            self.problems.append(self._problem(index, error.message, error.hint, key))
            yield {}, {}  # a talk of nothing else is not said to be empty
        except OutlineError as error:
            self.problems += error.problems

    def _items(self, given: Any) -> list[Any]:
        expression = _EXPRESSION.fullmatch(given.strip()) if isinstance(given, str) else None
        own = self.document.data.get("vars")
        named = {**(own if isinstance(own, dict) else {}), **self.given}
        items = Formula(expression[1]).evaluate({"vars": named}) if expression else given
        if isinstance(items, list) and len(items) > MAX_SLIDES:
            raise FormulaError(f"more than {MAX_SLIDES:,} slides")
        if not isinstance(items, list):
            raise FormulaError("a slide is repeated over a list", "as in: repeat: [one, two], or '{{ vars.names }}'")
        return items

    def _included(self, slide: dict[str, Any]) -> Iterator[tuple[Any, Spots]]:
        if len(slide) > 1:
            raise FileError("an include has no other keys", "write them in the slides that it names")
        name, _, which = str(slide["include"]).partition("#")
        path = find_file(name, self.document.path)
        if path in self.trail:
            raise FileError(f"the outline includes itself: {path.name}", "leave the include out")
        if len(self.trail) > MAX_DEPTH:
            raise FileError(f"outlines are nested more than {MAX_DEPTH} deep")
        if path.suffix not in (".yaml", ".yml"):
            raise FileError(_NO_OUTLINE, _BLOCKS)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        document, files = read_outline(shown, self.trail)
        self.files |= dict.fromkeys(files)
        self.problems += document.problems
        yield from self._chosen(document, which)

    def _chosen(self, other: Document, which: str) -> Iterator[tuple[Any, Spots]]:
        """The slides of another outline that `which` names, as they are there."""
        data = other.data if isinstance(other.data, dict) else {}
        slides = data.get("slides")
        if not isinstance(slides, list):
            raise FileError(_NO_OUTLINE, _BLOCKS)
        if data.get("expressions", True) != self.document.data.get("expressions", True):
            raise FileError("one of the two outlines sets 'expressions: false'", "set it in both, or in none")
        folder = os.path.relpath(other.path.absolute().parent, self.document.path.absolute().parent)
        places, _ = _Expander(other, ())._spots(len(slides))
        for index in _indices(slides, places, which):
            slide = slides[index]
            yield _as_there(slide, folder, data.get("vars")) if isinstance(slide, dict) else slide, places[index]


def _as_there(slide: dict[str, Any], folder: str, variables: Any) -> dict[str, Any]:
    """A slide with the values that it has in its own talk; what is not well formed stays, to be told."""
    deeper, own = slide.get("folder", "."), slide.get("vars", {})
    values = {**variables, **own} if isinstance(variables, dict) and isinstance(own, dict) else own
    place = Path(os.path.normpath(Path(folder, deeper))).as_posix() if isinstance(deeper, str) else deeper
    return {**slide, "folder": place, "vars": values}


def _stands_for_others(slide: Any) -> bool:
    return isinstance(slide, dict) and bool({"include", "repeat"} & slide.keys())


def _indices(slides: list[Any], places: list[dict[PathInData, Spot]], which: str) -> list[int]:
    """The slides that "", "3-5", "1,4-6" or an id mean; that of a repeated slide means all that it stands for.

    Raises:
        FileError: there are none.
    """
    if not which:
        return list(range(len(slides)))
    if _NUMBERS.fullmatch(which):
        ranges = [[int(number) for number in part.split("-")] for part in which.split(",")]
        indices = [index for part in ranges for index in range(part[0] - 1, min(part[-1], len(slides) + 1))]
        if not indices or min(indices) < 0 or max(indices) >= len(slides):
            raise FileError(f"there are no slides {which} in it", f"it has {len(slides)}")
        return indices
    names = {str(slide.get("id")): i for i, slide in enumerate(slides) if isinstance(slide, dict) and "id" in slide}
    if which not in names:
        raise FileError(f"no slide in it has the id '{which}'", did_you_mean(which, names))
    found = names[which]
    return [
        found,
        *(i for i in range(found + 1, len(slides)) if places[i].get(()) == places[found].get(()) is not None),
    ]
