"""Notes and planned minutes: whether who speaks has what to say, and the time to say it."""

from __future__ import annotations

from collections.abc import Iterator

from talkgen.check.findings import Finding
from talkgen.errors import Problem
from talkgen.outline.source import Source
from talkgen.yamlfile import PathInData, where_path


def find_unsaid(source: Source) -> Iterator[Finding]:
    """Slides without notes or planned minutes, and a talk that takes longer than its slot."""
    shown = [(index, slide) for index, slide in enumerate(source.outline.slides) if not slide.hide]
    timed = [slide.duration for _, slide in shown if slide.duration]
    for index, slide in shown:
        name = f"slide {index + 1}"
        if not slide.notes.strip():
            yield _finding(source, ("slides", index), "no-notes", f"{name} has no notes")
        if timed and not slide.duration:
            yield _finding(source, ("slides", index), "no-duration", f"{name} has no duration, and others have")
    slot = source.outline.slot
    if slot and sum(timed) > slot:
        message = f"the slides take {sum(timed):g} minutes of a slot of {slot:g}"
        yield _finding(source, ("slot",), "duration", message, "shorten, hide or divide what is planned")


def _finding(source: Source, path: PathInData, rule: str, message: str, hint: str = "") -> Finding:
    return Finding(rule, Problem(message, hint, source.place(path), where_path(path)))
