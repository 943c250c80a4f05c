"""Turns a document into a pydantic model, and pydantic's errors into problems that people can mend.

A plain number, date or `true` where text is wanted is taken as text, spelled as in the file.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypeAliasType, evaluate_forward_ref

from talkgen.errors import Problem, TalkgenError, did_you_mean, nearest
from talkgen.yamlfile.document import Document, PathInData, where_path
from talkgen.yamlfile.unions import NamedUnion
from talkgen.yamlfile.words import explain, name_of

T = TypeVar("T")


def validate(document: Document, model: type[T], error: type[TalkgenError] = TalkgenError) -> T:
    """The document as `model` (a pydantic model, or any type pydantic takes).

    Raises:
        TalkgenError: `error`, with every problem of the document, those of reading it included.
    """
    document = spell(document, model)
    problems, value = list(document.problems), None
    try:
        value = TypeAdapter(model).validate_python(document.data)
    except ValidationError as failed:
        problems += _problems(document, model, failed)
    if problems:
        raise error(sorted(problems, key=by_place))
    return typing.cast("T", value)


def spell(document: Document, model: Any) -> Document:
    """The document with plain scalars as text, spelled as in the file, wherever `model` wants text."""
    try:
        TypeAdapter(model).validate_python(document.data)
    except ValidationError as failed:
        return replace(document, data=_spelled(document, model, failed))
    return document


def by_place(problem: Problem) -> tuple[str, int, int]:
    """What problems are sorted by: file, line and column."""
    place = problem.place
    return (str(place.path), place.line, place.column) if place else ("", 0, 0)


def _spelled(document: Document, model: Any, failed: ValidationError) -> Any:
    data = document.data
    for detail in failed.errors(include_url=False, include_context=False):
        if detail["type"] in ("string_type", "union_tag_not_found") and isinstance(detail["input"], int | float):
            path, _ = _locate(model, detail["loc"])
            spot = document.spots.get(path)
            if spot and spot.raw and not spot.style:
                data = _with(data, path, spot.raw)
    return data


def _with(data: Any, path: PathInData, value: Any) -> Any:
    """A copy of `data` in which `value` stands at `path`; shares the rest."""
    if not path:
        return value
    step, copy = path[0], data.copy()
    copy[step] = _with(data[step], path[1:], value)
    return copy


def _problems(document: Document, model: Any, failed: ValidationError) -> Iterator[Problem]:
    """One problem a place: a union's complaints are told as one, and those of a branch not meant are left out."""
    found: dict[PathInData, list[tuple[ErrorDetails, Any]]] = {}
    for detail in failed.errors(include_url=False):
        path, holder = _locate(model, detail["loc"])
        found.setdefault(path, []).append((detail, holder))
    for path, details in found.items():
        is_branch = len(details) > 1 or details[0][0]["type"].endswith("_type")
        if is_branch and any(other[: len(path)] == path and len(other) > len(path) for other in found):
            continue
        beside = _tagged(_locate(model, details[0][0]["loc"][:-2])[1])
        yield _problem(document, path, details, beside)


