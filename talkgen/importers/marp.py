"""A Marp deck as an outline that is native to Marp: cut, read and checked by Marp's own engine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from talkgen.importers.compose import Composer, accept
from talkgen.importers.grids import with_grids
from talkgen.importers.pieces import Piece, cut, kind_of
from talkgen.importers.reader import DeckReader, check_depth
from talkgen.importers.written import FROM, Raw, placeless
from talkgen.outline.schema import Outline
from talkgen.render.deck import Deck
from talkgen.render.native_marp import NativeMarpWriter, render_native_marp
from talkgen.style import load_style

NOWHERE = Path("/nowhere/at/all")  # where no file is, so that addresses stay as they are
_SHORT = {"_class": "class", "_transition": "transition", "_header": "header", "_footer": "footer"}
_TEXTS = ("title", "author", "description", "lang", "header", "footer", "transition", "style")
LOCAL = frozenset(
    "paginate header footer class color transition backgroundColor backgroundImage backgroundPosition "
    "backgroundRepeat backgroundSize".split()
)  # which Marp sets in the order of their keys on each slide


def read_marp(text: str, name: str, reader: DeckReader, themes: Sequence[str]) -> dict[str, Any]:
    """The outline of the Marp deck in the file `name`, whose slides are in Marp's eyes the deck's."""
    deck = _Marp(text, name, reader)
    wanted = _seen(reader, text, themes)
    care: Counter[int] = Counter()  # how often each slide was not the same
    in_order = False
    for _ in range(5):
        outline = deck.outline(care, in_order=in_order)
        found = _seen(reader, source_of(outline), themes)
        wrong = {i for i, slide in enumerate(wanted) if i >= len(found) or found[i] != slide}
        if not wrong:
            break
        in_order = in_order or all(care[i] > 1 for i in wrong) or len(wrong) > len(wanted) / 2
        care.update(wrong if len(found) == len(wanted) else range(len(wanted)))
    return outline


def _seen(reader: DeckReader, text: str, themes: Sequence[str]) -> list[Any]:
    """What Marp makes of each slide: its page and its notes."""
    made = reader.ask("render", text=text, themes=list(themes))
    return [(html, "\n\n".join(notes)) for html, notes in zip(made["html"], made["comments"], strict=True)]


def source_of(outline: dict[str, Any]) -> str:
    """The deck that an outline becomes."""
    deck = Deck(Outline.model_validate(placeless(outline)), NOWHERE, {}, load_style("plain", NOWHERE))
    return str(render_native_marp(deck).files["deck.md"])


class _Marp:
    """A deck as Marp reads it, made into outlines."""

    def __init__(self, text: str, name: str, reader: DeckReader) -> None:
        self.lines = re.sub(r"\r\n?", "\n", text).split("\n")
        self.slides, front = self._read(text, reader)
        self.settings: dict[str, Any] = reader.ask("settings", text=front["text"]) if front else {}
        check_depth(self.settings)
        writer = NativeMarpWriter(
            Deck(Outline.model_validate({"native": "marp", "slides": [{}]}), NOWHERE, {}, load_style("plain", NOWHERE))
        )
        pieces = [
            piece
            for slide in self.slides
            for piece in self._with_grids([piece for piece, _ in slide if piece.kind != "comment"])
        ]
        accepted = accept(pieces, "marp", writer, lambda pairs: reader.ask("same", pairs=pairs))
        self.composer = Composer("marp", self.lines, accepted, exact=False, file=name)

    def _read(
        self, text: str, reader: DeckReader
    ) -> tuple[list[list[tuple[Piece, dict[str, Any]]]], dict[str, Any] | None]:
        """The pieces of each slide with what Marp says of them, and the front matter."""
        read = reader.ask("read", text=text)
        front = read["front"]
        starts = list(_starts(read["slides"], front["end"] if front else 0))
        ends = [*(slide["at"][0] for slide in read["slides"][1:]), len(self.lines)]
        slides = []
        for slide, start, end in zip(read["slides"], starts, ends, strict=True):
            tokens = {token["start"]: token for token in slide["tokens"]}
            spans = [(kind_of(each["type"]), each["start"], each["end"]) for each in slide["tokens"]]
            slides.append([(piece, tokens.get(piece.start, {})) for piece in cut(self.lines, spans, start, end)])
        self.spans = list(zip(starts, ends, strict=True))
        return slides, front

    def _with_grids(self, pieces: Sequence[Piece]) -> list[Piece]:
        return with_grids(pieces, self.lines, vue=False, exact=False)

    def outline(self, care: Mapping[int, int], *, in_order: bool) -> dict[str, Any]:
        """The outline; with care 1 a slide keeps its comments in place, with more all, `in_order` the settings."""
        outline: dict[str, Any] = {"native": "marp"}
        if in_order and self.settings:
            outline["directives"] = plain(self.settings)
        else:
            outline |= ordered(self.settings, _short, LOCAL)
        if any("{{" in line for line in self.lines):
            outline["expressions"] = False
        composed = [
            self._verbatim(i) if care[i] > 1 else self._slide(i, in_place=care[i] > 0) for i in range(len(self.slides))
        ]
        level = Counter(level for _, level in composed if level).most_common(1)
        if level and level[0][0] > 1:
            outline["level"] = level[0][0]
        usual = level[0][0] if level else 1
        slides = [{**slide, "level": own} if own not in (0, usual) else slide for slide, own in composed]
        return outline | {"slides": [{FROM: self._place(i)} | slide for i, slide in enumerate(slides)]}

    def _place(self, index: int) -> str:
        """Where a slide begins."""
        start, end = self.spans[index]
        return self.composer.place(next((at for at in range(start, end) if self.lines[at].strip()), start))

    def _slide(self, index: int, *, in_place: bool) -> tuple[dict[str, Any], int]:
        directives: dict[str, Any] = {}
        notes: list[str] = []
        pieces: list[Piece] = []
        is_above = True  # whether the notes stand above all else
        for piece, said in self.slides[index]:
            is_within = in_place and pieces and (notes or piece is not self.slides[index][-1][0])
            words = _comment(said.get("markup", "")) if piece.kind == "comment" and not is_within else ""
            if words and said["kind"] == "directive":
                directives |= said["directives"]
            elif words and said["kind"] == "note":
                notes.append(words)
                is_above = not pieces
            else:
                pieces.append(piece)
        slide, level = self.composer.slide(self._with_grids(pieces))
        head: dict[str, Any] = {key: slide.pop(key) for key in ("title", "subtitle") if key in slide}
        settings = ordered(directives, _short_of_slide, frozenset(directives))
        if settings and self.slides[index][0][0].kind != "comment":  # it is seen where they stand
            slide = {"body": [], **slide, **settings}
        else:
            head |= settings
        if index == len(self.slides) - 1 and pieces and pieces[-1].kind in ("html", "fence") and not self.lines[-1]:
            slide["body"][-1] = _with_end(slide["body"][-1])
        last = {"notes": "\n\n".join(notes)} if notes else {}
        return (last | head | slide if is_above and pieces else head | slide | last), level

    def _verbatim(self, index: int) -> tuple[dict[str, Any], int]:
        start, end = self.spans[index]
        source = "\n".join(self.lines[start:end]).lstrip("\n")
        if end < len(self.lines):
            source = source.rstrip("\n")
        raw = Raw("marp", source, "as blocks it would not be the same slide", self._place(index))
        return ({"body": [raw]} if source else {}), 0


def _with_end(block: Any) -> Any:
    """HTML, or a listing that is not closed, with the end of its last line: the page of a deck's last slide has it."""
    if isinstance(block, str):
        return block + "\n"
    ended = copy(block)
    match block:
        case {"raw": source}:
            ended["raw"] = {tool: f"{text}\n" for tool, text in source.items()}
        case {"columns": _, "around": [*tags, last]}:
            ended["around"] = [*tags, f"{last}\n"]
        case {"html": text}:
            ended["html"] = f"{text}\n"
        case {"markdown": text}:
            ended["markdown"] = f"{text}\n"
    return ended


