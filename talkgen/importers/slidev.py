"""A Slidev deck as an outline that is native to Slidev: cut and read by Slidev's own parser, checked by its text."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError
from talkgen.importers.compose import Composer, accept
from talkgen.importers.grids import with_grids
from talkgen.importers.pieces import Piece, markdown_pieces
from talkgen.importers.reader import DeckReader, check_depth
from talkgen.importers.said import Said
from talkgen.importers.written import FROM, Raw, placeless
from talkgen.outline.schema import Outline, Slide
from talkgen.render.deck import Deck
from talkgen.render.native_slidev import NativeSlidevWriter, render_native_slidev
from talkgen.style import load_style

NOWHERE = Path("/nowhere/at/all")  # where no file is, so that addresses stay as they are
_HEADMATTER = {
    "theme": "theme",
    "title": "title",
    "author": "author",
    "info": "description",
    "transition": "transition",
}


def read_slidev(text: str, path: Path, root: Path, reader: DeckReader) -> tuple[dict[str, Any], list[Said]]:
    """The outline of a Slidev deck, with the slides of the files that it imports, and what is wrong with it."""
    read = reader.ask("read", path=str(path), root=str(root), text=text)
    for slide in read["slides"]:
        check_depth(slide["frontmatter"])
    deck = _Slidev(read["slides"], path)
    said = deck.said
    said += [Said(Path(each["file"]), each["line"] + 1, _reason(each)) for each in read["problems"]]
    for slide in read["slides"]:
        said += [Said(Path(slide["file"]), error["line"] + 1, error["message"]) for error in slide["errors"]]
    return deck.outline(), said


def _reason(problem: dict[str, Any]) -> str:
    name = problem["name"]
    reasons = {
        "outside": f"refused: {name} is outside the project; --root DIR names a larger one",
        "missing": f"not there: {name}; the slide keeps the name",
    }
    return reasons.get(problem["reason"], f"{name}: {problem['reason']}")


def source_of(outline: dict[str, Any]) -> str:
    """The deck that an outline becomes."""
    deck = Deck(Outline.model_validate(placeless(outline)), NOWHERE, {}, load_style("plain", NOWHERE))
    return str(render_native_slidev(deck).files["slides.md"])


class _Slidev:
    """A deck as Slidev reads it, made into an outline."""

    def __init__(self, slides: list[dict[str, Any]], path: Path) -> None:
        self.slides = slides
        self.folder = path.parent
        self.said: list[Said] = []
        self.pieces = [self._pieces(slide) for slide in slides]
        minimal = Outline.model_validate({"native": "slidev", "slides": [{}]})
        self.writer = NativeSlidevWriter(Deck(minimal, NOWHERE, {}, load_style("plain", NOWHERE)))
        self.accepted = accept([piece for pieces in self.pieces for piece in pieces], "slidev", self.writer)

    def _pieces(self, slide: dict[str, Any]) -> list[Piece]:
        """The pieces of a slide; one that talkgen cannot read is one piece, as it stands."""
        try:
            lines = slide["content"].split("\n")
            return with_grids(markdown_pieces(slide["content"]), lines, vue=True, exact=True)
        except OutlineError as error:
            said = f"the slide stays as it stands: {error.problems[0].message}"
            self.said.append(Said(Path(slide["file"]), slide["contentStart"] + 1, said))
            return [Piece("text", slide["content"], 0, slide["content"].count("\n") + 1)]

    def outline(self) -> dict[str, Any]:
        """The outline."""
        composed = [self._slide(index) for index in range(len(self.slides))]
        usual = (Counter(level for _, level in composed if level).most_common(1) or [(1, 0)])[0][0]
        slides = [{**slide, "level": level} if level not in (0, usual) else slide for slide, level in composed]
        outline: dict[str, Any] = {"native": "slidev"}
        outline |= self._settings(slides[0])
        if any("{{" in slide["content"] or "{{" in (slide["note"] or "") for slide in self.slides):
            outline["expressions"] = False
        if usual > 1:
            outline["level"] = usual
        slides = [
            slide if self._comes_back(slide, usual, index) else self._verbatim(index)
            for index, slide in enumerate(slides)
        ]
        return outline | {"slides": [{FROM: self._place(index)} | slide for index, slide in enumerate(slides)]}

    def _place(self, index: int) -> str:
        """Where a slide begins, its settings included."""
        slide = self.slides[index]
        return f"{self._file(slide)}:{slide['start'] + 1}"

    def _file(self, slide: dict[str, Any]) -> str:
        return Path(os.path.relpath(slide["file"], self.folder)).as_posix()

    def _settings(self, first: dict[str, Any]) -> dict[str, Any]:
        """The settings of the talk, taken from its first slide."""
        own = first.get("frontmatter", {})
        names = {name: own.pop(key) for key, name in _HEADMATTER.items() if _is_text(own.get(key))}
        if "theme" in names:
            names["theme"] = {"slidev": names["theme"]}
        names |= {"transition": first.pop("transition")} if "transition" in first else {}
        slide_keys = {"layout", "class", "background", "routeAlias"}
        settings = {key: own.pop(key) for key in list(own) if key not in slide_keys}
        if not own:
            first.pop("frontmatter", None)
        return names | ({"frontmatter": settings} if settings else {})

    def _slide(self, index: int) -> tuple[dict[str, Any], int]:
        slide = self.slides[index]
        head = _short_keys(dict(slide["frontmatter"]))
        pieces = self.pieces[index]
        lines, file, first = slide["content"].split("\n"), self._file(slide), slide["contentStart"]
        composer = Composer("slidev", lines, self.accepted, exact=True, file=file, first=first)
        body, level = composer.slide(pieces, str(head.get("layout", "")))
        found = {key: body.pop(key) for key in ("title", "subtitle") if key in body} | head | body
        return found | self._rest(slide), level

    def _rest(self, slide: dict[str, Any]) -> dict[str, Any]:
        """A slide's note, and where its files are."""
        notes = {"notes": slide["note"]} if slide["note"] is not None else {}
        folder = Path(os.path.relpath(Path(slide["file"]).parent, self.folder)).as_posix()
        return notes | ({"folder": folder} if folder != "." else {})

    def _verbatim(self, index: int) -> dict[str, Any]:
        slide = self.slides[index]
        head = _short_keys(dict(slide["frontmatter"]))
        if index == 0:
            self._settings(head)
        source = slide["content"]
        place = f"{self._file(slide)}:{slide['contentStart'] + 1}"
        raw = Raw("slidev", source, "as blocks it would not be the same slide", place)
        body = {"body": [raw]} if source else {}
        return head | body | self._rest(slide)

    def _comes_back(self, slide: dict[str, Any], level: int, index: int) -> bool:
        """Whether the slide's source is again what it was."""
        self.writer.layout = str(slide.get("layout", ""))
        try:
            typed_slide = Slide.model_validate({"level": level} | {key: slide[key] for key in slide if key != "folder"})
        except ValueError:
            return False
        return self.writer.content(typed_slide, index) == str(self.slides[index]["content"])


def _short_keys(settings: dict[str, Any]) -> dict[str, Any]:
    """A slide's settings with the short keys that an outline has for some."""
    short: dict[str, Any] = {}
    for key in ("layout", "class", "transition", "background"):
        if _is_text(settings.get(key)):
            short[key] = settings.pop(key)
    if settings.get("hide") is True:
        short["hide"] = settings.pop("hide")
    elif settings.get("disabled") is True:
        short["hide"] = True
    if settings.get("hideInToc") is True:
        settings.pop("hideInToc")
        short["toc"] = False
    return short | ({"frontmatter": settings} if settings else {})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
