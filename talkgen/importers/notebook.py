"""A Jupyter notebook as an outline: a slide a heading, the code of its cells, and what that printed and drew.

Where its cells say which slide they belong to, as RISE and nbconvert read them, that cuts the slides instead. Nothing
of a notebook is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.blocks import Block, blocks_of
from talkgen.importers.compose import typed
from talkgen.importers.files import Files
from talkgen.importers.outputs import Outputs
from talkgen.importers.pieces import Piece, markdown_pieces
from talkgen.importers.said import Said
from talkgen.importers.texts import Texts, anchor_of, plain_links
from talkgen.render.grammar import read_markdown
from talkgen.yamlfile import write_yaml

MOST_BYTES = 2**26
_CELLS = 5_000
_CODE_LINES = 400
_ROOM = 20  # lines of text that a slide has room for
_DEEPEST = 3  # a heading of a level below this begins no slide
_HTML_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.DOTALL | re.IGNORECASE)
_ENVIRONMENT = re.compile(r"\s*\\begin\{(equation|align|gather|multline|eqnarray)(\*?)\}.*\\end\{\1\2\}\s*", re.DOTALL)


@dataclass
class _Slide:
    title: str = ""
    level: int = 0
    body: list[Block | str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    room: float = _ROOM
    goes_on: bool = False  # the slide before it, with its title

    def data(self, *, first: bool) -> dict[str, Any]:
        """The slide as an outline has it; one with nothing but a title of the highest level is a section."""
        bare = bool(self.title) and not self.body and self.level == 1
        return {
            **({"title": self.title} if self.title else {}),
            **({"layout": "cover" if first else "section"} if bare else {}),
            **({"toc": False} if self.goes_on and self.title else {}),
            **({"body": self.body} if self.body else {}),
            **({"notes": "\n\n".join(self.notes)} if self.notes else {}),
        }


def read_notebook(files: Files) -> tuple[dict[str, Any], list[Said]]:
    """The outline of the notebook at `files.deck`, whose pictures go into `files`, and what is lost on the way.

    Raises:
        OutlineError: the file cannot be read, or is no notebook.
    """
    notebook = _load(files.deck)
    return _Notebook(notebook, files).outline()


def _load(path: Path) -> dict[str, Any]:
    """The notebook, in the newest format."""
    import nbformat

    start = Place(path, 1, 1)
    try:
        if path.exists() and not path.is_file():  # a pipe may never say anything
            raise OutlineError(f"{path} is no file", "save its content to a file, and name that")
        if path.stat().st_size > MOST_BYTES:
            raise OutlineError(f"the notebook is larger than {MOST_BYTES >> 20} MiB", "clear its outputs", start)
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
            raise OutlineError("this is JSON, but no notebook", "a notebook has cells, and says its nbformat", start)
        newest: dict[str, Any] = nbformat.convert(nbformat.from_dict(data), 4)
    except json.JSONDecodeError as error:
        raise OutlineError(f"this is no notebook: {error.msg}", "", Place(path, error.lineno, error.colno)) from None
    except UnicodeDecodeError:
        raise OutlineError("the file is not UTF-8 text", "", start) from None
    except FileNotFoundError:
        raise OutlineError(f"there is no file {path}") from None
    except OSError as error:
        raise OutlineError(f"{path} cannot be read: {error.strerror}") from None
    except (RecursionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutlineError(f"the notebook cannot be read: {error}", "open and save it in Jupyter", start) from None
    if not isinstance(newest.get("cells"), list):
        raise OutlineError("the notebook has no list of cells", "open and save it in Jupyter", start)
    return newest


class _Notebook:
    """Makes slides of cells."""

    def __init__(self, notebook: Mapping[str, Any], files: Files) -> None:
        self.files = files
        self.cells = [cell if isinstance(cell, dict) else {} for cell in notebook["cells"]]
        about = _mapping(notebook, "metadata")
        self.about = about
        language = _mapping(about, "language_info").get("name") or _mapping(about, "kernelspec").get("language")
        self.language = str(language or "python").lower()
        self.by_type = any(_slide_type(cell) in ("slide", "subslide") for cell in self.cells)
        self.slides: list[_Slide] = []
        self.said: list[Said] = []
        self.at = 0  # the cell, counted from 1
        self.texts = Texts(files, f"{files.deck.stem}_files", "cell", self.say)

    def say(self, message: str) -> None:
        """Tells something of the cell that is read."""
        self.said.append(Said(self.files.deck, 0, message, self._place()))

    def _place(self) -> str:
        return f"cell {self.at}" + (f", slide {len(self.slides)}" if self.slides else "")

    def outline(self) -> tuple[dict[str, Any], list[Said]]:
        """The outline."""
        for number, cell in enumerate(self.cells[:_CELLS], 1):
            self.at = self.texts.number = number
            try:
                self._read(cell)
            except OutlineError as error:
                self.say(error.problems[0].message)
        if len(self.cells) > _CELLS:
            self.say(f"the {len(self.cells) - _CELLS} cells that follow are left out")
        if not self.slides:
            raise OutlineError("the notebook is empty", "", Place(self.files.deck, 1, 1))
        title = str(self.about.get("title") or next((each.title for each in self.slides if each.title), ""))
        slides = [slide.data(first=index == 0) for index, slide in enumerate(self.slides)]
        names = {anchor_of(slide.title) for slide in self.slides if slide.title}
        outline: dict[str, Any] = {
            "title": title or self.files.deck.stem,
            **_authors(self.about),
            "theme": "paper",
            "fit": "shrink",
        }
        if "{{" in json.dumps(slides):
            outline["expressions"] = False
        return outline | {"slides": plain_links(slides, names, self._say_link)}, self.said

    def _say_link(self, slide: int, name: str) -> None:
        message = f"a link to '{name}', which nothing is called, is plain text"
        self.said.append(Said(self.files.deck, 0, message, f"slide {slide}"))

    def _read(self, cell: Mapping[str, Any]) -> None:
        kind, source = cell.get("cell_type"), _source(cell)
        slide_type = _slide_type(cell) if self.by_type else ""
        tags = set(_mapping(cell, "metadata").get("tags") or ())
        if slide_type == "skip" or tags & {"remove_cell", "remove-cell", "hide_cell", "hide-cell"}:
            self.say("left out, as the cell asks for")
            return
        if slide_type == "notes":
            self._slide().notes.append(source)
            return
        if slide_type in ("slide", "subslide"):
            self.slides.append(_Slide())
        before = len(self.slides[-1].body) if self.slides else 0
        if kind == "markdown":
            self._markdown(source, cell)
        elif kind == "code":
            told = len(self.said)
            self._put(list(self._code(source, cell, tags)))
            self.said[told:] = [replace(each, within=self._place()) for each in self.said[told:]]
        elif source.strip():
            self.say("a raw cell is left out")
        if slide_type == "fragment":
            self.slides[-1].body[before:] = [_revealed(block) for block in self.slides[-1].body[before:]]

    def _slide(self) -> _Slide:
        if not self.slides:
            self.slides.append(_Slide())
        return self.slides[-1]

    def _put(self, blocks: list[Block | str]) -> None:
        """Puts blocks on the slide, or on one that goes on with it; what follows each other goes together if it can."""
        needed = [_lines(block) for block in blocks]
        for at, block in enumerate(blocks):
            slide = self._slide()
            rest = sum(needed[at:]) if sum(needed) <= _ROOM else needed[at]
            if slide.body and rest > slide.room and not self.by_type:
                slide = _Slide(slide.title, slide.level, goes_on=True)
                self.slides.append(slide)
            slide.body.append(block)
            slide.room -= needed[at]

    def _markdown(self, source: str, cell: Mapping[str, Any]) -> None:
        for piece in markdown_pieces(self.texts.unpacked(source, _mapping(cell, "attachments"))):
            heading = _heading(piece)
            if heading and heading[0] <= _DEEPEST and heading[1] and self._begins(heading[0]):
                self._slide().title, self._slide().level = self.texts.with_files(heading[1]), heading[0]
            else:
                self._put(self._blocks(piece))

    def _begins(self, level: int) -> bool:
        """Whether a heading is a slide's title: it begins one, or stands first on one that its cell began."""
        slide = self.slides[-1] if self.slides else None
        if self.by_type:
            return slide is None or not (slide.title or slide.body)
        self.slides.append(_Slide(level=level))
        return True

    def _code(self, source: str, cell: Mapping[str, Any], tags: set[str]) -> Iterator[Block | str]:
        hidden = _mapping(_mapping(cell, "metadata"), "jupyter")
        lines = source.rstrip().split("\n")
        if len(lines) > _CODE_LINES:
            self.say(f"{len(lines) - _CODE_LINES} of {len(lines)} lines of code are left out")
        if tags & {"remove_input", "remove-input", "hide_input", "hide-input"} or hidden.get("source_hidden"):
            self.say("its code is left out, as the cell asks for")
        elif source.strip():
            long = {"long": "wrap"} if any(len(line) > 76 for line in lines) else {}
            yield {"code": "\n".join(lines[:_CODE_LINES]), "language": self._language(lines[0]), **long}
        if tags & {"remove_output", "remove-output", "hide_output", "hide-output"} or hidden.get("outputs_hidden"):
            self.say("its outputs are left out, as the cell asks for")
            return
        outputs = [each for each in cell.get("outputs") or () if isinstance(each, dict)]
        title = self._slide().title
        alt = f"Output of cell {self.at}" + (f": {title}" if title else "")
        yield from Outputs(self.texts.keep, self.say, self._of_output, alt).blocks(outputs)

    def _language(self, first: str) -> str:
        magic = re.match(r"%%(bash|sh|html|javascript|latex|sql|R|perl|ruby)\b", first)
        return magic[1].lower() if magic else self.language

    def _of_output(self, source: str) -> list[Block | str]:
        pieces = markdown_pieces(self.texts.unpacked(source, {}))
        return [block for piece in pieces for block in self._blocks(piece)]

    def _blocks(self, piece: Piece) -> list[Block | str]:
        is_text = piece.kind in ("text", "html", "list", "quote", "table", "heading")
        return _blocks(replace(piece, source=self.texts.with_files(piece.source)) if is_text else piece)


