"""A PowerPoint file as an outline: its slides with their titles, lists, pictures, tables, films and notes.

The file's own design is not taken along. Nothing outside the file is opened, and how much of it is unpacked is bounded.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.blocks import Block
from talkgen.importers.files import Files
from talkgen.importers.frames import A, P, one_line
from talkgen.importers.media import Media
from talkgen.importers.said import Said
from talkgen.importers.shapes import Shapes, arranged

_MOST_BYTES, _MOST_OF_A_PART, _MOST_PARTS = 2**29, 2**27, 10_000
_MOST_XML = 2**25
_MOST_SLIDES = 2_000
_TITLES = ("TITLE", "CENTER_TITLE", "VERTICAL_TITLE")
_LAYOUTS = {"title": "cover", "secHead": "section"}
_NO_TITLE = ("", "PowerPoint Presentation", "PowerPoint-Präsentation", "Présentation PowerPoint")


def read_powerpoint(files: Files) -> tuple[dict[str, Any], list[Said]]:
    """The outline of the PowerPoint file at `files.deck`, whose pictures go into `files`, and what it loses.

    Raises:
        OutlineError: the file cannot be read, is no PowerPoint file, or unpacks to too much.
    """
    from pptx import Presentation

    check_zip(files.deck)
    try:
        deck: Any = Presentation(str(files.deck))
        return _PowerPoint(deck, files).outline()
    except OutlineError:
        raise
    except Exception as error:  # python-pptx raises all kinds on damaged files
        message = f"the PowerPoint file cannot be read: {type(error).__name__}: {error}"
        raise OutlineError(message, "open and save it again", Place(files.deck, 1, 1)) from None


def check_zip(path: Path) -> None:
    """Refuses a file that is no archive, or that unpacks to more than a deck can need.

    Raises:
        OutlineError: it is one of these.
    """
    start = Place(path, 1, 1)
    if path.exists() and not path.is_file():  # a pipe may never say anything
        raise OutlineError(f"{path} is no file", "save its content to a file, and name that")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except FileNotFoundError:
        raise OutlineError(f"there is no file {path}") from None
    except OSError as error:
        raise OutlineError(f"{path} cannot be read: {error.strerror}") from None
    except zipfile.BadZipFile:
        raise OutlineError("this is no PowerPoint file, or a password protects it", "save it as .pptx", start) from None
    largest = max((part.file_size for part in parts), default=0)
    xml = max((part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))), default=0)
    total = sum(part.file_size for part in parts)
    if len(parts) > _MOST_PARTS or total > _MOST_BYTES or largest > _MOST_OF_A_PART or xml > _MOST_XML:
        said = f"it unpacks to {total:,} bytes in {len(parts):,} parts"
        raise OutlineError(said, f"at most {_MOST_BYTES:,}; make its pictures smaller", start)


class _PowerPoint:
    """Makes slides of an outline of those of a file."""

    def __init__(self, deck: Any, files: Files) -> None:
        self.deck, self.files = deck, files
        self.size = (int(deck.slide_width), int(deck.slide_height))
        self.folder = re.sub(r"[^\w.-]+", "-", files.deck.stem) + "_files"
        self.said: list[Said] = []
        self.known: dict[str, str] = {}
        self.number = 0
        self.footers: Counter[str] = Counter()
        self.is_numbered = False

    def say(self, message: str) -> None:
        """Tells something of the slide that is read; the same once."""
        said = Said(self.files.deck, 0, message, f"slide {self.number}" if self.number else "")
        if said not in self.said:
            self.said.append(said)

    def outline(self) -> tuple[dict[str, Any], list[Said]]:
        """The outline."""
        self.say("its own fonts, colours and backgrounds are not taken along: the talk has a theme")
        slides = []
        for number, slide in enumerate(list(self.deck.slides)[:_MOST_SLIDES], 1):
            self.number = number
            try:
                slides.append(self._slide(slide))
            except Exception as error:  # python-pptx raises all kinds on damaged files
                self.say(f"the slide is damaged and left out: {type(error).__name__}: {error}")
        if not slides:
            raise OutlineError("the file has no slides", "", Place(self.files.deck, 1, 1))
        about = self.deck.core_properties
        title = about.title.strip() if about.title and about.title.strip() not in _NO_TITLE else ""
        title = title or next((slide["title"] for slide in slides if "title" in slide), self.files.deck.stem)
        outline: dict[str, Any] = {"title": title}
        if about.author and about.author.strip():
            outline["author"] = about.author.strip()
        if abs(self.size[0] / self.size[1] - 4 / 3) < 0.05:
            outline["size"] = "4:3"
        if self.is_numbered:
            outline["paginate"] = True
        if self.footers:
            outline["footer"] = self.footers.most_common(1)[0][0]
        if "{{" in json.dumps(slides):
            outline["expressions"] = False
        return {**outline, "theme": "paper", "fit": "shrink", "slides": slides}, self.said

    def _slide(self, slide: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        media = Media(self.files, self.folder, self.number, self.say, self.known)
        shapes = Shapes(self.size, media, self.say)
        rest, subtitle = [], None
        layout = _LAYOUTS.get(slide.slide_layout._element.get("type", ""), "default")
        for shape in slide.shapes:
            role = shape.placeholder_format.type.name if shape.is_placeholder and shape.placeholder_format.type else ""
            if role in _TITLES and "title" not in found and (title := one_line(shape.text_frame, self.say)):
                found["title"] = title
            elif role == "SLIDE_NUMBER":
                self.is_numbered = True
            elif role == "FOOTER" and shape.has_text_frame:
                self.footers.update(filter(None, [one_line(shape.text_frame, self.say)]))
            elif role in ("SUBTITLE", "BODY") and layout != "default" and subtitle is None and shape.has_text_frame:
                subtitle = shape
            elif role not in ("DATE", "HEADER", *_TITLES):
                rest.append(shape)
        if subtitle is not None:
            lines = [paragraph for paragraph in subtitle.text_frame.paragraphs if paragraph.text.strip()]
            if len(lines) == 1 and "title" in found:
                found["subtitle"] = one_line(subtitle.text_frame, self.say)
            else:
                rest.insert(0, subtitle)
        if layout != "default":
            found["layout"] = layout
        body = [*self._background(slide, media), *arranged(list(shapes.boxes(rest, self._revealed(slide))))]
        if shapes.drawn:
            kinds = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in shapes.drawn.items())
            self.say(f"what is drawn is left out: {kinds}")
        return {**found, **({"body": body} if body else {}), **self._rest(slide)}

    def _rest(self, slide: Any) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        if slide._element.get("show") in ("0", "false"):
            rest["hide"] = True
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            notes = re.sub(r"[\x00-\x08\x0b-\x1f]", "\n", slide.notes_slide.notes_text_frame.text).strip()
            rest |= {"notes": notes} if notes else {}
        return rest

    def _background(self, slide: Any, media: Media) -> list[Block]:
        """A picture behind the slide."""
        own = slide._element.find(f"{P}cSld/{P}bg/{P}bgPr/{A}blipFill")
        name = media.picture(own, slide.part) if own is not None else None
        return [{"image": name, "background": True, "scrim": 0.5}] if name else []

    def _revealed(self, slide: Any) -> set[int]:
        """The numbers of the shapes whose paragraphs are shown one by one; other animations are told."""
        timing = slide._element.find(f"{P}timing")
        if timing is None:
            return set()
        by_paragraph = {int(each.get("spid")) for each in timing.iter(f"{P}bldP") if each.get("build") == "p"}
        animated = {int(each.get("spid")) for each in timing.iter(f"{P}spTgt")}
        if animated - by_paragraph:
            self.say("what is animated is there at once")
        return by_paragraph
