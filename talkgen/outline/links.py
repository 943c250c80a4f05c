"""Links inside a talk, as `[the gates](#gates)`: where each leads, and a message for those that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from talkgen.errors import Problem, nearest
from talkgen.outline.addresses import Address, link_addresses
from talkgen.outline.node import Holds
from talkgen.outline.schema import Outline
from talkgen.outline.walk import find_blocks, find_slides, find_texts
from talkgen.yamlfile import Document

_ID = re.compile(r"""\sid\s*=\s*["']?([^\s"'<>]+)""")
_SOURCE = {Holds.MARKDOWN, Holds.HTML, Holds.MARP, Holds.SLIDEV}


def link_targets(outline: Outline) -> Mapping[str, int]:
    """The index of the slide that each name leads to: a slide's number as shown, its id, a block's id, a title's words.

    The number goes before the names, and a name that is given goes before the words of a title.
    """
    slides = [slide for _, slide in find_slides(outline)]
    titles = {_words(slide.title): i for i, slide in reversed(list(enumerate(slides))) if slide.title}
    blocks = {block.id: i for i, slide in enumerate(slides) for _, block in find_blocks(slide) if block.id}
    ids = {slide.id: i for i, slide in enumerate(slides) if slide.id}
    shown = (i for i, slide in enumerate(slides) if not slide.hide)
    return titles | blocks | ids | {str(number): i for number, i in enumerate(shown, 1)}


def find_target(address: str, targets: Mapping[str, int]) -> int | None:
    """The index of the slide that a link to "#name" leads to."""
    return targets.get(unquote(address[1:]))


def check_links(outline: Outline, document: Document) -> Iterator[Problem]:
    """A problem for each link to a name that nothing has, and for each to a slide that is hidden."""
    targets = link_targets(outline)
    texts = list(find_texts(outline))
    own = {name for text in texts if text.marks & _SOURCE and "id" in text.text for name in _ID.findall(text.text)}
    for text in texts:
        for link in _links(text.text) if Holds.MARKDOWN in text.marks else ():
            name, index = unquote(link.to[1:]), find_target(link.to, targets)
            if "{{" in link.to or name in own:
                continue
            if index is None:
                hint = nearest(name, targets) or "give the slide or the block it is meant for an id"
                yield document.problem(f"nothing is called '{name}' here", hint, text.path, link.start)
            elif outline.slides[index].hide:
                hint = "show the slide, or leave the link out"
                yield document.problem(f"'{name}' is on a hidden slide", hint, text.path, link.start)


def _links(text: str) -> Iterator[Address]:
    yield from link_addresses(text, in_tags=False)
    yield from link_addresses(text, in_tags=True)


def _words(title: str) -> str:
    """A title as the tools write it in an address."""
    return re.sub(r"[^\w-]+", "-", title.lower()).strip("-")
