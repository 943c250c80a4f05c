"""A native talk's source as Markdown that the other tool can show, and what of it is lost on the way.

Where a layout has a place for it, a table of contents belongs, or a drawing of SVG stands, a sign stands in the text,
which `places` puts the thing itself for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from talkgen.outline.nesting import misfits
from talkgen.outline.schema import Slide
from talkgen.render.built_in import built_in
from talkgen.render.components import stand_in
from talkgen.render.expressions import UnknownValueError, evaluate, shown
from talkgen.render.foreign_styles import for_marp, for_slidev, is_whole, without_imports
from talkgen.render.grammar import read_markdown
from talkgen.render.icons import icon_sign, is_icon
from talkgen.render.loops import SPAN, written_out
from talkgen.render.places import FRAME, PLACE, SLOTS, VECTOR, sign
from talkgen.render.snippets import with_snippets
from talkgen.render.tags import KNOWN
from talkgen.render.utilities import styled
from talkgen.render.vue import FRAGMENT, passing, without_vue

_OWN = re.compile(
    rf"{SPAN}|(?P<comment><!--.*?(?:-->|\Z))|"
    r"<(?P<element>style|script)\b(?P<with>[^<>]*)>(?P<inside>.*?)(?:</(?P=element)\s*>|\Z)|"
    r"(?P<svg><svg\b[^<>]*>(?:(?!<svg\b).)*?</svg\s*>)|"
    r"""(?P<tag></?(?P<name>[a-zA-Z][\w:.-]*+)(?:[^<>"']|"[^"]*"|'[^']*')*+>)|"""
    r"(?P<slot>^::(?P<place>[a-zA-Z][\w-]*)::[ \t]*$)|(?P<snippet>^<<<[^\n]*$)|"
    r"(?P<behind>!\[bg\b[^\[\]\n]*+\]\([^()\n]*+\))|(?P<expression>\{\{.{0,2000}?\}\})",
    re.MULTILINE | re.DOTALL,
)
_START = re.compile(r"""<[a-zA-Z][\w:.-]*+(?:[^<>"']|"[^"]*"|'[^']*')*+>""")
_LIKE = {
    **dict.fromkeys("section article header footer main nav center address fieldset form pre".split(), "div"),
    **dict.fromkeys("button label font tt big nobr".split(), "span"),
}  # elements that show what is in them as these do
_SHOWN_AT_CLICKS = ("v-click", "v-clicks", "v-after", "v-click-gap", "vclick", "vclicks", "vafter", "vclickgap")
_MARP_SHOWS = ("track", "map", "area", "dialog", "iframe", "input", "svg")
_SHOWN = {  # what a setting of a slide is for; those that mean the same to both tools, or nothing, are left out
    "backgroundColor": "a background colour", "backgroundImage": "a background", "color": "a text colour",
    "backgroundSize": "a background's size", "backgroundPosition": "a background's place", "theme": "a theme",
    "image": "a layout's picture", "url": "a layout's page", "zoom": "a zoom",
    "component": "a layout's component", "style": "a style",
}  # fmt: skip
_SAY_NOTHING = frozenset(  # about what is to be seen of a slide of Slidev's that Marp shows
    "src title level name hide disabled hideInToc toc clicks clicksStart preload background class layout transition "
    "routeAlias mdc duration lineNumbers titleTemplate drawings highlighter info author favicon fonts download export "
    "addons css colorSchema routerMode aspectRatio canvasWidth themeConfig defaults presenter record remote selectable "
    "seoMeta keywords exportFilename htmlAttrs monaco monacoTypesSource codeCopy contextMenu browserExporter "
    "dragPos".split()
)
_MARPS = frozenset("paginate headingDivider math marp size style theme lang title description author image url".split())
_DEEPEST = 20
_OF_THE_THEME = ("theme", "color")  # on a slide of Slidev's these are nothing, or the theme's


@dataclass
class Foreign:
    """Source that was read: its Markdown, the styles of its slide, and what is lost, in words."""

    native: str
    places: Mapping[str, Any] = field(default_factory=dict)  # of elements, in the slide's settings
    values: Mapping[str, Any] = field(default_factory=dict)  # that names of the slide's set-up begin with
    read_file: Callable[[str], str | None] = lambda _: None  # the text of a file that a listing names
    lost: dict[str, None] = field(default_factory=dict)
    plain: dict[str, None] = field(default_factory=dict)  # components and places whose text is shown
    passing: dict[str, None] = field(default_factory=dict)  # what is done at single clicks, and is over then
    components: dict[str, None] = field(default_factory=dict)  # names of those whose name is shown
    styles: list[str] = field(default_factory=list)  # of the slide
    sheets: list[str] = field(default_factory=list)  # of all slides
    vectors: list[str] = field(default_factory=list)  # SVG, which the text has signs for
    frames: list[str] = field(default_factory=list)  # addresses of pages, which the text has signs for
    _shown: list[str] = field(default_factory=list)  # what elements shown at a click became
    _deep: int = 0  # in texts of elements that are shown as they stand

    def read(self, source: str) -> str:
        """The source without what only its own tool reads."""
        if self.native == "slidev":
            source = with_snippets(source, self.read_file)
        lines, parts, at = source.split("\n"), list[tuple[str, bool]](), 0
        for token in read_markdown(source):
            if token.type in ("fence", "code_block") and token.map and token.level == 0:
                parts.append(("\n".join(lines[at : token.map[0]]), True))
                parts.append(("\n".join(lines[token.map[0] : token.map[1]]), False))
                at = token.map[1]
        parts.append(("\n".join(lines[at:]), True))
        if self.native == "slidev":
            parts = [(written_out(part) if prose else part, prose) for part, prose in parts]
        text = "\n".join(
            self._cleaned([(_OWN.sub(self._kept, part) if prose else part, prose) for part, prose in parts])
        )
        return (_with_breaks(text) if self.native == "marp" else text).strip("\n")

    def _cleaned(self, parts: list[tuple[str, bool]]) -> Iterator[str]:
        """The parts; all tags go out of prose where they do not fit each other."""
        tags = (found["tag"] for part, prose in parts if prose for found in _OWN.finditer(part) if found["tag"])
        fit = not misfits("".join(tags))
        if not fit:
            self.lost["HTML whose tags do not fit each other"] = None
        for part, prose in parts:
            yield part if fit or not prose else _OWN.sub(lambda found: "" if found["tag"] else found[0], part)

    def _kept(self, found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        if found["tag"]:
            return self._tag(found)
        if found["svg"]:
            return self._vector(found[0])
        if found["element"]:
            return self._element(found)
        if found["slot"]:
            return self._slot(found["place"])
        if found["expression"]:
            return self._expression(found[0])
        if found["snippet"]:
            self.lost[f"a listing from a file, {found[0]}"] = None
        elif found["behind"]:
            self.lost["a picture behind the text"] = None
        elif found["comment"]:
            names = re.findall(r"^(?:<!--)?[^\S\n]*+_?([A-Za-z]++)\s*:", found["comment"], re.MULTILINE)
            self.lost |= {f"{_SHOWN[name]} (in a comment)": None for name in names if name in _SHOWN}
        return ""

    def _expression(self, source: str) -> str:
        """The value of an expression; its source, told, where the slide does not say it."""
        try:
            return escape(shown(evaluate(unescape(source[2:-2]), 0, self.values)), quote=False)
        except UnknownValueError:
            self.lost[f"the expression {source}"] = None
            return source

    def _tag(self, found: re.Match[str]) -> str:
        """A tag that a browser knows, as the other tool reads it."""
        name = found["name"].lower()
        if name.endswith(":"):  # an address between < and >
            return found[0]
        if self.native == "slidev" and name in _SHOWN_AT_CLICKS:
            return self._shown_at_a_click(found)
        if found["name"] == "Toc":
            return sign(PLACE, "toc") if not found[0].startswith("</") else ""
        if found["name"] in ("iframe", "Youtube"):
            return self._frame(found[0])
        if self.native == "slidev" and (icon := icon_sign(found["name"])):
            return icon if not found[0].startswith("</") else ""
        if self.native == "slidev" and (html := built_in(found[0], found["name"])):
            return self._built_in(html, found)
        like = _LIKE.get(found["name"])
        if like or (found["name"].lower() in KNOWN and found["name"] == found["name"].lower()):
            return self._known(found, re.sub(r"(?<=[</])[a-z][a-z0-9]*", like or found["name"], found[0], count=1))
        if self.native == "marp" and name not in _MARP_SHOWS:  # which Marp shows as text
            return f"&lt;{found[0][1:]}"
        return self._component(found)

    def _built_in(self, html: str, found: re.Match[str]) -> str:
        """What stands for a component of Slidev's own: an arrow is a drawing over the slide."""
        if html.startswith("</"):
            return html
        if not html.startswith("<svg"):
            return self._known(found, html)
        self.vectors.append(html)
        waits = FRAGMENT if re.search(r"\sv-(click|after)\b", found[0]) else ""
        drawing = sign(VECTOR, str(len(self.vectors) - 1))
        return f'<span style="position:absolute;left:0;top:0"{waits}>{drawing}</span>'

    def _component(self, found: re.Match[str]) -> str:
        """What is shown of a component: the text that it holds, or something in its place."""
        name, tag = found["name"], found[0]
        if not tag.endswith("/>") and f"</{name}" in found.string:
            self.plain[f"<{name}>"] = None
            return " " if tag.startswith("</template") else ""  # the texts of two slots are two
        if tag.startswith("</"):
            return ""
        if self.native == "slidev" and not is_icon(name):
            html, says_all = stand_in(name, tag, alone=_is_alone(found))
            if not says_all:
                self.components[name] = None
            return html
        self.lost[f"<{name}>"] = None
        return ""

    def _known(self, found: re.Match[str], tag: str) -> str:
        """A tag of HTML's, which stands for what was found."""
        if tag.startswith("</"):
            return tag
        if over := ", ".join(passing(tag)):
            self.passing[f"<{found['name']}> ({over})"] = None
        tag, lost = without_vue(tag, self.places)
        if lost:
            self.lost[f"what Vue does with <{found['name']}> ({', '.join(lost)})"] = None
        return styled(tag) if self.native == "slidev" else tag

    def _shown_at_a_click(self, found: re.Match[str]) -> str:
        """An element that waits for a click: a block where it stands on a line alone, else a part of a text."""
        if found[0].endswith("/>"):
            return ""
        if found[0].startswith("</"):
            name = self._shown.pop() if self._shown else "div"
            return f"\n\n</{name}>\n\n" if name == "div" else f"</{name}>"
        is_block = _is_alone(found)
        self._shown.append("div" if is_block else "span")
        return f'\n\n<div class="tg-reveal"{FRAGMENT}>\n\n' if is_block else f"<span{FRAGMENT}>"

    def _element(self, found: re.Match[str]) -> str:
        """A style of its own, for its slide or for all; scripts are never run."""
        inside = found["inside"]
        if self.native == "marp" and not _is_block(found):  # Marp shows the tag, and what is in it
            return self._as_it_stands(found[0])
        if found["element"] == "style" and "lang" not in found["with"] and is_whole(inside):
            css, imports = without_imports(inside)
            self.lost |= {f"a style sheet of its own ({each})": None for each in imports}
            written = for_marp(css) if self.native == "slidev" else for_slidev(css)
            if written is not None:
                is_of_all = self.native == "marp" and "scoped" not in found["with"]
                (self.sheets if is_of_all else self.styles).extend([written] if written else [])
                return ""
        if "setup" not in found["with"]:  # what a set-up does is seen where it is used
            self.lost[f"a {found['element']} of its own"] = None
        return ""

    def _as_it_stands(self, element: str) -> str:
        """An element as text, what is in it read; of many in each other the innermost are text, too."""
        if self._deep == _DEEPEST:
            return element.replace("<", "&lt;")
        self._deep += 1
        text = f"&lt;{_OWN.sub(self._kept, element[1:])}"
        self._deep -= 1
        return text

    def _vector(self, source: str) -> str:
        """A drawing of SVG, which becomes a file."""
        found = {name for tag in _START.findall(source) for name in without_vue(tag)[1]}
        if found or "{{" in source:
            self.lost["what Vue does with <svg>"] = None
        self.vectors.append(_START.sub(lambda tag: without_vue(tag[0])[0], source))
        return sign(VECTOR, str(len(self.vectors) - 1))

    def _frame(self, tag: str) -> str:
        """A page in a frame."""
        named = re.search(r"""\s(src|id)=(?:"([^"]*)"|'([^']*)')""", tag)
        address = (named[2] or named[3]) if named else ""
        if named and named[1] == "id":
            address = f"https://www.youtube.com/embed/{address}"
        if not address.startswith(("https://", "http://")):
            if not tag.startswith("</"):
                self.lost["a page in a frame"] = None
            return ""
        self.frames.append(address)
        return f"\n\n{sign(FRAME, str(len(self.frames) - 1))}\n\n"

    def _slot(self, name: str) -> str:
        if self.native != "slidev":
            return ""
        if name not in SLOTS:
            self.plain[f"the place ::{name}:: of a layout"] = None
        return f"\n\n{sign(PLACE, name)}\n\n"


def _is_block(found: re.Match[str]) -> bool:
    """Whether a style or a script begins its line, and ends."""
    before = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    return not before.strip() and bool(re.search(r"</\w+\s*>\Z", found[0]))


def _is_alone(found: re.Match[str]) -> bool:
    """Whether nothing else stands on the lines of what was found."""
    before = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    return not before.strip() and not found.string[found.end() :].split("\n", 1)[0].strip()


def _with_breaks(source: str) -> str:
    """Markdown in which a line ends where Marp ends one: elsewhere the end of a line is a space."""
    lines = source.split("\n")
    for token in read_markdown(source):
        if token.type == "inline" and token.map and token.children:
            start, end = token.map
            breaks = [child.type for child in token.children if child.type in ("softbreak", "hardbreak")]
            if len(breaks) == end - start - 1:  # else a line ends within code
                for at, kind in enumerate(breaks, start):
                    lines[at] += "\\" if kind == "softbreak" else ""
    return "\n".join(lines)


def settings_lost(slide: Slide, native: str) -> Iterator[str]:
    """What the settings that `native` alone reads do on a slide, in words."""
    settings: Mapping[str, Any] = slide.directives if native == "marp" else slide.frontmatter
    for name, value in settings.items():
        words = _SHOWN.get(name.removeprefix("_"))
        is_nothing = name in _OF_THE_THEME or (name == "style" and ":" not in str(value))
        if words and not (native == "slidev" and is_nothing):
            yield f"{words} ({name}: {value})"


def settings_unknown(slide: Slide, native: str) -> Iterator[str]:
    """The settings that a layout or a component of the author's may read."""
    known = _SAY_NOTHING | _SHOWN.keys() if native == "slidev" else _MARPS
    settings: Mapping[str, Any] = slide.directives if native == "marp" else slide.frontmatter
    yield from (name for name in settings if name.removeprefix("_") not in known)
