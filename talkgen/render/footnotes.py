"""Footnotes, `[^1]` in a text and `[^1]: what it says` in one of the same slide: at the slide's foot in both decks.

Slidev collects them at the end of the deck's source and Marp shows their signs; so they are read here, and written as
elements that both show alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from talkgen.outline.addresses import prose
from talkgen.outline.blocks import Markdown
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks, find_texts
from talkgen.yamlfile import PathInData

REFERENCE = re.compile(r"\[\^(?P<label>[^\]\s\[]{1,80})\]")
_DEFINITION = re.compile(
    r"^ {0,3}\[\^(?P<label>[^\]\s\[]{1,80})\]:[ \t]*(?P<words>\S.*(?:\n(?: {2}|\t)[^\S\n]*+\S.*)*)\n?", re.MULTILINE
)


def find_footnotes(slide: Slide) -> dict[str, str]:
    """What each footnote of a slide says, by its label, of those that one of its texts refers to."""
    said = {found["label"]: found["words"] for text in _markdown(slide) for found in _definitions(text)}
    texts = [_DEFINITION.sub("", text.text) for text in find_texts(slide) if "[^" in text.text]
    referred = {found["label"] for text in [*texts, *said.values()] for found in REFERENCE.finditer(text)}
    return {label: " ".join(words.split()) for label, words in said.items() if label in referred}


def lone_footnotes(slide: Slide) -> Iterator[tuple[str, PathInData]]:
    """What stays text on a slide: signs that no text of it explains and notes without a sign, each with its text."""
    said = {found["label"]: found["words"] for text in _markdown(slide) for found in _definitions(text)}
    referred = {found["label"] for words in said.values() for found in REFERENCE.finditer(words)}
    for text in find_texts(slide):
        if "[^" in text.text and Holds.MARKDOWN in text.marks:
            for found in REFERENCE.finditer(prose(_DEFINITION.sub("", text.text))):
                referred.add(found["label"])
                if found["label"] not in said:
                    yield f"'{found[0]}'", text.path
    for path, block in find_blocks(slide):
        if isinstance(block, Markdown):
            lone = (found["label"] for found in _definitions(block.markdown) if found["label"] not in referred)
            yield from ((f"'[^{label}]: …'", path) for label in lone)


def _markdown(slide: Slide) -> Iterator[str]:
    return (block.markdown for _, block in find_blocks(slide) if isinstance(block, Markdown) and "]:" in block.markdown)


def _definitions(text: str) -> Iterator[re.Match[str]]:
    """Those outside of code: there the text and its prose are the same."""
    shown = prose(text)
    return (found for found in _DEFINITION.finditer(text) if shown[found.start() : found.end()] == found[0])


def without_footnotes(text: str, labels: set[str]) -> str:
    """A text without the definitions of these footnotes."""
    parts, done = [], 0
    for found in _definitions(text) if labels and "]:" in text else ():
        if found["label"] in labels:
            parts += [text[done : found.start()], "\n"]
            done = found.end()
    return "".join([*parts, text[done:]])
