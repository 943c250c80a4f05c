"""What all parts of an outline have in common, and what their fields say of the texts in them; knows no block.

A field says in its type whether a text is shown or is somebody's source, whether something is computed from it, and
where the names of files stand in it: `Annotated[str, Mark.VERBATIM, Holds.HTML]`. Expressions, checks and renderers go
by that, so that a new field is declared in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, model_validator


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

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Ordered(Node):
    """A node that knows in which order its keys were written: a tool's own settings are given back in theirs."""

    _given: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        node = handler(value)
        if isinstance(value, dict):
            node._given = tuple(value)
        return node

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__  # in whatever order it was written

    __hash__ = Node.__hash__

    @property
    def given(self) -> tuple[str, ...]:
        """The keys that were written, in their order."""
        return self._given


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
