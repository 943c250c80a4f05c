"""CSS of one tool's slides as CSS of the other's, and Marp's directives as CSS; knows no block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from talkgen.render.utilities import declarations

LOOKS = {
    "backgroundColor": "background-color", "backgroundImage": "background-image", "color": "color",
    "backgroundSize": "background-size", "backgroundPosition": "background-position",
    "backgroundRepeat": "background-repeat",
}  # fmt: skip
_PICTURE = {"background-size": "cover", "background-position": "center", "background-repeat": "no-repeat"}
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?""", re.DOTALL)  # or until its line ends
_IMPORT = re.compile(r"@import\b[^;]*;?")
_APPLY = re.compile(r"@apply\s+(?P<names>[^;{}]+);?")
_OF_UNOCSS = re.compile(r"@apply|@screen|\bv-bind\(|theme\(")
_SECTION = re.compile(r"(?<![\w.#\[-])section(?![\w-])|:root\b")
_VALUE = re.compile(r"[^;{}<>\n]+")


def is_whole(css: str) -> bool:
    """Whether all braces of a style sheet close: one that is not would end what stands after it."""
    depth = 0
    for brace in re.findall(r"[{}]", _STRING.sub("", _COMMENT.sub("", css))):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def without_imports(css: str) -> tuple[str, list[str]]:
    """A style sheet without comments and without the other sheets that it takes in, and these."""
    css = _COMMENT.sub("", css)
    found = [each.strip() for each in _IMPORT.findall(css)]
    return re.sub(r"\n\s*\n", "\n", _IMPORT.sub("", css)).strip(), found


def for_slidev(css: str) -> str:
    """CSS of a Marp deck whose slides are Slidev's."""
    return _SECTION.sub(".slidev-layout", css)


def for_marp(css: str) -> str | None:
    """CSS of a Slidev deck whose slides are Marp's; None where only Slidev's own tools read it."""
    css = _APPLY.sub(lambda found: _applied(found["names"].split()) or found[0], css)
    if _OF_UNOCSS.search(css):
        return None
    css = re.sub(r"(?:::v-deep|:deep)\(([^()]*)\)", r"\1", css)
    return re.sub(r"\.slidev-layout\b|\.slidev-page\b", "section", css)


def _applied(names: Sequence[str]) -> str:
    """The CSS of UnoCSS's names; empty where one of them is not known."""
    found = [declarations([name]) for name in names]
    return f"{';'.join(found)};" if all(found) else ""


def look(directives: Mapping[str, Any]) -> str:
    """What directives of Marp do to a slide, as CSS of its element; empty where they do nothing."""
    rules = dict(_rules(directives))
    if "background-image" in rules:
        rules = {**_PICTURE, **rules}
    return ";".join(f"{name}:{value}" for name, value in rules.items())


def _rules(directives: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in directives.items():
        if name in LOOKS and _VALUE.fullmatch(str(value)):
            yield LOOKS[name], str(value)
