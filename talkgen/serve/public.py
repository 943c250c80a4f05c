"""What of a deck everybody may have: what a page shows, without the speaker's notes; its source is the presenter's.

Marp writes notes into the page and Slidev into a script, as text that nothing but the presenter's windows shows.
"""

from __future__ import annotations

import re
from pathlib import PurePath

_SHOWN = frozenset(  # what pages are made of; source, exports and lists of files are not among it
    ".html .js .mjs .css .svg .png .jpg .jpeg .gif .webp .avif .ico .mp4 .webm .ogv .mov .mp3 .ogg .wav .m4a .vtt "
    ".woff .woff2 .ttf .otf .wasm".split()
)
_NOTES = {  # in a page of Marp's they are escaped, so that no tag is in them; in a script of Slidev's a literal
    ".html": (re.compile(r'<div class="bespoke-marp-note".*?</div>', re.DOTALL), ""),
    ".js": (re.compile(r"""([,{]note(?:HTML)?:)([`"'])(?:[^\\]|\\.)*?\2""", re.DOTALL), r"\1\2\2"),
}


def is_shown(name: str) -> bool:
    """Whether the file `name` of a deck's folder is something that its pages show."""
    return PurePath(name).suffix.lower() in _SHOWN


def can_hold_notes(name: str) -> bool:
    """Whether the file `name` is of a kind that notes are written into."""
    return PurePath(name).suffix.lower() in _NOTES


def without_notes(name: str, text: str) -> str:
    """The text of the page or script `name`, the speaker's notes left out."""
    notes, nothing = _NOTES[PurePath(name).suffix.lower()]
    return notes.sub(nothing, text)
