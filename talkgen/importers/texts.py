"""A notebook's Markdown with its pictures as files, and links only to what is there; knows no cells and no outline."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from talkgen.importers.files import Files, LeftOutError, find_in_project
from talkgen.importers.outputs import PICTURES
from talkgen.outline.addresses import Address, file_name, link_addresses, markdown_addresses, replace_addresses
from talkgen.outline.files import elsewhere

_DATA = re.compile(r"data:(?P<kind>image/[\w.+-]+);base64,(?P<data>[A-Za-z0-9+/=]+)")
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]*+)\]\((?P<to>#[^\s\"'<>()]+)\)")
_TAG_LINK = re.compile(
    r"<a\s(?:(?!href=)[^<>])*+href=[\"']?(?P<to>#[^\s\"'<>()]++)[^<>]*+>(?P<words>(?:(?!</?a\b).)*+)</a>", re.DOTALL
)
_BROKEN = "broken-picture:"


@dataclass
class Texts:
    """Takes the pictures of texts into a folder of files named after the part of the notebook that they are in."""

    files: Files
    folder: str
    part: str  # what `number` counts
    say: Callable[[str], None]
    number: int = 0
    count: int = 0

    def keep(self, ending: str, content: bytes) -> str | None:
        """The name of a new file with a picture; None, told, where there is too much already."""
        self.count += 1
        folder = re.sub(r"[^\w.-]+", "-", self.folder)
        return self.files.make(f"{folder}/{self.part}-{self.number}-{self.count}.{ending}", content, self.say)

    def unpacked(self, source: str, attachments: Mapping[str, Any]) -> str:
        """Markdown whose pictures are files, where they were part of it."""
        source = _DATA.sub(lambda found: self._decoded(found["kind"], found["data"]) or _BROKEN, source)
        found = [each for each in markdown_addresses(source) if each.to]
        return replace_addresses(source, found, lambda to: self._attached(to, attachments))

    def with_files(self, source: str) -> str:
        """Markdown whose pictures are files that are there, or on the web; of one that is missing, its words."""
        for address in sorted(markdown_addresses(source), key=lambda each: -each.start):
            if not self._is_there(address.to):
                source = _words_only(source, address)
        return source

    def _decoded(self, kind: str, data: str) -> str | None:
        if kind not in PICTURES:
            self.say(f"a picture of type {kind} is left out")
            return None
        try:
            return self.keep(PICTURES[kind], base64.b64decode("".join(data.split()), validate=True))
        except (binascii.Error, ValueError):
            self.say("a picture is damaged")
            return None

    def _attached(self, to: str, attachments: Mapping[str, Any]) -> str | None:
        if not to.startswith("attachment:"):
            return None
        forms = attachments.get(file_name(to.removeprefix("attachment:")))
        for kind, data in forms.items() if isinstance(forms, dict) else ():
            if isinstance(data, str):
                return self._decoded(kind, data) or _BROKEN
        self.say(f"there is no attachment of the name {to.removeprefix('attachment:')}")
        return _BROKEN

    def _is_there(self, to: str) -> bool:
        if to.startswith(_BROKEN):
            return False
        if elsewhere(to) or to in self.files.made:
            return not to.startswith(("file:", "data:"))
        try:
            find_in_project(to, self.files.deck.parent, self.files)
        except LeftOutError as reason:
            self.say(f"not copied: {to} ({reason})")
            return False
        return True


def _words_only(source: str, address: Address) -> str:
    """Markdown with the words of a picture in place of it."""
    tag = source.rfind("<", 0, address.start)
    before = source[: address.start].rstrip("< \t")
    if before.endswith("("):
        start, end = source.rfind("![", 0, address.start), source.find(")", address.end)
        words = source[start + 2 : len(before) - 2]
    elif tag >= 0 and source.find(">", address.end) >= 0:
        start, end = tag, source.find(">", address.end)
        alt = re.search(r"""\salt=(?:"([^"]*)"|'([^']*)')""", source[start:end])
        words = (alt[1] or alt[2] or "") if alt else ""
    else:  # it is defined on a line of its own
        return source
    return source[:start] + words + source[end + 1 :] if start >= 0 <= end else source


def anchor_of(title: str) -> str:
    """What a link to a title is called, to both tools."""
    return re.sub(r"[^\w-]+", "-", title.lower()).strip("-")


def plain_links(data: Any, names: Set[str], say: Callable[[int, str], None], slide: int = 0) -> Any:
    """Slides whose links inside the talk lead to a title; what leads to nothing else is told, and plain text."""
    if isinstance(data, dict):
        kept = {"code", "math", "mermaid"}
        return {key: each if key in kept else plain_links(each, names, say, slide) for key, each in data.items()}
    if isinstance(data, list):
        return [plain_links(each, names, say, slide or at) for at, each in enumerate(data, 1)]
    if not isinstance(data, str) or "#" not in data:
        return data
    for in_tags in (False, True):
        found = list(link_addresses(data, in_tags=in_tags))
        data = replace_addresses(data, found, lambda to: f"#{anchor_of(file_name(to[1:]))}")
    named = (each.to for in_tags in (False, True) for each in link_addresses(data, in_tags=in_tags))
    dead = dict.fromkeys(to for to in named if to[1:] not in names)
    for to in dead:
        say(slide, to[1:])
    for form in (_LINK, _TAG_LINK) if dead else ():
        data = form.sub(lambda link: link["words"] if link["to"] in dead else link[0], data)
    return data
