"""What a speaker needs of each slide: its title, its notes, its planned minutes and what is live on it; as plain JSON.

Written beside the deck, so that a presenting server need not know outlines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from talkgen.outline.blocks import Gradio, Live
from talkgen.outline.schema import Outline, Slide
from talkgen.outline.walk import find_blocks


def slides_to_speak(outline: Outline) -> list[dict[str, Any]]:
    """The slides that are shown, in their order; all expressions of `outline` are evaluated."""
    return [
        {
            "title": _plain(slide.title or ""),
            "notes": slide.notes.strip(),
            "minutes": slide.duration,
            "live": list(_live(slide)),
        }
        for slide in outline.slides
        if not slide.hide
    ]


def _live(slide: Slide) -> Iterator[str]:
    for _, block in find_blocks(slide):
        if isinstance(block, Live):
            yield block.live
        elif isinstance(block, Gradio):
            yield block.gradio


def _plain(markdown: str) -> str:
    """A title's words without its marks."""
    from markdown_it import MarkdownIt

    inline = MarkdownIt("commonmark").parseInline(markdown)[0].children or ()
    return "".join(token.content for token in inline if token.type in ("text", "code_inline"))