def _blocks(piece: Piece) -> list[Block | str]:
    """The blocks of a piece of Markdown; HTML stays Markdown's, where nothing in it is run."""
    if not piece.source.strip():
        return []
    if _ENVIRONMENT.fullmatch(piece.source):
        return [{"math": piece.source.strip()}]
    if piece.source.lstrip().startswith("<!--") and piece.source.rstrip().endswith("-->"):
        return []
    found: list[Block] = [] if piece.kind == "html" else blocks_of(piece, "slidev")
    try:
        for block in found:
            typed(block)
    except ValueError:  # a value that the outline does not take
        found = []
    return [*found] or [piece.source]


def _lines(block: Block | str) -> float:
    """About how many lines of text a block takes."""
    if isinstance(block, dict) and "image" in block:
        return 11
    if isinstance(block, dict) and "code" in block:
        return 1 + 0.8 * (str(block["code"]).count("\n") + 1)
    if isinstance(block, dict) and "table" in block:
        return 1 + 1.3 * len(block["table"]["rows"])
    text = block if isinstance(block, str) else "\n".join(str(each) for each in block.values())
    if isinstance(block, dict) and "bullets" in block:
        text = write_yaml(block["bullets"])
    return 0.5 + sum(1 + len(line) // 80 for line in text.strip().split("\n"))


def _heading(piece: Piece) -> tuple[int, str] | None:
    """The level and the text of a heading, underlined, or a tag's, too."""
    if piece.kind == "heading":
        opened, line, *_ = read_markdown(piece.source)
        return int(opened.tag[1]), " ".join(line.content.split())
    if piece.kind == "html" and (tag := _HTML_HEADING.fullmatch(piece.source.strip())):
        return int(tag[1]), " ".join(re.sub(r"<[^>]*>", "", tag[2]).split())
    return None


def _revealed(block: Block | str) -> Block:
    """The block, shown at a click."""
    return {**(block if isinstance(block, dict) else {"markdown": block}), "reveal": True}


def _authors(about: Mapping[str, Any]) -> dict[str, str]:
    authors = about.get("authors")
    found = authors if isinstance(authors, list) else []
    named = [str(each["name"]) for each in found if isinstance(each, dict) and each.get("name")]
    return {"author": ", ".join(named)} if named else {}


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _slide_type(cell: Mapping[str, Any]) -> str:
    return str(_mapping(_mapping(cell, "metadata"), "slideshow").get("slide_type", ""))


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
