"""A talk before the stage: everything that is looked at, in the order in which a speaker would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from talkgen.check.comments import find_commented
from talkgen.check.findings import SEVERITIES, Finding
from talkgen.check.looks import find_unsightly
from talkgen.check.speaking import find_unsaid
from talkgen.check.standing import find_degraded, find_old_pictures, find_stale
from talkgen.check.terms import find_misspelled
from talkgen.outline.find import find_outline
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.request import Request
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import TARGETS

Report = Callable[[str], None]


def check_talk(request: Request, targets: Iterable[str], report: Report, *, links: bool = False) -> list[Finding]:
    """What is to be mended in a talk and in its decks, the worst first; `links` asks the web.

    Looked at are the decks for the `targets`; where none is named, those that were built. Nothing is built: a deck that
    is not as it would be built now is a finding, and so is one that is not there, unless another is that was not named.

    Raises:
        OutlineError: the outline cannot be built.
        ToolError: there is no browser to look at the slides with, or a deck does not open in it.
    """
    path = find_outline(request.outline)
    plan = make_plan(Talk(path, request.vars), request.model)
    source = plan.talk.source
    found = [*find_commented(source), *find_misspelled(source), *find_unsaid(source), *find_old_pictures(plan.talk)]
    if links:
        from talkgen.check.links import find_dead

        report("asking where the links lead")
        found += find_dead(source)
    for deck in _decks(request, path, list(targets)):
        stale = list(find_stale(plan, deck))
        found += [*stale, *find_degraded(deck)]
        if not stale:  # another deck has other slides
            found += find_unsightly(plan, deck, report)
    return sorted(found, key=lambda each: -SEVERITIES.index(each.severity))


def _decks(request: Request, path: Path, targets: list[str]) -> list[DeckFolder]:
    """The decks to look at: of a talk that is given with one tool, the other tool's was never wanted."""
    decks = [replace(request, target=target).deck_folder(path) for target in targets or TARGETS]
    return [deck for deck in decks if targets or deck.built.entries] or decks
