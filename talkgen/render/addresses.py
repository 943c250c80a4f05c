"""Where a deck finds things: the talk's files that come along, and the slides that links lead to; knows no block."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

from pydantic import JsonValue

from talkgen.outline.addresses import link_addresses, replace_addresses
from talkgen.outline.files import FileError, addresses_in, find_address, setting_holds
from talkgen.outline.find import NAME
from talkgen.outline.links import find_target, link_targets
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.render.deck import BlockPath, Deck, Degraded


class Addresses(ABC):
    """Gives addresses in a deck; collects the files they are of, and what the target cannot show as written."""

    assets = ""  # what stands before the path of a file of the deck, as in "/" of a site
    folder = ""  # where in the output such files go

    def __init__(self, deck: Deck) -> None:
        self.deck = deck
        self.files: dict[str, str | Path] = {}
        self.degraded: list[Degraded] = []
        self.missing: list[str] = []
        self._outline = deck.folder / NAME  # beside which files are that the slide at hand names
        self._targets = link_targets(deck.outline)
        shown = (index for index, slide in enumerate(deck.outline.slides) if not slide.hide)
        self._numbers = {index: number for number, index in enumerate(shown, 1)}

    def shown(self) -> Iterator[tuple[int, Slide]]:
        """The slides that are in the deck, each with its number."""
        return ((number, self.deck.outline.slides[index]) for index, number in self._numbers.items())

    def turn_to(self, slide: Slide | None) -> None:
        """From here on files are named by this slide, or by the talk."""
        self._outline = self.deck.folder / ((slide and slide.folder) or "") / NAME

    def degrade(self, path: BlockPath, message: str) -> None:
        """Notes that something is shown otherwise than written."""
        where = f"slide {int(path[1]) + 1}" if len(path) > 1 else "deck"
        self.degraded.append(Degraded(where, message, path))

    def address(self, name: str) -> str | None:
        """The address in the deck of the file that an address in the outline names; None of what is none.

        The file is copied under its own path, and one from outside the talk's folder under a name that no other has.
        """
        if name in self.deck.fetched:
            file, suffix = self.deck.fetched[name]
            place = f"images/fetched/{file.name[:16]}{suffix}"
            self.files[f"{self.folder}{place}"] = file
            return f"{self.assets}{place}"
        try:
            source = find_address(name, self._outline)
        except FileError:
            return None
        if source is None:
            return None
        folder = self.deck.folder.resolve()
        own = Path(os.path.relpath(source, folder))
        if own.parts[0] == os.pardir:
            own = Path(_digest(own.parent), own.name)
        self.files[f"{self.folder}images/{own.as_posix()}"] = source
        return quote(f"{self.assets}images/{own.as_posix()}")

    def relink(self, source: str, holds: Holds) -> str:
        """Source of this kind with the addresses that the talk's files have in the deck; these are copied."""
        return replace_addresses(source, addresses_in(source, holds), self.address)

    def sheet(self, file: Path) -> str:
        """A style sheet of the author's, with the addresses that the files it names have in the deck."""
        self._outline = file
        try:
            return self.relink(file.read_text(encoding="utf-8"), Holds.CSS)
        finally:
            self.turn_to(None)

    def relink_settings(self, settings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """The same for settings that a target is given untouched."""
        return {
            name: self.relink(value, holds) if isinstance(value, str) and (holds := setting_holds(name)) else value
            for name, value in settings.items()
        }

    def linked(self, source: str) -> str:
        """Markdown whose links inside the talk lead to the slide that has what they name."""
        for in_tags in (False, True):
            lead = partial(self._link_address, in_tags=in_tags)
            source = replace_addresses(source, link_addresses(source, in_tags=in_tags), lead)
        return source

    def _link_address(self, to: str, *, in_tags: bool) -> str | None:
        index = find_target(to, self._targets)
        return self.slide_address(self._numbers[index], in_tags=in_tags) if index in self._numbers else None

    @abstractmethod
    def slide_address(self, number: int, *, in_tags: bool) -> str:
        """The address of a slide, counted from 1 as shown, in a link of Markdown or in a tag."""

    def raw(self, source: str | None, holds: Holds, path: BlockPath) -> str:
        """An author's source for this target; nothing, and a note, where there is none."""
        if source is None:
            self.degrade(path, "this source is for the other target only")
            return ""
        for address in addresses_in(source, holds):
            try:
                find_address(address.to, self._outline)
            except FileError as error:
                self.degrade(path, error.message)
                self.missing.append(address.to)
        return self.relink(source, holds)


def _digest(folder: Path) -> str:
    return hashlib.sha256(folder.as_posix().encode()).hexdigest()[:8]
