"""What all parts of an outline have in common, and what their fields say of the texts in them; knows no block.

A field says in its type whether a text is shown or is somebody's source, whether something is computed from it, and
where the names of files stand in it: `Annotated[str, Mark.VERBATIM, Holds.HTML]`. Expressions, checks and renderers go
by that, so that a new field is declared in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Mark(Enum):
    """What is done with a text."""

    VERBATIM = auto()  # a name or a program's source: braces in it are no expression
    INPUT = auto()  # something is computed from it, so that it cannot use what is computed


class Holds(Enum):
    """Where the names of files stand in a text."""

    FILE = auto()  # it is one, or an address
    BACKGROUND = auto()  # it is one, or a CSS background
    MARKDOWN = auto()
    HTML = auto()
    CSS = auto()
    MARP = auto()  # source for one target
    SLIDEV = auto()
    DIRECTIVES = auto()  # settings of one target, passed on
    FRONTMATTER = auto()


Marks = frozenset[Mark | Holds]
Name = Annotated[str, Mark.VERBATIM]
Prose = Annotated[str, Holds.MARKDOWN]
FileName = Annotated[str, Holds.FILE]


class Node(BaseModel):
    """Anything in an outline: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@cache
def marks(kind: type[Node]) -> Mapping[str, Marks]:
    """What each field of a kind of node says of the texts in it."""
    return {
        name: frozenset([*_own(field.metadata), *_marks_in(field.annotation)])
        for name, field in kind.model_fields.items()
    }


def _marks_in(annotation: Any) -> Iterator[Mark | Holds]:
    """The marks in a type, however deep; nodes in it have their own."""
    if get_origin(annotation) is Annotated:
        yield from _own(annotation.__metadata__)
    for inner in get_args(annotation):
        yield from _marks_in(inner)


def _own(notes: Iterable[Any]) -> Iterator[Mark | Holds]:
    return (note for note in notes if isinstance(note, Mark | Holds))