def _starts(slides: list[dict[str, Any]], first: int) -> Iterator[int]:
    """The line where the source of each slide begins: below its rule, or at the heading that divides."""
    for number, slide in enumerate(slides):
        head = slide["tokens"][0] if slide["tokens"] else None
        at = slide["at"]
        if number == 0:
            yield first
        else:
            yield at[0] if head and head["start"] == at[0] and head["type"] == "heading_open" else at[1]


def ordered(
    settings: dict[str, Any], short: Callable[[str, Any], dict[str, Any]], local: frozenset[str]
) -> dict[str, Any]:
    """Settings as an outline has them: those with a short key of its own around the others, in the order they had.

    Only the order of `local` settings means something.
    """
    long = [at for at, (key, value) in enumerate(settings.items()) if key in local and not short(key, value)]
    found: dict[str, Any] = {}
    after: dict[str, Any] = {}
    directives: dict[str, Any] = {}
    for at, (key, value) in enumerate(settings.items()):
        names = short(key, value)
        if not names or (key in local and long and long[0] < at < long[-1]):
            directives[key] = value
        elif key in local and long and at > long[-1]:
            after |= names
        else:
            found |= names
    return found | ({"directives": plain(directives)} if directives else {}) | after


def _short(key: str, value: Any) -> dict[str, Any]:
    """A setting of the deck as a key of an outline; empty where there is none."""
    if key == "theme" and _is_text(value):
        return {"theme": {"marp": value}}
    if key == "paginate":
        return {"paginate": True} if value == "true" else {}
    if key == "size":
        return {"size": value} if value in ("16:9", "4:3") else {}
    return {key: value} if key in _TEXTS and _is_text(value) else {}


def _short_of_slide(key: str, value: Any) -> dict[str, Any]:
    return {_SHORT[key]: value} if key in _SHORT and _is_text(value) else {}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Marp's settings, all of them texts, as people write them: true, false and whole numbers."""
    return {key: _as_written(value) for key, value in settings.items()}


def _as_written(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and re.fullmatch(r"0|[1-9]\d{0,8}", value) else value


def _comment(markup: str) -> str:
    """What a comment says; nothing where it says nothing, or is none."""
    markup = markup.strip()
    is_whole = len(markup) >= len("<!---->") and markup.startswith("<!--") and markup.endswith("-->")
    return markup[4:-3].strip("-").strip() if is_whole else ""
