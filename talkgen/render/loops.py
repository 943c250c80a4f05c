"""Elements that Vue repeats, written out: one for each item of a list that stands in the slide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from talkgen.render.expressions import UnknownValueError, bound, evaluate

SPAN = r"(?P<code>(?<!`)(?P<ticks>`++)(?:[^`\n]|`(?!(?P=ticks))|\n(?![ \t]*\n))+?(?P=ticks)(?!`))"
_TAG = re.compile(rf"""{SPAN}|<(?P<name>[a-zA-Z][\w.-]*+)(?P<rest>(?:[^<>"']|"[^"]*"|'[^']*')*+)>""")
_LOOP = re.compile(r"""\sv-for=(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')""")
_OF = re.compile(
    r"\s*+\(?\s*+(?P<item>[\w$]++)(?:\s*+,\s*+(?P<index>[\w$]++))?(?:\s*+\))?\s++(?:in|of)\s+(?P<list>.*)", re.DOTALL
)
_DYNAMIC = re.compile(
    r"""(?P<head>\s(?:v-[\w.-]+|:[\w.-]+)=")(?P<value>[^"]*)(?=")|(?P<text>\{\{.{0,2000}?\}\})""", re.DOTALL
)
_MOST = 200  # items, and loops of a text
_LONGEST = 100_000  # characters of a text that is written out: loops in loops make very many


def written_out(source: str) -> str:
    """HTML in which an element with `v-for` stands once for each item, where the list has a value."""
    at, rounds = 0, 0
    while (tag := _TAG.search(source, at)) and rounds < _MOST:
        loop = None if tag["code"] else _LOOP.search(tag["rest"])
        end = _end(source, tag) if loop else None
        at = tag.end()
        if loop is None or end is None:
            continue
        try:
            rows = list(_names(loop["a"] or loop["b"]))
        except UnknownValueError:
            continue
        start = f"<{tag['name']}{tag['rest'].replace(loop[0], '', 1)}>"
        once = start + source[tag.end() : end]
        if len(source) + len(once) * len(rows) > _LONGEST:
            continue
        copies = "\n".join(_DYNAMIC.sub(partial(_bound, names=names), once) for names in rows)
        source = source[: tag.start()] + copies + source[end:]
        at, rounds = tag.start(), rounds + 1
    return source


def _end(source: str, start: re.Match[str]) -> int | None:
    """Where the element that a tag starts ends, its end tag included; None where it has none."""
    if start["rest"].endswith("/"):
        return start.end()
    depth = 1
    same = re.compile(rf"""<(/?){re.escape(start["name"])}\b(?:[^<>"']|"[^"]*"|'[^']*')*?(/?)>""")
    for tag in same.finditer(source, start.end()):
        if tag[2]:
            continue
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return None


def _names(loop: str) -> Iterator[Mapping[str, Any]]:
    """What each round of a loop calls its item, and the number of it."""
    found = _OF.fullmatch(loop)
    if not found:
        raise UnknownValueError(loop)
    values = evaluate(found["list"], 0)
    if isinstance(values, int):
        values = list(range(1, values + 1))
    if not isinstance(values, list):
        raise UnknownValueError(loop)
    for index, value in enumerate(values[:_MOST]):
        yield {found["item"]: value, **({found["index"]: index} if found["index"] else {})}


def _bound(found: re.Match[str], names: Mapping[str, Any]) -> str:
    return bound(found["text"], names) if found["text"] else found["head"] + bound(found["value"], names)
