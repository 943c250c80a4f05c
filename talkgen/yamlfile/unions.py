"""Unions of models in which one of a mapping's keys says which of them it is."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, get_args

from pydantic import Discriminator, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema


@dataclass(frozen=True)
class NamedUnion:
    """Annotates a union of models that have a `key` each; `key_of` says which key a value has, if any.

    The union is spelled once, as `Annotated[Markdown | Bullets, NamedUnion(block_key)]`, so that a type checker sees
    its members and pydantic picks one by its key instead of trying them all.
    """

    key_of: Callable[[Any], str | None]

    def members(self, union: Any) -> dict[str, Any]:
        """The models of a union by their keys."""
        return {member.key: member for member in get_args(union)}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        tagged = [Annotated[member, Tag(key)] for key, member in self.members(source).items()]
        return handler.generate_schema(Annotated[reduce(operator.or_, tagged), Discriminator(self.key_of)])
