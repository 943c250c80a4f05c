"""Expressions of Vue whose value is in the expression itself: texts, numbers, lists, choices by the number of clicks.

Nothing is run: what names anything else has no value here. The grammar is ECMAScript's, as far as templates use it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

_TOKEN = re.compile(
    r"(?<!\s)\s*+(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<text>'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\")"
    r"|(?P<open>'(?:[^'\\\n]|\\.)*+|\"(?:[^\"\\\n]|\\.)*+)|(?P<template>`[^`\\]*`)"  # `open` is a text without an end
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\?\?|[-+*/%<>?:!()\[\]{},.]))"
)
_CLICKS = re.compile(r"\$(?:slidev\.nav\.|nav\.)?clicks\b(?!\s*\()")
_REF = re.compile(r"\b(?:const|let)\s+(?P<name>\w+)\s*=\s*ref(?:<[^<>()]*>)?\((?P<value>[^()]+)\)")
_INNER = re.compile(r"\$\{([^{}]*)\}")  # of a template
_COLON = re.compile(r"\s*:")
_NEAR = 100  # characters before a name, blanks among them, that say what it is
_ESCAPES = {"n": "\n", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_LEVELS: tuple[Mapping[str, Callable[[Any, Any], Any]], ...] = (
    {"===": lambda a, b: a == b, "==": lambda a, b: a == b, "!==": lambda a, b: a != b, "!=": lambda a, b: a != b},
    {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b},
    {"+": lambda a, b: a + b if _are_numbers(a, b) else shown(a) + shown(b), "-": lambda a, b: _number(a) - _number(b)},
    {
        "*": lambda a, b: _number(a) * _number(b),
        "/": lambda a, b: _number(a) / _number(b),
        "%": lambda a, b: _number(a) % _number(b),
    },
)
_DEEPEST = 40


class UnknownValueError(ValueError):
    """The expression has no value here."""


def evaluate(source: str, clicks: float, names: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The value of an expression after so many clicks: a text, a number, a truth, None, a list or a dict of them.

    `names` are those that have a value.

    Raises:
        UnknownValueError: it names what is not in it, calls something, or is no expression.
    """
    parser = _Parser(_CLICKS.sub("$clicks", source), {**_WORDS, **names, "$clicks": clicks})
    try:
        return parser.whole()
    except (TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise UnknownValueError(source) from error


def beginnings(script: str) -> Iterator[tuple[str, Any]]:
    """The names of a component's set-up that hold a value of their own, `ref(0)`, each with what it begins as."""
    for found in _REF.finditer(script):
        with suppress(UnknownValueError):
            yield found["name"], evaluate(found["value"], 0)


def shown(value: Any) -> str:
    """A value as Vue writes it into a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def bound(source: str, names: Mapping[str, Any]) -> str:
    """An expression with the values of `names` in their places."""

    def inner(found: re.Match[str]) -> str:
        try:
            return shown(evaluate(found[1], 0, names))
        except UnknownValueError:
            return found[0]

    def value(found: re.Match[str]) -> str:
        if found["template"]:
            return _INNER.sub(inner, found[0])
        before = source[max(0, found.start("name") - _NEAR) : found.start("name")].rstrip()
        if found["name"] not in names or before.endswith("."):
            return found[0]
        if _COLON.match(source, found.end()) and before.endswith(("{", ",")):
            return found[0]  # the key of an object
        return found[0].replace(found["name"], f"({_literal(names[found['name']])})")

    return _TOKEN.sub(value, source)


def _literal(value: Any) -> str:
    """A value as an expression that may stand between double quotes."""
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace('"', "&quot;")
        return f"'{plain}'"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(each)}' for key, each in value.items())}}}"
    return shown(value) or "null"


def _number(value: Any) -> float:
    """A number, which a text is none of: a text times a number would be a long text.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, int | float):
        return value
    raise TypeError(value)


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(each, int | float) for each in values)


class _Parser:
    """Reads and evaluates at once; both sides of a choice are evaluated, which has no effects."""

    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self.source, self.names = source, names
        self.at = self.deep = 0
        self.kind = self.token = ""
        self._next()

    def whole(self) -> Any:
        """The value of all of the source."""
        value = self.choice()
        if self.kind:
            raise UnknownValueError(self.source)
        return value

    def _next(self) -> None:
        found = _TOKEN.match(self.source, self.at)
        if found and found.lastgroup:
            self.kind, self.token, self.at = found.lastgroup, found[found.lastgroup], found.end()
        elif self.source[self.at :].strip():
            raise UnknownValueError(self.source)
        else:
            self.kind = self.token = ""

    def _take(self, sign: str) -> bool:
        if self.kind != "sign" or self.token != sign:
            return False
        self._next()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise UnknownValueError(self.source)

    def choice(self) -> Any:
        """`a ? b : c`, and all that binds closer."""
        self.deep += 1
        if self.deep > _DEEPEST:
            raise UnknownValueError(self.source)
        value = self._either()
        if self._take("?"):
            then = self.choice()
            self._expect(":")
            other = self.choice()
            value = then if value else other
        self.deep -= 1
        return value

    def _either(self) -> Any:
        value = self._both()
        while self.kind == "sign" and self.token in ("||", "??"):
            keeps = bool(value) if self.token.startswith("|") else value is not None
            self._next()
            other = self._both()
            value = value if keeps else other
        return value

    def _both(self) -> Any:
        value = self._level(0)
        while self._take("&&"):
            other = self._level(0)
            value = other if value else value
        return value

    def _level(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while self.kind == "sign" and self.token in _LEVELS[level]:
            operation = _LEVELS[level][self.token]
            self._next()
            value = operation(value, self._level(level + 1))
        return value

    def _unary(self) -> Any:
        if self._take("!"):
            return not self._unary()
        if self._take("-"):
            return -self._unary()
        value = self._primary()
        while self.kind == "sign" and self.token in (".", "["):
            if self._take("["):
                key = self.choice()
                self._expect("]")
            else:
                self._next()
                key = self.token
                self._next()
            if key == "includes" and isinstance(value, str | list) and self._take("("):
                value = self.choice() in value
                self._expect(")")
            else:
                value = len(value) if key == "length" and isinstance(value, str | list) else value[key]
        return value

    def _primary(self) -> Any:
        kind, token = self.kind, self.token
        self._next()
        match kind, token:
            case "number", _:
                return float(token) if "." in token else int(token)
            case "text", _:
                return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])
            case "template", _:
                return _INNER.sub(lambda found: shown(_Parser(found[1], self.names).whole()), token[1:-1])
            case "name", _ if token in self.names:
                return self.names[token]
            case "sign", "(":
                value = self.choice()
                self._expect(")")
                return value
            case "sign", "[":
                return list(self._items("]", self.choice))
            case "sign", "{":
                return dict(self._items("}", self._pair))
        raise UnknownValueError(self.source)

    def _items(self, end: str, item: Callable[[], Any]) -> list[Any]:
        items = []
        while not self._take(end):
            items.append(item())
            if not self._take(","):
                self._expect(end)
                break
        return items

    def _pair(self) -> tuple[str, Any]:
        key = self.token[1:-1] if self.kind == "text" else self.token
        if self.kind not in ("text", "name", "number"):
            raise UnknownValueError(self.source)
        self._next()
        self._expect(":")
        return key, self.choice()
