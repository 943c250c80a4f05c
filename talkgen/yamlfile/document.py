"""Reads a YAML file into plain data that knows where each value stands; knows nothing of outlines or models.

YAML 1.2's core schema: `yes`, `12:30` and `2026-11-21` are text, keys are text, and no tag makes an object. Size,
depth and the number of values (aliases counted each time) are bounded. What a document should look like is said by
a pydantic model, in `validation`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from talkgen.errors import Place, Problem, TalkgenError
from talkgen.machine import in_words
from talkgen.yamlfile.syntax import syntax_problem

PathInData = tuple[str | int, ...]

MAX_BYTES = 4_000_000
MAX_DEPTH = 50
MAX_VALUES = 200_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}|0x[0-9a-fA-F]{1,300}|0o[0-7]{1,400}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}  # fmt: skip
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # anchors and tags before a value
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Commands of TeX that begin as the escapes of a tab and of the ends of lines do; what is a word, too, is left out.
_TEX = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(t(?=heta|au|imes|ext|ilde|op|anh?|riangle)|n(?=abla|eq|otin)|r(?=ho|ight|angle|ceil|floor))[a-zA-Z]+)"
)
_BLANKS = {"t": "a tab", "n": "the end of a line", "r": "the end of a line"}
_SINGLE = "use single quotes, where \\ is an ordinary character"
_TAGS = {"str", "int", "float", "bool", "null", "seq", "map"}
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Spot:
    """Where a value stands: `entry` is its key (or itself, in a list), `value` itself; `raw` is a scalar's source."""

    entry: Place
    value: Place
    raw: str = ""
    style: str = ""  # a scalar's: "" plain, ' or " quoted, | literal, > folded


@dataclass(frozen=True)
class Document:
    """Plain data (what JSON can hold) and the place of each value; `problems` are those that reading got over."""

    path: Path
    data: Any
    spots: dict[PathInData, Spot]
    problems: tuple[Problem, ...] = field(default=())

    def spot(self, path: PathInData) -> Spot:
        """The spot of the value at `path`, or of the nearest value around it."""
        start = Place(self.path, 1, 1)
        return self.spots.get(self._known(path), Spot(start, start))

    def _known(self, path: PathInData) -> PathInData:
        """The path itself, or that of the nearest value around it that stands in the file."""
        return next((path[:length] for length in range(len(path), 0, -1) if path[:length] in self.spots), ())

    def place(self, path: PathInData) -> Place:
        """Where the value at `path` stands: its key, or itself in a list; the nearest value around it if missing."""
        return self.spot(path).entry

    def place_in(self, path: PathInData, offset: int) -> Place:
        """Where the character at `offset` of the text at `path` (or nearest around it) stands."""
        spot = self.spot(path)
        ahead = len("".join(str(self.value(path))[:offset].split()))
        inked = _inked(spot.raw, spot.style)
        index = inked[ahead] if ahead < len(inked) else 0
        before = spot.raw[:index]
        lines = before.count("\n")
        column = index - before.rfind("\n") if lines else spot.value.column + index
        return Place(spot.value.path, spot.value.line + lines, column)

    def value(self, path: PathInData) -> Any:
        """The value at `path`, or the nearest around it that stands in the file."""
        value = self.data
        for step in self._known(path):
            value = value[step]
        return value

    def problem(self, message: str, hint: str, path: PathInData, offset: int | None = None) -> Problem:
        """A problem of the value at `path`, or of the character at `offset` of the text there."""
        place = self.place(path) if offset is None else self.place_in(path, offset)
        return Problem(message, hint, place, where_path(self._known(path)))


