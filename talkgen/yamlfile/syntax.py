"""What a YAML parser's complaints most likely mean, in the words of somebody writing text into lists."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from talkgen.errors import Place, Problem

_SAID = (  # what the parser says, what it most likely means
    ("mapping values are not allowed", "a ': ' stands inside unquoted text, or the indentation is wrong",
     "put text that holds ': ' in quotes"),
    ("found character that cannot start any token", "unquoted text cannot begin with this character",
     "put the text in quotes"),
    ("unexpected end of stream", "a quote is opened here and never closed", "close it"),
    ("unknown escape character", "this backslash escape is unknown",
     "use single quotes, where \\ is an ordinary character"),
    ("invalid Unicode character escape code", "this escape stands for no character", "write the character itself"),
    ("did not find expected '-' indicator", "a list item was expected here",
     "begin it with '- ' at the list's indentation"),
    ("did not find expected ',' or ']'", "this '[' is never closed", "close it, or put the text in quotes"),
    ("did not find expected ',' or '}'", "this '{' is never closed", "close it, or put the text in quotes"),
    ("did not find expected key", "a key was expected here", "check the indentation and the quotes above"),
    ("could not find expected ':'", "a ':' is missing after this key", "write 'key: value'"),
    ("block sequence entries are not allowed", "a list cannot begin on the line of its key",
     "begin it on a line of its own"),
)  # fmt: skip
_KEY = re.compile(r" *[\w-]+:(?= |$)")  # a line that has nothing before its key
_AHEAD = re.compile(r"[ \u00a0]*(?:-[ \u00a0]+)*(?:[\w-]+:[ \u00a0]+)?")  # the same, with no-break spaces
_VALUE = re.compile(r" *(?:- +)*(?:[\w-]+: +)?(?=\S)")  # what may stand before a value
_SIGNS = "*&!%@`"  # of Markdown and people, with which YAML's text cannot begin


def syntax_problem(reason: yaml.MarkedYAMLError, text: str, path: Path) -> Problem:
    """The problem of a text that is not YAML, at the character where the author should look."""
    said = f"{reason.problem or ''}"
    opened = "end of stream" in said or "',' or" in said
    mark = (reason.context_mark if opened else None) or reason.problem_mark or reason.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path, 1, 1)
    if mark and text.startswith("\t", mark.index):
        return Problem("a tab stands where spaces are needed", "indent with spaces", place)
    line = text[mark.index - mark.column :].partition("\n")[0] if mark else ""
    if mark and (problem := _of_space(text[: mark.index - mark.column] + line, place)):
        return problem
    if mark and "expected key" in said and (problem := _of_quote(text, mark.index, path)):
        return problem
    if problem := _of_line(said, line, place):
        return problem
    for sign, message, hint in _SAID:
        if sign in said:
            return Problem(message, hint, place)
    hint = "look at the line before, too: a bracket, a quote or its indentation"
    return Problem(f"this is not YAML: {said or reason}", hint, place)


def _of_space(text: str, place: Place) -> Problem | None:
    """A no-break space, as Option or AltGr types it, before the text of the last line or of the one before."""
    for above, line in enumerate(text.split("\n")[:-3:-1]):
        ahead = _AHEAD.match(line)
        if ahead and "\u00a0" in ahead[0]:
            begins = Place(place.path, place.line - above, ahead[0].index("\u00a0") + 1)
            return Problem("a no-break space stands where a space is needed", "type that space again", begins)
    return None


def _of_quote(text: str, end: int, path: Path) -> Problem | None:
    """A text in quotes that goes on over lines and ends right before a text: a quote before that one was forgotten."""
    last = None
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if token.start_mark.index >= end:
            break
        last = token
    if (
        not isinstance(last, yaml.ScalarToken)
        or last.start_mark.line == last.end_mark.line
        or last.style not in ("'", '"')
    ):
        return None
    begins = Place(path, last.start_mark.line + 1, last.start_mark.column + 1)
    return Problem(
        f"the text in quotes that begins here ends in line {last.end_mark.line + 1}",
        "close it where it should end",
        begins,
    )


def _of_line(said: str, line: str, place: Place) -> Problem | None:
    """What the line itself tells: how its key is indented, or with which sign its text begins."""
    if key := _KEY.match(line):
        name = key[0].strip(" :")
        starts, ends = key.end() - len(name), key.end()  # as columns, counted from 1
        far = "mapping values" in said and place.column == ends
        if far or ("'-' indicator" in said and place.column == starts):
            begins = Place(place.path, place.line, starts)
            hint = "let it begin right below the key before it"
            return Problem(f"'{name}' is indented too {'far' if far else 'little'}", hint, begins)
    value = _VALUE.match(line)
    start = value.end() if value else 0
    sign = line[start : start + 1]
    if sign and (sign in _SIGNS or (sign == "[" and "]" in line[start : place.column])):
        begins = Place(place.path, place.line, start + 1)
        return Problem(f"unquoted text cannot begin with '{sign}'", "put the text in quotes", begins)
    return None
