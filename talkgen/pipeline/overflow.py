"""What of a built deck does not fit on its slides as the browser lays them out: found once for an export, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from talkgen.assets import asset_dir
from talkgen.digest import digest_file
from talkgen.errors import Problem, TalkgenError
from talkgen.export.browser import has_browser
from talkgen.pipeline.deck_folder import DeckFolder
from talkgen.pipeline.plan import Plan
from talkgen.store.cas import Store
from talkgen.store.key import Key, code_parts, make_key

if TYPE_CHECKING:
    from talkgen.export.slides import Seen

FORMAT = "html"  # what a browser shows


def find_overflow(deck: DeckFolder, plan: Plan, store: Store, report: Callable[[str], None]) -> list[Problem]:
    """A problem for each slide that reaches over its edges or cuts off what is in it, with its place in the outline.

    Nothing where no browser is there to lay the slides out, or where the deck was not built as HTML.

    Raises:
        ToolError: the browser failed, or the deck does not open in it.
    """
    if FORMAT not in deck.opens or not has_browser():
        return []
    key = _key(deck, plan)
    found = store.lookup(key)
    if found is None:
        found = store.put(key, {"slides": json.dumps(_look(deck, plan, report)).encode()})
    return list(_problems(json.loads(store.read(found, "slides")), deck, plan))


def _key(deck: DeckFolder, plan: Plan) -> Key:
    """What is seen depends on the export's files, on the slide's size, and on what looks at them."""
    entry = deck.built.entries[f"export {FORMAT}"]
    programs = sorted((asset_dir("templates") / "node" / "browser").iterdir())
    return make_key(
        "overflow",
        {
            "files": entry.files,
            "size": plan.draft.size,
            "slides": len(plan.draft.pages(deck.target.name)),
            **{f"templates/node/browser/{file.name}": digest_file(file) for file in programs if file.is_file()},
            **code_parts("talkgen.export.slides:look_at_slides"),
        },
    )


def _look(deck: DeckFolder, plan: Plan, report: Callable[[str], None]) -> list[dict[str, Any]]:
    from talkgen.export.slides import look_at_slides

    page, count = deck.path / deck.opens[FORMAT][0], len(plan.draft.pages(deck.target.name))
    report("looking at every slide")
    look = look_at_slides(page, deck.target.name, count, plan.draft.size, report)
    return [record(each) for each in look.slides]


def record(seen: Seen) -> dict[str, Any]:
    """What of a slide does not fit, as JSON values: px over its edges, what is cut off, formulas too wide."""
    return {"tall": seen.too_tall, "wide": seen.too_wide, "cut": seen.clipped, "beyond": seen.beyond}


def _problems(slides: list[dict[str, Any]], deck: DeckFolder, plan: Plan) -> Iterator[Problem]:
    for index, slide in zip(plan.draft.pages(deck.target.name), slides, strict=True):
        if said := spell_out(slide, deck, plan):
            error = TalkgenError(f"slide {index + 1} is {'; '.join(said)}", _hint(plan, index))
            yield from plan.talk.problems_at(("slides", index), error)


def _hint(plan: Plan, index: int) -> str:
    outline = plan.talk.source.outline
    slide = outline.slides[index]
    if (slide.fit or outline.fit) == "shrink":
        floor = slide.floor or outline.floor
        return f"its text is as small as its floor of {floor} px lets it be: take something away"
    return "take something away, give a picture another height, or let it shrink: 'fit: shrink'"


def spell_out(slide: Mapping[str, Any], deck: DeckFolder, plan: Plan) -> list[str]:
    """What `record` kept of a slide, in words."""
    width, height = plan.draft.size
    target = deck.target.name.capitalize()
    said = [
        f"{px} px too {side} ({target}: {room + px} of {room})"
        for px, side, room in ((slide["tall"], "tall", height), (slide["wide"], "wide", width))
        if px
    ]
    said += [f"cut off in {target}, {cut}" for cut in slide["cut"]]
    return said + [f"overrun in {target} by a formula that leaves its column, {each}" for each in slide["beyond"]]
