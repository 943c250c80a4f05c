"""What Vue and Slidev do with an element, as Marp shows it: at a click, or in the state that it ends in."""

from __future__ import annotations

import re

FRAGMENT = ' data-marpit-fragment="1"'
_ATTRIBUTE = re.compile(r"""\s+(?P<name>[^\s"'<>/=]+)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'>]+)))?""")
_CLICK = re.compile(r"v-(click|after)(\.(?!hide)[\w-]+)*")
# How an element comes in is decoration: it is there in the end.
_DECORATION = re.compile(
    r"v-motion[\w-]*|:(initial|enter|leave|visible|visible-once|delay|duration|click-\d+|key|ref)|ref|@\w+\.?\w*"
)
_CLICKS = re.compile(
    r"\s*\[?\s*\$(?:slidev\.nav\.)?clicks\s*(?P<sign><=?|>=?)\s*\d+\s*\?\s*'(?P<a>[^']*)'\s*:\s*'(?P<b>[^']*)'\s*\]?\s*"
)
_NAMES = re.compile(r"\s*\[?\s*(?:'[^']*'\s*,?\s*)+\]?\s*")
_SHOWN = re.compile(r"\s*\$(?:slidev\.nav\.)?clicks\s*>=?\s*\d+\s*")
_FILE = re.compile(r"\s*(?:\w*[bB]ase\w*\()?[`'](?:\$\{[^}`']*(?:base|BASE)[^}`']*\})?/?([^`'${}\s]+)[`']\)?\s*")
_UNSEEN = re.compile(r"(?:^|\s)!?(opacity-0|scale-0|hidden|invisible)(?:\s|$)")
_MARKS = {"underline": "text-decoration:underline", "highlight": "background:rgb(255 220 0 / 40%)",
          "strike-through": "text-decoration:line-through", "crossed-off": "text-decoration:line-through"}  # fmt: skip


def without_vue(tag: str) -> tuple[str, list[str]]:
    """A start tag as HTML without Vue's directives, and the names of those whose effect is not to be seen then."""
    lost: list[str] = []
    names: list[str] = []

    def kept(found: re.Match[str]) -> str:
        name = found["name"]
        value = next((each for each in (found["a"], found["b"], found["c"]) if each is not None), "")
        if (name[0] not in "@:#" and not name.startswith("v-")) or name == "v-pre":
            return found[0] if name != "ref" else ""
        if _CLICK.fullmatch(name) or (name in ("v-if", "v-show") and _SHOWN.fullmatch(value)):
            return FRAGMENT
        if name.startswith("v-mark"):
            kind = next((each for each in _MARKS if each in name + value), "underline")
            return f' data-style="{_MARKS[kind]}"'
        if name in (":class", "v-bind:class"):
            return _classes(value, names, lost)
        if name == ":src" and (file := _FILE.fullmatch(value)):
            return f' src="/{file[1]}"'
        if not _DECORATION.fullmatch(name):
            lost.append(name)
        return ""

    head = re.match(r"<[a-zA-Z][\w:.-]*", tag)
    start = head.end() if head else 0
    plain = tag[:start] + _ATTRIBUTE.sub(kept, tag[start:])
    if names:
        own = re.search(r"""\sclass\s*=\s*(?:"([^"]*)"|'([^']*)')""", plain)
        names = [*((own[1] or own[2] or "").split() if own else []), *names]
        plain = plain[:start] + f' class="{" ".join(names)}"' + plain[start:].replace(own[0] if own else "\0", "")
    return plain.replace(" data-style=", " style=") if " style=" not in plain else plain, lost


def _classes(value: str, names: list[str], lost: list[str]) -> str:
    """The classes that an element has in the end go to `names`; it waits for a click if it is unseen before."""
    if found := _CLICKS.fullmatch(value):
        before, after = (found["a"], found["b"]) if found["sign"][0] == "<" else (found["b"], found["a"])
        if _UNSEEN.search(after):
            lost.append(":class")
        else:
            names += after.split()
            return FRAGMENT if _UNSEEN.search(before) else ""
    elif _NAMES.fullmatch(value):
        names += " ".join(re.findall(r"'([^']*)'", value)).split()
    else:
        lost.append(":class")
    return ""
