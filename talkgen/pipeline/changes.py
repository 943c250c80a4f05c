"""What changed of a talk between two plans: which slides and what of them, what is computed anew, where slides went."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from talkgen.pipeline.draft import Draft
from talkgen.pipeline.plan import Plan

Slide = Mapping[str, Any]  # what the outline gives to one, field by field


def describe_changes(before: Plan, after: Plan) -> Iterator[str]:
    """A line for each slide that changed, with its place in the outline, and for each other thing of the deck."""
    yield from _describe_slides(_slides(before.draft), after)
    old, new = _settings(before.draft), _settings(after.draft)
    yield from (f"the deck's {name}" for name in {**old, **new} if old.get(name) != new.get(name))
    keys = {artifact.key.hexdigest for artifact in before.artifacts}  # names hold the numbers of slides
    yield from (artifact.name for artifact in after.artifacts if artifact.key.hexdigest not in keys)


def _describe_slides(old: Sequence[Slide], after: Plan) -> Iterator[str]:
    new = _slides(after.draft)
    for tag, start, end, first, last in _opcodes(old, new):
        for index in range(first, last) if tag != "equal" else ():
            place = after.talk.source.place(("slides", index))
            was = old[start + index - first] if start + index - first < end else None
            fields = [name for name in {**(was or {}), **new[index]} if was and was.get(name) != new[index].get(name)]
            yield f"{place.path}:{place.line}: slide {index + 1}: {', '.join(fields) or 'new'}"
        for index in range(start + last - first, end):
            yield f"slide {index + 1} is gone"


def slide_positions(before: Draft, after: Draft) -> list[int]:
    """Where each slide of a deck is in the next one, from 0; for one that is gone, what stands in its place."""
    old, new = (_shown(draft) for draft in (before, after))
    places: list[int] = []
    for _, start, end, first, last in _opcodes(old, new):
        places += [min(first + offset, max(first, last - 1), len(new) - 1) for offset in range(end - start)]
    return places


def _opcodes(old: Sequence[Slide], new: Sequence[Slide]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, _texts(old), _texts(new), autojunk=False).get_opcodes()


def _texts(slides: Sequence[Slide]) -> list[str]:
    return [json.dumps(slide, sort_keys=True) for slide in slides]


def _shown(draft: Draft) -> list[Slide]:
    slides = _slides(draft)
    return [slides[index] for index in draft.shown]


def _slides(draft: Draft) -> list[Slide]:
    slides: dict[int, dict[str, Any]] = {}
    for part, value in draft.text.items():
        name, found, number = part.rpartition(" of slide ")
        if found:
            slides.setdefault(int(number) - 1, {})[name] = value
    return [slides.get(index, {}) for index in range(max(slides, default=-1) + 1)]


def _settings(draft: Draft) -> Slide:
    start = "the deck's "
    return {part.removeprefix(start): value for part, value in draft.text.items() if part.startswith(start)}