def _problem(
    document: Document, path: PathInData, details: list[tuple[ErrorDetails, Any]], beside: Mapping[str, Any]
) -> Problem:
    """What is wrong at one place; the models that could stand `beside` it are known by their keys."""
    detail, holder = details[0]
    kind, name = detail["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        hint = _hint(name, holder, beside)
        return Problem(f"unknown key '{name}'", hint, document.place(path), where_path(path[:-1]))
    if kind == "missing":
        hint = _description(name, holder)
        return Problem(f"'{name}' is missing", hint, document.place(path[:-1]), where_path(path[:-1]))
    if kind.startswith("union_tag"):
        message, hint = _unnamed(detail["input"], list(_tagged(holder)))
        return Problem(message, hint, document.place(path), where_path(path))
    message, hint = explain([each for each, _ in details])
    hint = _quoted(name, detail, holder) or hint
    purpose = _description(name, holder)
    hint = purpose or hint if kind == "string_pattern_mismatch" else hint or purpose
    return Problem(message, hint, document.place(path), where_path(path))


def _quoted(name: str, detail: ErrorDetails, holder: Any) -> str:
    """A hint for `- Word: text`, which is a mapping, where a list holds texts and mappings of other things."""
    is_free = get_origin(holder) is dict and isinstance(detail["input"], str | int | float)
    return f'if it is one text, put it in quotes: "{name}: {detail["input"]}"' if is_free else ""


def _description(name: str, holder: Any) -> str:
    """What the field `name` of the model `holder` is for, where the model says so."""
    fields = holder.model_fields if _fields(holder) else {}
    return next((info.description or "" for key, info in fields.items() if name in (key, info.alias)), "")


def _hint(name: str, holder: Any, beside: Mapping[str, Any]) -> str:
    """What an unknown key of the model `holder` was meant to be; other models could stand `beside` it."""
    if name in beside:
        return f"begin a '{name}' of its own with '- '"
    fields = _fields(holder)
    for field, annotation in fields.items():
        for members in map(_tagged, _inside(annotation)):
            if name in members:
                return f"'{name}' goes in the list under '{field}:'"
            if any(name in _fields(member) for member in members.values()):
                return f"'{name}' belongs to an item of the list under '{field}:'"
    others = getattr(holder, "others", "")
    if others and not nearest(name, fields):
        return f"did you mean '{others}: {{{name}: …}}'?"
    return did_you_mean(name, fields)


def _unnamed(value: Any, tags: Sequence[str]) -> tuple[str, str]:
    """Words for a value that names none of the kinds it could be."""
    if not isinstance(value, dict) or not value:
        hint = "a '#' begins a comment: put text that begins with one in quotes" if value is None else ""
        return (
            f"must be text or a mapping, not {name_of(value)}",
            hint or f"one of its keys says what it is: {', '.join(tags)}",
        )
    first = next(iter(value))
    if len(value) == 1 and isinstance(text := value[first], str) and first[:1].isupper():
        return f"'{first}' is not known here", f'if it is one text, put it in quotes: "{first}: {text}"'
    key = next((key for key in value if nearest(str(key), tags)), first)
    return f"'{key}' is not known here", did_you_mean(str(key), tags)


# ------------------------------------------------------------------ pydantic's error locations, read along the types


def _locate(annotation: Any, loc: tuple[str | int, ...]) -> tuple[PathInData, Any]:
    """The path in the data that an error's location means, and the type that holds its last step.

    pydantic mixes names of union members into its locations; walking the types tells them from keys.
    """
    return _walk(annotation, loc) or (loc, None)


def _walk(annotation: Any, loc: tuple[str | int, ...], holder: Any = None) -> tuple[PathInData, Any] | None:
    annotation = _bare(annotation)
    tagged = _tagged(annotation)
    if not loc:
        return (), annotation if tagged else holder
    step, rest = loc[0], loc[1:]
    if tagged:
        return _walk(tagged[str(step)], rest, holder) if step in tagged else None
    members = _members(annotation)
    if members:
        loc = rest if len(members) > 1 else loc
        return next((found for member in members if (found := _walk(member, loc, holder))), None)
    if step == "[key]":
        return (), holder
    inner = _child(annotation, step)
    if inner is None:
        return ((step,), annotation) if not rest and _fields(annotation) else None
    found = _walk(inner, rest, annotation)
    return ((step, *found[0]), found[1]) if found else None


def _bare(annotation: Any) -> Any:
    """The type behind aliases and annotations; a union with a discriminator keeps its annotation."""
    while True:
        if isinstance(annotation, TypeAliasType):
            annotation = _aliased(annotation)
        elif get_origin(annotation) is Annotated and not _is_tagged(annotation):
            annotation = get_args(annotation)[0]
        else:
            return annotation


def _aliased(alias: TypeAliasType) -> Any:
    """What an alias stands for; one that names itself is written as a string."""
    value, names = alias.__value__, vars(sys.modules[str(alias.__module__)])
    return evaluate_forward_ref(typing.ForwardRef(value), globals=names) if isinstance(value, str) else value


def _is_tagged(annotation: Any) -> bool:
    return any(isinstance(note, NamedUnion) for note in get_args(annotation)[1:])


def _tagged(annotation: Any) -> dict[str, Any]:
    """The members of a union of which a key names one, by that key; nothing for any other type."""
    if get_origin(annotation) is not Annotated:
        return {}
    notes = [note for note in get_args(annotation)[1:] if isinstance(note, NamedUnion)]
    return notes[0].members(get_args(annotation)[0]) if notes else {}


def _members(annotation: Any) -> list[Any]:
    """The members of a plain union, None left out; nothing for any other type."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return []
    return [member for member in get_args(annotation) if member is not type(None)]


def _inside(annotation: Any) -> list[Any]:
    """The bare item types of a list annotation."""
    return [_bare(each) for each in get_args(_bare(annotation))]


def _fields(annotation: Any) -> dict[str, Any]:
    """A model's keys and their types."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: _annotation(annotation, name) for name, field in annotation.model_fields.items()}


def _annotation(model: type[BaseModel], name: str) -> Any:
    """A field's type with its annotations, which `model_fields` takes apart."""
    field = model.model_fields[name]
    notes = [note for note in field.metadata if isinstance(note, NamedUnion)]
    return Annotated[(field.annotation, *notes)] if notes else field.annotation


def _child(annotation: Any, step: str | int) -> Any:
    """The type of what stands at `step` in a value of type `annotation`; None where nothing can."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(step, int):
        return inner[0] if origin in (list, tuple, set, frozenset) and inner else None
    if origin is dict:
        return inner[1]
    return _fields(annotation).get(step)
