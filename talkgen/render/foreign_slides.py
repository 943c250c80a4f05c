"""A native talk's slides as the other tool's writer takes them: what a layout shows by its settings are blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from talkgen.outline import blocks
from talkgen.outline.schema import Slide
from talkgen.render.deck import Deck

_FITS = ("cover", "contain")
_SHOWS = ("image", "url", "backgroundSize", "background")  # which a slide's settings are then without


def as_seen(deck: Deck) -> Deck:
    """The deck with the pictures and pages of its layouts in the bodies, behind what stands there: paths stay."""
    if deck.outline.native != "slidev":
        return deck
    slides = [_seen(slide) for slide in deck.outline.slides]
    return replace(deck, outline=deck.outline.model_copy(update={"slides": slides}))


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
