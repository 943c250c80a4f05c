"""What Vue and Slidev do with an element, as Marp shows it: at a click, or in the state that it ends in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import escape, unescape
from types import MappingProxyType
from typing import Any

from talkgen.render.built_in import dragged
from talkgen.render.expressions import UnknownValueError, evaluate, shown

FRAGMENT = ' data-marpit-fragment="1"'
_ATTRIBUTE = re.compile(
    r"""(?<!\s)\s++(?P<name>[^\s"'<>/=]+)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'>]+)))?"""
)
_CLICK = re.compile(r"v-(click|after)(\.(?!hide)[\w-]+)*")
# How an element comes in is decoration: it is there in the end.
_DECORATION = re.compile(
    r"v-motion[\w-]*|:(initial|enter|leave|visible|visible-once|delay|duration|click-\d+|key|ref)|ref|@\w+\.?\w*"
)
_FILE = re.compile(
    r"\s*(?:(?=\w*[bB]ase)\w++\()?[`'](?:\$\{(?=[^}`']*(?:base|BASE))[^}`']*+\})?/?([^`'${}\s]+)[`']\)?\s*"
)
_AFTER = 10**6  # clicks: all that a slide waits for
_NUMBER = re.compile(r"\b\d{1,3}\b")
_FROM_TO = re.compile(r"\s*\[[^,\]]+,[^,\]]+\]\s*")  # of clicks at which something is there
_UNSEEN = re.compile(r"(?:^|\s)!?(opacity-0|scale-0|hidden|invisible)(?:\s|$)")
_MARKS = {"underline": "text-decoration:underline", "highlight": "background:rgb(255 220 0 / 40%)",
          "strike-through": "text-decoration:line-through", "crossed-off": "text-decoration:line-through"}  # fmt: skip


def without_vue(tag: str, places: Mapping[str, Any] = MappingProxyType({})) -> tuple[str, list[str]]:
    """A start tag as HTML without Vue's directives, and the names of those whose effect is not to be seen then.

    `places` are those that the slide's settings give to elements by name.
    """
    lost: list[str] = []
    names: list[str] = []

    def kept(found: re.Match[str]) -> str:
        name = found["name"]
        value = next((each for each in (found["a"], found["b"], found["c"]) if each is not None), "")
        if (name[0] not in "@:#" and not name.startswith("v-")) or name == "v-pre":
            return found[0] if name != "ref" else ""
        if _CLICK.fullmatch(name):
            return FRAGMENT
        if name.startswith("v-mark"):
            kind = next((each for each in _MARKS if each in name + value), "underline")
            return f' data-style="{_MARKS[kind]}"'
        if name == ":src" and (file := _FILE.fullmatch(value)):
            return f' src="/{file[1]}"'
        if name == "v-drag" and (css := dragged(value, places)):
            return f' data-style="{css}"'
        if _DECORATION.fullmatch(name):
            return ""
        try:
            before, after = (evaluate(unescape(value), clicks) for clicks in (0, _AFTER))
            return _state(name.removeprefix("v-bind").removeprefix(":"), before, after, names)
        except UnknownValueError:
            lost.append(name)
            return ""

    head = re.match(r"<[a-zA-Z][\w:.-]*", tag)
    start = head.end() if head else 0
    plain = tag[:start] + _ATTRIBUTE.sub(kept, tag[start:])
    if names:
        own = re.search(r"""\sclass\s*=\s*(?:"([^"]*)"|'([^']*)')""", plain)
        names = [*((own[1] or own[2] or "").split() if own else []), *names]
        plain = plain[:start] + f' class="{" ".join(names)}"' + plain[start:].replace(own[0] if own else "\0", "")
    return _with_styles(plain), lost


def passing(tag: str) -> Iterator[str]:
    """The directives of a start tag that do something between its first click and its last which is over then."""
    for found in _ATTRIBUTE.finditer(tag):
        value = unescape(found["a"] or found["b"] or "")
        if _CLICK.fullmatch(found["name"]) and _FROM_TO.fullmatch(value):
            yield found["name"]
        elif "clicks" in value and found["name"].removeprefix("v-bind") in (":class", ":style"):
            near = {int(number) + step for number in _NUMBER.findall(value) for step in (-1, 0, 1)}
            with suppress(UnknownValueError):  # which is told as lost
                first, *between, last = (evaluate(value, clicks) for clicks in (0, *sorted(near), _AFTER))
                if any(state not in (first, last) for state in between):
                    yield found["name"]


def _with_styles(tag: str) -> str:
    """A tag with its styles, own and made ones, in one attribute."""
    made = re.findall(r' data-style="([^"]*)"', tag)
    if not made:
        return tag
    tag = re.sub(r' data-style="[^"]*"', "", tag)
    own = re.search(r"""\sstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    css = ";".join([*([(own[1] or own[2] or "").rstrip("; ")] if own else []), *made])
    if own:
        return f'{tag[: own.start()]} style="{css}"{tag[own.end() :]}'
    return re.sub(r"(?<!\s)\s*+/?>\Z", lambda end: f' style="{css}"{end[0]}', tag)


def _state(name: str, before: Any, after: Any, names: list[str]) -> str:
    """What an element is in the end, of a directive's values before and after all clicks; classes go to `names`.

    Raises:
        UnknownValueError: the element is not to be seen in the end.
    """
    if name in ("v-if", "v-show", "v-else"):
        if not after:
            raise UnknownValueError(name)
        return "" if before else FRAGMENT
    if name == "class":
        new = " ".join(_classes(after))
        if _UNSEEN.search(new):
            raise UnknownValueError(name)
        names += new.split()
        return FRAGMENT if _UNSEEN.search(" ".join(_classes(before))) else ""
    value = _style(after) if name == "style" else shown(after)
    if not re.fullmatch(r"[a-z][a-z-]*", name) or after is None:
        raise UnknownValueError(name)
    return f' {"data-style" if name == "style" else name}="{escape(value)}"'


def _classes(value: Any) -> list[str]:
    """The classes that a value stands for: a text, a list, or those of a dict that hold."""
    if isinstance(value, list):
        return [name for each in value for name in _classes(each)]
    if isinstance(value, dict):
        return [name for key, holds in value.items() if holds for name in key.split()]
    return value.split() if isinstance(value, str) else []


def _style(value: Any) -> str:
    """CSS of a text, or of a dict whose keys may be in camel case; how it comes to be so is not seen."""
    if not isinstance(value, dict):
        return shown(value)
    rules = {re.sub(r"[A-Z]", lambda found: f"-{found[0].lower()}", key): each for key, each in value.items()}
    return ";".join(f"{key}:{shown(each)}" for key, each in rules.items() if not key.startswith("transition"))