def where_path(path: PathInData) -> str:
    """A path in a document as people write it: `slides[3].body[0].figure`."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum():
            written += f".{step}" if written else step
        else:
            written += f"[{step!r}]"
    return written


@lru_cache(maxsize=4)
def _inked(raw: str, style: str) -> list[int]:
    """The indices in a scalar's source of the characters that are not white space, as YAML reads them."""
    found, end = [], len(raw)
    index = raw.find("\n") + 1 if style in ("|", ">") else len(style)
    while index < end:
        start = index
        if style == '"' and raw[index] == "\\":
            escaped = raw[index + 1]
            index += {"x": 4, "u": 6, "U": 10}.get(escaped, 2)
            blank = escaped in "nrtN_LP \n"
        else:
            index += 2 if style == "'" and raw.startswith("''", index) else 1
            blank = raw[start].isspace()
        if not blank:
            found.append(start)
    return found


def read_yaml(path: Path, error: type[TalkgenError] = TalkgenError) -> Document:
    """Reads one YAML document; what is wrong with its syntax is raised as `error`.

    Raises:
        TalkgenError: `error`, for a file that is missing, too large, not UTF-8 or not one YAML document.
    """
    return parse_yaml(read_text(path, error), path, error)


def read_text(path: Path, error: type[TalkgenError] = TalkgenError, *, most: int = MAX_BYTES) -> str:
    """Reads a text file of at most `most` bytes, with line ends as in Unix and no byte order mark.

    Raises:
        TalkgenError: `error`, for a file that is missing, too large or not UTF-8.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe may never say anything, or never end
            raise error(f"{path} is no file but a pipe or a device", "save its content to a file, and name that")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise error(f"there is no file {path}") from None
    except OSError as reason:
        said = in_words(reason)
        raise error(said.problems if said else f"{path} cannot be read: {reason.strerror}") from None
    if len(content) > most:
        raise error(f"the file is larger than {most:,} bytes", "is it the right file?", Place(path, 1, 1))
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as reason:
        before = content[: reason.start]
        place = Place(path, before.count(b"\n") + 1, reason.start - before.rfind(b"\n"))
        raise error("the file is not UTF-8 text", "save it as UTF-8", place) from None


def parse_yaml(text: str, path: Path, error: type[TalkgenError] = TalkgenError) -> Document:
    """Parses one YAML document that stands in `path`.

    Raises:
        TalkgenError: `error`, for text that is not one YAML document within the bounds.
    """
    reader = _Reader(text, path)
    try:
        data = reader.read()
    except _RefusedError as refused:
        raise error([*reader.problems, refused.problem]) from None
    except yaml.reader.ReaderError:
        unwanted = yaml.reader.Reader.NON_PRINTABLE.search(text)  # the error counts bytes in some parsers
        before = text[: unwanted.start()] if unwanted else ""
        place = Place(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise error("a control character stands here", "remove it, or write it as \\xNN in quotes", place) from None
    except yaml.MarkedYAMLError as reason:
        raise error([syntax_problem(reason, text, path)]) from None
    return Document(path, data, reader.spots, tuple(reader.problems))


class _RefusedError(Exception):
    def __init__(self, message: str, hint: str, place: Place) -> None:
        self.problem = Problem(message, hint, place)


@dataclass(frozen=True)
class _Anchored:
    value: Any
    spot: Spot
    count: int  # values in it, aliases counted each time
    height: int  # levels below it


class _Reader:
    """Builds data from the parser's events, so that depth and size are checked before anything is built."""

    def __init__(self, text: str, path: Path) -> None:
        self.text, self.path = text, path
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self.spots: dict[PathInData, Spot] = {}
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchored] = {}
        self.count = self.deepest = 0

    def read(self) -> Any:
        next(self.events)  # the stream's start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            said = "the file holds nothing but comments" if self.text.strip() else "the file is empty"
            raise _RefusedError(said, "is it the right file?", Place(self.path, 1, 1))
        data = self._value(next(self.events), (), None)
        next(self.events)  # the document's end
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError(
                "a second YAML document begins here", "a file holds one; remove the line '---'", self._at(event)
            )
        return data

    def _at(self, event: Any) -> Place:
        return Place(self.path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, event: Any, path: PathInData, entry: Place | None) -> Any:
        place = self._at(event)
        self._enter(1, len(path), place)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, entry or place)
        if event.tag and event.tag.removeprefix(_TAG) not in _TAGS and event.tag != "!":
            hint = "put text that begins with '!' in quotes"
            raise _RefusedError(f"the tag {event.tag.replace(_TAG, '!!')} is not allowed", hint, place)
        self.spots[path] = spot = self._spot(event, entry)
        before, outer = self.count, self.deepest
        self.deepest = len(path)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        else:
            value = self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, spot, self.count - before, self.deepest - len(path))
        self.deepest = max(outer, self.deepest)
        return value

    def _spot(self, event: Any, entry: Place | None) -> Spot:
        place = self._at(event)
        raw = self.text[event.start_mark.index : event.end_mark.index]
        if not isinstance(event, yaml.ScalarEvent):
            return Spot(entry or place, place)
        properties = _PROPERTIES.match(raw)
        skipped = properties.end() if properties and (event.anchor or event.tag) else 0
        value = Place(place.path, place.line, place.column + skipped)
        return Spot(entry or place, value, raw[skipped:], event.style or "")

    def _enter(self, values: int, depth: int, place: Place) -> None:
        self.count += values
        self.deepest = max(self.deepest, depth)
        if self.count > MAX_VALUES:
            raise _RefusedError(f"the file holds more than {MAX_VALUES:,} values", "aliases count each time", place)
        if depth > MAX_DEPTH:
            raise _RefusedError(f"the values are nested more than {MAX_DEPTH} deep", "", place)

    def _alias(self, event: Any, path: PathInData, entry: Place) -> Any:
        place, name = self._at(event), event.anchor
        if name not in self.anchors:
            hint = f"put text that begins with '*' in quotes, or name a value with &{name}"
            raise _RefusedError(f"*{name} stands for nothing above it", hint, place)
        anchored = self.anchors[name]
        self._enter(anchored.count, len(path) + anchored.height, place)
        self.spots[path] = replace(anchored.spot, entry=entry)
        return anchored.value

    def _list(self, path: PathInData) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items)), None))
        return items

    def _mapping(self, path: PathInData) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            place = self._at(event)
            if not isinstance(event, yaml.ScalarEvent):
                hint = "put text that begins with {{ in quotes" if self._braces(event) else "put the text in quotes"
                raise _RefusedError("a key must be text, not a list or a mapping", hint, place)
            key = event.value
            self._check_text(event)
            if key in items:
                first = self.spots[(*path, key)].entry.line
                hint = "take one out"
                if path and isinstance(path[-1], int):
                    hint += ", or begin another item of the list with '- '"
                self.problems.append(Problem(f"'{key}' stands here twice (first on line {first})", hint, place))
            items[key] = self._value(next(self.events), (*path, key), place)
        return items

    def _braces(self, event: Any) -> bool:
        return self.text[: event.start_mark.index + 1].endswith("{{")

    def _scalar(self, event: Any) -> Any:
        self._check_text(event)
        tag = (event.tag or "").removeprefix(_TAG)
        return event.value if event.style or tag in ("str", "!") else plain_value(event.value)

    def _check_text(self, event: Any) -> None:
        place = self._at(event)
        raw = self.text[event.start_mark.index : event.end_mark.index] if event.style == '"' else ""
        if command := _TEX.search(raw):
            problem = Problem(
                f"in double quotes '{command[1]}' is no TeX: '{command[1][:2]}' is {_BLANKS[command[2]]}",
                _SINGLE,
                place,
            )
            self.problems.append(problem)
        elif unwanted := _UNWANTED.search(event.value):
            code = f"U+{ord(unwanted[0]):04X}"
            hint = _SINGLE if "\\" in raw else "remove it"
            self.problems.append(Problem(f"the text holds the control character {code}", hint, place))


def plain_value(text: str) -> Any:
    """What a plain scalar means in YAML 1.2's core schema; infinities and NaN stay text, as JSON has none."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if _NUMBER.fullmatch(text) and len(text) < 400 and math.isfinite(float(text)):
        return float(text)
    return text


def is_text(plain: str) -> bool:
    """Whether a plain scalar is read as text, not as a number, true, false or null."""
    return isinstance(plain_value(plain), str)
