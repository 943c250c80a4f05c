"""The words of a resolved deck: titles, notes, and what a reader without eyes would be told of each slide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from talkgen.outline.blocks import AnyBlock, Columns, Gradio, Live, Mermaid
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks, find_texts
from talkgen.render.deck import BlockPath, Chips, Deck, Drawing, LiveAnswer, Picture
from talkgen.render.escape import plain
from talkgen.words import DeckWords, SlideWords

CLICK = re.compile(r"\[click(?::\d+)?\][ \t]*", re.IGNORECASE)  # where Slidev's presenter view marks the next click
_AS_WRITTEN = {"math", "code", "alt", "title"}  # fields that are shown and hold no Markdown
_TITLE = 80  # characters that stand for a title where there is none


def deck_words(deck: Deck) -> DeckWords:
    """What the deck says, slide by slide; hidden ones are not in it."""
    outline = deck.outline
    shown = [(number, slide) for number, slide in enumerate(outline.slides) if not slide.hide]
    slides = tuple(_slide_words(deck, slide, number, at) for at, (number, slide) in enumerate(shown, 1))
    return DeckWords(outline.title, outline.author or "", outline.description or "", outline.lang, slides)


def _slide_words(deck: Deck, slide: Slide, number: int, at: int) -> SlideWords:
    found = list(find_blocks(slide, ("slides", number)))
    texts = (words for path, block in found for words in _block_words(deck, block, path) if words)
    parts = [*_prose(slide.subtitle), *texts]
    first = parts[0].splitlines()[0].lstrip("#> ")[:_TITLE] if parts else ""
    title = " ".join(plain(slide.title or "").split()) or first or f"Slide {at}"
    live = tuple(name for _, block in found if (name := _live_name(block)))
    return SlideWords(title, CLICK.sub("", slide.notes).strip(), "\n".join(parts), slide.duration, live)


def _live_name(block: AnyBlock) -> str | None:
    match block:
        case Live():
            return block.live
        case Gradio():
            return block.gradio
        case _:
            return None


def _block_words(deck: Deck, block: AnyBlock, path: BlockPath) -> Iterator[str]:
    match deck.computed.get(path):
        case Picture(alt=alt):
            yield alt
        case Drawing(words=words) if isinstance(block, Mermaid) and not block.alt:
            yield words
        case Chips(pieces=pieces):
            yield "".join(pieces)
        case LiveAnswer(recording=recording):
            yield str(recording["prompt"])
        case _:
            pass
    if not isinstance(block, Columns):  # what is in them is found by itself
        for text in find_texts(block):
            if Holds.MARKDOWN in text.marks:
                yield from _prose(text.text)
            elif text.path[-1] in _AS_WRITTEN and text.text.strip():
                yield text.text.strip()


def _prose(text: str | None) -> Iterator[str]:
    if words := plain(text or ""):
        yield words
