"""Slides whose content shrinks until it fits: which, and how small their text may become."""

from __future__ import annotations

from talkgen.outline.schema import Outline, Slide


def fit_classes(slide: Slide, outline: Outline) -> list[str]:
    """The class by which `templates/web/fit.js` finds the slide, with its floor in px; none where it keeps sizes."""
    shrinks = (slide.fit or outline.fit) == "shrink"
    return [f"tg-fit-{slide.floor or outline.floor}"] if shrinks else []
