"""What the browser finds on the slides of a built deck: what does not fit, is hard to read or asks elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from talkgen.check.findings import Finding
from talkgen.errors import Problem
from talkgen.export.slides import Seen, look_at_slides
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.overflow import FORMAT, record, spell_out
from talkgen.pipeline.plan import Plan
from talkgen.yamlfile import where_path

LEAST_TEXT = 20  # px of a slide 1280 wide: what the last row reads
_RULES = {  # of axe-core, those that have a rule of their own here
    "color-contrast": "contrast",
    "image-alt": "alt-text",
    "role-img-alt": "alt-text",
    "svg-img-alt": "alt-text",
    "input-image-alt": "alt-text",
}


def find_unsightly(plan: Plan, deck: DeckFolder, report: Callable[[str], None]) -> Iterator[Finding]:
    """A finding for each thing that is wrong on a slide as it is shown; nothing where the deck is not there as HTML.

    Raises:
        ToolError: there is no browser, or the deck does not open in it.
    """
    if FORMAT not in deck.opens:
        return
    name, size = deck.target.name, plan.draft.size
    shown = plan.draft.pages(name)
    report(f"looking at every slide of the {name.capitalize()} deck")
    look = look_at_slides(deck.path / deck.opens[FORMAT][0], name, len(shown), size, report, accessibility=True)
    for host in look.hosts:
        yield Finding("other-host", Problem(f"the {name.capitalize()} deck asks {host}"), name)
    for address in look.failed:
        yield Finding("lost", Problem(f"the {name.capitalize()} deck asks for {address}, and nothing is there"), name)
    for index, seen in zip(shown, look.slides, strict=True):
        for rule, message in _said(seen, deck, plan):
            place = plan.talk.source.place(("slides", index))
            problem = Problem(f"slide {index + 1}: {message}", place=place, where=where_path(("slides", index)))
            yield Finding(rule, problem, name)


def _said(seen: Seen, deck: DeckFolder, plan: Plan) -> Iterator[tuple[str, str]]:
    """What is wrong with a slide, each with its rule."""
    yield from (("overflow", each) for each in spell_out(record(seen), deck, plan))
    if seen.smallest is not None and seen.smallest < LEAST_TEXT:
        yield "small-text", _small(seen.smallest, seen.smallest_words)
    if (drawn := seen.texts.get("figure")) and drawn[0] < LEAST_TEXT:
        yield "small-text", _small(*drawn)
    for each in seen.barriers:
        yield _RULES.get(each.rule, "accessibility"), str(each)


def _small(size: float, words: str) -> str:
    return f"text of {size:g} px, at least {LEAST_TEXT} can be read: {words!r}"
