"""MDC, in which authors of Slidev decks write components and attributes in Markdown, as the tags that it stands for."""

from __future__ import annotations

import re
from html import escape

_MDC = re.compile(
    r"(?P<fence>^[ \t]*(?P<wall>`{3,}|~{3,}).*?(?:^[ \t]*(?P=wall)[^\n]*$|\Z))|(?P<expression>\{\{(?:(?!\{\{).)*?\}\})|"
    r"^:{2,}(?P<block>[a-z][\w-]*)(?:\{(?P<of_block>[^{}\n]*)\})?[ \t]*$|^(?P<closes>:{2,})[ \t]*$|"
    r"(?<![\w:]):(?P<inline>[a-z][\w-]*)\{(?!\{)(?P<of_inline>[^{}\n]*)\}|"
    r"(?P<text>!?\[[^\[\]\n]*\]\([^()\n]*\)|\[(?P<span>[^\[\]\n]*)\]|(?P<mark>\*\*|\*|(?<!`)`++)(?!\s)[^\n]*?(?P=mark))"
    r"(?:\{(?!\{)(?P<of_text>[^{}\n]*)\})?|"
    r"(?<![ \t])[ \t]+\{[.#][^{}\n]*\}[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""(?P<sign>[.#])(?P<name>[^\s.#{}]+)|(?P<other>[:@\w-]+(?:=(?:"[^"]*"|'[^']*'|[^\s"']+))?)""")


def as_tags(source: str) -> str:
    """Markdown with tags in place of MDC; attributes of a heading go."""
    return _Reader().read(source)


class _Reader:
    """Reads a text; knows which components are open."""

    def __init__(self) -> None:
        self._open: list[str] = []

    def read(self, source: str) -> str:
        text = _MDC.sub(self._tags, source)
        return "\n\n".join([text, *(f"</{name}>" for name in reversed(self._open))])

    def _tags(self, found: re.Match[str]) -> str:
        if found["fence"] or found["expression"]:
            return found[0]
        if found["block"]:
            self._open.append(_component(found["block"]))
            return f"<{self._open[-1]}{_attributes(found['of_block'] or '')}>\n"
        if found["closes"]:
            return f"\n</{self._open.pop()}>" if self._open else found[0]
        if found["inline"]:
            return f"<{_component(found['inline'])}{_attributes(found['of_inline'])} />"
        if found["text"]:
            if found["of_text"] is None:
                return found[0]
            inside = found["span"] if found["span"] is not None else found["text"]
            return f"<span{_attributes(found['of_text'])}>{inside}</span>"
        return ""


def _component(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _attributes(source: str) -> str:
    """The attributes of a tag: classes and a name by their signs, all others as they stand."""
    found = list(_ATTRIBUTE.finditer(source))
    names = {sign: [each["name"] for each in found if each["sign"] == sign] for sign in ".#"}
    parts = [f'class="{escape(" ".join(names["."]))}"'] if names["."] else []
    parts += [f'id="{escape(names["#"][0])}"'] if names["#"] else []
    return "".join(f" {part}" for part in (*parts, *(each["other"] for each in found if each["other"])))
