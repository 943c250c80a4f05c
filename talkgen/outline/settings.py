"""Checks settings that a deck takes silently and no browser makes anything of: a language, a transition, a background.

Only in talks of ours: a deck that is native to a tool may mean by them whatever its own code makes of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from talkgen.errors import Problem, did_you_mean, nearest
from talkgen.outline.blocks import Video
from talkgen.outline.files import is_file_name
from talkgen.outline.parts import Parts
from talkgen.outline.schema import Outline
from talkgen.outline.walk import find_blocks, find_slides
from talkgen.yamlfile import Document, PathInData

_TAG = re.compile(r"(?:[a-z]{2,3}|[ix](?=-))(?:-[a-z0-9]{1,8})*", re.IGNORECASE)  # of BCP 47
_MARP = (
    "clockwise counterclockwise cover coverflow cube cylinder diamond drop explode fade fade-out fall flip glow "
    "implode in-out iris-in iris-out melt none overlap pivot pull push reveal rotate slide star swap swipe swoosh "
    "wipe wiper zoom"
).split()
_SLIDEV = "fade fade-out none slide-down slide-left slide-right slide-up view-transition".split()
TRANSITIONS = sorted({*_MARP, *_SLIDEV})
# Words that CSS takes for a background beside its named colours.
_NO_COLORS = frozenset(
    "accentcolor accentcolortext activetext buttonborder buttonface buttontext canvas canvastext currentcolor field "
    "fieldtext graytext highlight highlighttext inherit initial linktext mark marktext none revert revert-layer "
    "selecteditem selecteditemtext transparent unset visitedtext".split()
)
_FILM_PAGES = {"youtube.com": "YouTube", "youtu.be": "YouTube", "youtube-nocookie.com": "YouTube", "vimeo.com": "Vimeo"}


def check_settings(parts: Parts, document: Document) -> Iterator[Problem]:
    """A problem for each setting that no tool and no browser knows; what expressions stand in is left for later."""
    if not isinstance(document.data, dict) or document.data.get("native"):
        return
    outline = parts.get(())
    transitions: list[tuple[PathInData, str | None]] = []
    if isinstance(outline, Outline):
        yield from _check_language(outline.lang, document)
        transitions.append((("transition",), outline.transition))
    for path, slide in (found for at, part in parts.items() for found in find_slides(part, at)):
        transitions.append(((*path, "transition"), slide.transition))
        yield from _check_background(slide.background, document, (*path, "background"))
    unknown = [(path, name) for path, given in transitions for name in _unknown_transitions(given)]
    for path, name in [] if unknown and _brings_styles(document.data) else unknown:
        yield document.problem(f"there is no transition '{name}'", did_you_mean(name, TRANSITIONS), path)
    for path, block in (found for at, part in parts.items() for found in find_blocks(part, at)):
        if isinstance(block, Video):
            yield from _check_video(block.video, document, (*path, "video"))


def _check_language(tag: str, document: Document) -> Iterator[Problem]:
    if not _TAG.fullmatch(tag):
        yield document.problem(f"'{tag}' is no tag of a language", "write it as in de, en-GB or zh-Hans", ("lang",))


def _unknown_transitions(given: str | None) -> list[str]:
    """Slidev takes one for forward and one for backward, `a | b`; Marp a duration behind the name, `fade 2s`."""
    names = [part.split()[0] for part in (given or "").split("|") if part.strip()]
    return [name for name in names if name not in TRANSITIONS and not name.startswith("{")]


def _brings_styles(data: Mapping[str, Any]) -> bool:
    """Whether a talk can have transitions of its own: by rules of CSS, or a theme or addons of a tool's own."""
    text = json.dumps(data, default=str, ensure_ascii=False)
    return not isinstance(data.get("theme", ""), str) or bool(re.search(r"addons|@keyframes|-enter-|-leave-", text))


def _check_background(given: str | None, document: Document, path: PathInData) -> Iterator[Problem]:
    """One word is a colour; what is more is CSS, for the browser to read."""
    if given is None or is_file_name(given) or not re.fullmatch(r"[#\w-]+", given):
        return
    from PIL import ImageColor  # knows the colours of CSS; most talks have no such word

    word = given.lower()
    is_hex = re.fullmatch(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", word)
    if not (is_hex or word in _NO_COLORS or word in ImageColor.colormap):
        hint = nearest(word, ImageColor.colormap) or "as in white, '#0e1420' or pictures/sky.jpg"
        yield document.problem(f"'{given}' is neither a colour of CSS nor a file", hint, path)


def _check_video(address: str, document: Document, path: PathInData) -> Iterator[Problem]:
    host = ".".join((urlsplit(address).hostname or "").split(".")[-2:]) if "//" in address else ""
    if host in _FILM_PAGES and not re.search(r"\.(?:mp4|webm|ogv|m3u8)$", urlsplit(address).path):
        message = f"this is a page of {_FILM_PAGES[host]}, and no film that a slide can play"
        hint = f"write a link, [The film]({address}), or put a file that you may show beside the outline"
        yield document.problem(message, hint, path)
