"""Reads the texts of a talk that is native to the other tool: what of them is shown, and a note of what is lost."""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from talkgen.errors import OutlineError, TalkgenError
from talkgen.outline import blocks
from talkgen.outline.files import FileError, find_file
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_texts
from talkgen.render.addresses import Addresses
from talkgen.render.components import find_components, is_nowhere
from talkgen.render.deck import BlockPath, Deck
from talkgen.render.expressions import beginnings
from talkgen.render.foreign import Foreign, settings_lost, settings_unknown
from talkgen.render.mdc import as_tags
from talkgen.render.places import FRAME, PLACE, VECTOR, arranged, sign, signs
from talkgen.yamlfile import read_text

_SET_UP = re.compile(r"<script\b(?=[^<>]*\bsetup\b)[^<>]*+>(.*?)(?:</script|\Z)", re.DOTALL)
_FRAME_HEIGHT = 360  # px of a slide
_LISTED = 1 << 20  # letters of a talk's listings from files


class ForeignText(Addresses):
    """Reads the other tool's source for one target."""

    is_foreign = True  # whether a native talk is another tool's
    at: BlockPath = ()  # the block at hand

    def __init__(self, deck: Deck) -> None:
        super().__init__(deck)
        self.styles: list[str] = []  # of the slide at hand, its author's own
        self.sheets: dict[str, None] = {}  # of all slides
        self._frames: list[str] = []
        self._room = _LISTED
        self._places: Mapping[str, Any] = {}
        self._values: Mapping[str, Any] = {}

    def turn_to(self, slide: Slide | None) -> None:
        """From here on files are named by this slide, or by the talk."""
        super().turn_to(slide)
        self.styles, self._frames = [], []
        places = slide.frontmatter.get("dragPos") if slide else None
        self._places = places if isinstance(places, dict) else {}
        self._values = dict(_beginnings(slide)) if slide and self.native == "slidev" else {}

    @property
    def native(self) -> str:
        """The other tool, where the talk is native to it."""
        return (self.deck.outline.native or "") if self.is_foreign else ""

    @cached_property
    def _components(self) -> frozenset[str]:
        return find_components(self.deck.folder)

    def foreign(self, source: str) -> str:
        """Source of a talk that is native to the other tool as Markdown for this one; what is lost is noted."""
        if not self.native:
            return source
        if self.native == "slidev" and self.deck.outline.frontmatter.get("mdc") is True:
            source = as_tags(source)
        read = Foreign(self.native, self._places, self._values, self._listed)
        try:
            text = read.read(_outdented(source) if "columns" in self.at else source)
        except OutlineError as error:
            self._note(f"what cannot be read ({error.problems[0].message})")
            return ""
        for each in read.lost:
            self._note(each)
        for each in read.plain:
            self.degrade(self.at, f"{self.native.capitalize()} alone has {each}: its text is shown")
        for each in read.passing:
            self.degrade(self.at, f"what is done with {each} at single clicks is not seen: it is as it is in the end")
        for name in read.components:
            nowhere = is_nowhere(name, self.deck, self._components)
            there = "the project has no component" if nowhere else f"{self.native.capitalize()} alone has"
            self.degrade(self.at, f"{there} <{name}>: its name is shown")
        self.styles += [css for css in read.styles if css not in self.styles]
        self.sheets |= {self.relink(css, Holds.CSS): None for css in read.sheets}
        for found in list(signs(text)):
            if found["kind"] == VECTOR:
                text = text.replace(found[0], self._vector(read.vectors[int(found["name"])]))
            elif found["kind"] == FRAME:
                self._frames.append(read.frames[int(found["name"])])
                text = text.replace(found[0], sign(f"{FRAME}s", str(len(self._frames) - 1)))
        return text

    def _listed(self, name: str) -> str | None:
        """The text of a file that a listing names; it comes along, and so a change of it is a change of the deck."""
        try:
            file = find_file(name, self._outline)
            text = read_text(file, most=self._room)
        except (FileError, TalkgenError):
            return None
        self._room -= len(text)
        self.address(name)
        return text

    def _note(self, lost: str) -> None:
        self.degrade(self.at, f"{self.native.capitalize()} alone has {lost}: shown without")

    def _vector(self, source: str) -> str:
        """A drawing of SVG in an author's text as a picture: no script of a picture runs."""
        name = f"figures/drawing-{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"
        if "xmlns=" not in source.split(">", 1)[0]:
            source = source.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        self.files[f"{self.folder}{name}"] = source
        return f'<img src="{self.assets}{name}" alt="">'

    def arranged(self, body: str, layout: str) -> str:
        """A slide's body; what a native talk has in places of its tool's layouts is where it belongs."""
        if not self.native:
            return body
        for found in list(signs(body)):
            if found["kind"] == f"{FRAME}s":
                page = blocks.Embed(embed=self._frames[int(found["name"])], height=_FRAME_HEIGHT)
                body = body.replace(found[0], self.write_embed(page, self.at))
        toc = sign(PLACE, "toc")
        return arranged(body.replace(toc, self.write_toc(blocks.Toc(), self.at)) if toc in body else body, layout)

    def note_settings(self, slide: Slide, number: int) -> None:
        """Notes the settings of a slide that the other tool alone reads; what follows is of this slide."""
        self.at = ("slides", number, "title")
        for lost in settings_lost(slide, self.native) if self.native else ():
            self._note(lost)
        if self.native == "slidev" and ":" not in (style := str(slide.frontmatter.get("style") or ":")):
            self.degrade(self.at, f"the setting style is no CSS ({style}): nothing is seen of it in Slidev either")
        for name in settings_unknown(slide, self.native) if self.native else ():
            self.degrade(self.at, f"what the setting {name} does is not known: shown without it")
        if self.native == "slidev" and isinstance(source := slide.frontmatter.get("src"), str):
            if (self.deck.folder / (slide.folder or "") / source.split("#")[0]).is_file():
                self._note(f"slides of another file (src: {source})")
            else:
                self.degrade(self.at, f"the project has no file {source}: shown without its slides")

    @abstractmethod
    def write_embed(self, block: blocks.Embed, path: BlockPath) -> str:
        """A page in a frame."""

    @abstractmethod
    def write_toc(self, block: blocks.Toc, path: BlockPath) -> str:
        """The titles of the talk, each a link."""


def _outdented(source: str) -> str:
    """Tags that stood within others, without the indentation by which they would be code where they stand alone."""
    found = re.match(r"[ \t]{4,}(?=<)", source)
    return re.sub(rf"^[ \t]{{1,{len(found[0])}}}", "", source, flags=re.MULTILINE) if found else source


def _beginnings(slide: Slide) -> Iterator[tuple[str, Any]]:
    """What the names begin as that the set-up of a slide has."""
    for text in find_texts(slide):
        if text.path[-1] != "code":
            for script in _SET_UP.findall(text.text):
                yield from beginnings(script)
