"""A native talk's slides as the other tool's writer takes them: what its settings show are blocks, classes and styles.

A directive of Marp holds from its slide on, one with `_` on its slide alone; here each slide has what holds on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from talkgen.outline import blocks
from talkgen.outline.schema import Slide
from talkgen.render.deck import Deck
from talkgen.render.foreign_notes import notes_within
from talkgen.render.foreign_styles import LOOKS, look

_FITS = ("cover", "contain")
_LOCAL = frozenset({*LOOKS, "class", "header", "footer", "paginate"})
# Of Slidev's own layouts only those with a frame show a page.
_OWN_LAYOUTS = frozenset(
    "center cover default end error fact full image image-left image-right intro none quote section statement two-cols "
    "two-cols-header".split()
)
_RULES = re.compile(r"[^{}<>:]*:[^{}<>]*")
_SHOWS = ("image", "url", "backgroundSize", "background")  # which a slide's settings are then without


def as_seen(deck: Deck) -> Deck:
    """The deck with the pictures and pages of its layouts in the bodies, behind what stands there: paths stay."""
    if deck.outline.native is None:
        return deck
    slides = list(_directed(deck)) if deck.outline.native == "marp" else [_seen(each) for each in deck.outline.slides]
    return replace(deck, outline=deck.outline.model_copy(update={"slides": slides}))


def _directed(deck: Deck) -> Iterator[Slide]:
    """The slides of a Marp deck, each with what directives do to it."""
    lasting: dict[str, Any] = {name: value for name, value in deck.outline.directives.items() if name in _LOCAL}
    for number, slide in enumerate(deck.outline.slides):
        lasting |= {name: value for name, value in slide.directives.items() if name in _LOCAL}
        once = (deck.outline.directives if number == 0 else {}) | slide.directives
        here = lasting | {name[1:]: value for name, value in once.items() if name[0] == "_" and name[1:] in _LOCAL}
        update: dict[str, Any] = {"directives": _rest(slide.directives, here)}
        if slide.class_ is None and here.get("class"):
            names = here["class"]
            update["class_"] = " ".join(map(str, names)) if isinstance(names, list) else str(names)
        for name in ("header", "footer"):
            if getattr(slide, name) is None and name in here:
                update[name] = str(here[name] or "")
        if within := list(notes_within(slide)):
            update["notes"] = "\n\n".join(filter(None, [*within, slide.notes]))
        if css := look(here):
            style = blocks.Markdown(markdown=f"<style scoped>\nsection {{{css}}}\n</style>")
            update["body"] = [*slide.body, style]
        yield slide.model_copy(update=update)


def _rest(directives: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, Any]:
    """The directives of a slide that are not in it yet: those that say nothing here, and whether it has a number."""
    rest = {name: value for name, value in directives.items() if name.removeprefix("_") not in _LOCAL}
    return rest | ({"paginate": here["paginate"]} if "paginate" in here else {})


def _seen(slide: Slide) -> Slide:
    settings = slide.frontmatter
    image, (setting, page) = settings.get("image"), _page(slide)
    shown: list[blocks.AnyBlock] = []
    if isinstance(image, str) and image.strip():
        shown.append(_picture(image.strip(), slide.layout, settings.get("backgroundSize")))
    if page:
        shown.append(blocks.Embed(embed=page))
    gone = {*_SHOWS, setting} if shown else set[str]()
    if css := _look(settings):
        shown.append(blocks.Markdown(markdown=f"<style>\n{css}\n</style>"))
        gone |= {"style", "zoom"}
    if not shown:
        return slide
    rest: dict[str, Any] = {name: value for name, value in settings.items() if name not in gone}
    layout = "default" if slide.layout in ("image-left", "image-right", "image") else slide.layout
    return slide.model_copy(update={"body": [*slide.body, *shown], "frontmatter": rest, "layout": layout})


def _page(slide: Slide) -> tuple[str, str]:
    """The setting that says which page a layout has in its frame, and its address; empty where none does.

    Layouts of themes may call it `src`, which elsewhere names a file of slides: no file has a web address.
    """
    for setting, layout in (("url", slide.layout not in _OWN_LAYOUTS), ("src", "iframe" in slide.layout)):
        address = slide.frontmatter.get(setting)
        if layout and isinstance(address, str) and address.startswith(("http:", "https:")):
            return setting, address
    return "", ""


def _look(settings: Mapping[str, Any]) -> str:
    """What `style` and `zoom` do to a slide, as CSS; empty where one is set that is none."""
    style, zoom = settings.get("style", ""), settings.get("zoom", 1)
    if not (isinstance(style, str) and isinstance(zoom, int | float)) or (style and not _RULES.fullmatch(style)):
        return ""
    rules = [f"section {{{style}}}" if style else "", f"section > * {{zoom: {zoom}}}" if zoom != 1 else ""]
    return "\n".join(rule for rule in rules if rule)


def _picture(image: str, layout: str, size: Any) -> blocks.Image:
    """The picture that a layout shows: on the side that its name says, or behind the text."""
    fit = {"size": size} if size in _FITS else {}
    for side in ("left", "right"):
        if side in layout:
            return blocks.Image.model_validate({"image": image, "side": side, **fit})
    return blocks.Image.model_validate({"image": image, "background": True, **fit})
