"""A native talk's slides as the other tool's writer takes them: what its settings show are blocks, classes and styles.

A directive of Marp holds from its slide on, one with `_` on its slide alone; here each slide has what holds on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from talkgen.outline import blocks
from talkgen.outline.schema import Slide
from talkgen.render.deck import Deck
from talkgen.render.foreign_styles import LOOKS, look

_FITS = ("cover", "contain")
_LOCAL = frozenset({*LOOKS, "class", "header", "footer", "paginate"})
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
    for slide in deck.outline.slides:
        lasting |= {name: value for name, value in slide.directives.items() if name in _LOCAL}
        once = {name[1:]: value for name, value in slide.directives.items() if name[0] == "_" and name[1:] in _LOCAL}
        here = lasting | once
        update: dict[str, Any] = {"directives": _rest(slide.directives, here)}
        if slide.class_ is None and here.get("class"):
            names = here["class"]
            update["class_"] = " ".join(map(str, names)) if isinstance(names, list) else str(names)
        for name in ("header", "footer"):
            if getattr(slide, name) is None and name in here:
                update[name] = str(here[name] or "")
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
    image, url = settings.get("image"), settings.get("url")
    shown: list[blocks.AnyBlock] = []
    if isinstance(image, str) and image.strip():
        shown.append(_picture(image.strip(), slide.layout, settings.get("backgroundSize")))
    if isinstance(url, str) and url.startswith(("http:", "https:")) and "iframe" in slide.layout:
        shown.append(blocks.Embed(embed=url))
    if not shown:
        return slide
    rest: dict[str, Any] = {name: value for name, value in settings.items() if name not in _SHOWS or not shown}
    layout = "default" if slide.layout in ("image-left", "image-right", "image") else slide.layout
    return slide.model_copy(update={"body": [*slide.body, *shown], "frontmatter": rest, "layout": layout})


def _picture(image: str, layout: str, size: Any) -> blocks.Image:
    """The picture that a layout shows: on the side that its name says, or behind the text."""
    fit = {"size": size} if size in _FITS else {}
    for side in ("left", "right"):
        if side in layout:
            return blocks.Image.model_validate({"image": image, "side": side, **fit})
    return blocks.Image.model_validate({"image": image, "background": True, **fit})
